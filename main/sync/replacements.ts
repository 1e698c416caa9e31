import { hash } from 'node:crypto';
import {
  type DestinationChange,
  destinationChanges,
  destinationOf,
  secretsOf,
} from '../credentials/destination.ts';
import type { Digest, Digester } from '../credentials/digest.ts';
import type { Entry } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField, splitField } from '../credentials/fields.ts';
import { fieldName, isUsable } from '../credentials/serverState.ts';
import { calledMission } from '../missions/mission.ts';
import type { Alerts } from './alerts.ts';
import type { Replacement } from './outcome.ts';
import type { PlannedMission } from './plan.ts';

/** Of one value, which a mission may fill with thousands of addresses, under names of any length. */
const MOST_TOLD = 8;
const LONGEST_NAME = 100;
/** Replacements that a refusal may still concern; a mission can make hundreds a second. */
const MOST_REMEMBERED = 2_000;
/** Of one mission: whoever replaces more than these has made most of them up. */
const MOST_OPEN = 200;

/** Usable sign-ins that were replaced for everybody, and the way back to them. */
export interface Replacements {
  /** One took the place of another. Told at once where it was made at another authorization server. */
  note(replacement: Replacement, missionName: string): void;
  /** A server refused the sign-in with this digest: told if it took the place of another. */
  refused(field: FieldId, digest: Digest | null): void;
  /** What an alert of kind `replaced` is about. */
  byAlert(alertId: string): Replacement | undefined;
}

interface LastReplacement {
  readonly replacement: Replacement;
  readonly from: string;
  isTold: boolean;
}

/** The usable sign-ins of the global entry that a plan replaces by a mission's. @param now ms since the epoch */
export function replacementsOf(
  before: Entry | null,
  after: Entry | null,
  missions: readonly Pick<PlannedMission, 'id' | 'up'>[],
  digester: Digester,
  now: number,
): Replacement[] {
  const [old, fresh] = [fieldsOf(before), fieldsOf(after)];
  const found = new Map<FieldId, Replacement>();
  for (const { id: missionId, up } of missions) {
    for (const field of up) {
      const [former, latter] = [old.get(field), fresh.get(field)];
      if (!isServerField(field) || former === undefined || latter === undefined) continue;
      if (former === latter) continue;
      if (!isUsable(field, former, now) || !isUsable(field, latter, now)) continue;
      found.set(field, {
        missionId,
        field,
        name: fieldName(field, latter),
        former: digester.field(field, former),
        latter: digester.field(field, latter),
        changes: isSameSignIn(before, after, field)
          ? []
          : destinationChanges(destinationOf(former), destinationOf(latter)),
      });
    }
  }
  return [...found.values()];
}

/** The same tokens at another address came there by the user's own word. */
function isSameSignIn(before: Entry | null, after: Entry | null, field: FieldId): boolean {
  const { key } = splitField(field);
  const former = secretsOf(before, key).tokens;
  return secretsOf(after, key).tokens.some((token) => former.includes(token));
}

export function createReplacements(alerts: Pick<Alerts, 'happened' | 'get'>): Replacements {
  /** The last of each field, and whether it was told that it was refused. */
  const last = new Map<FieldId, LastReplacement>();
  const told = new Map<string, Replacement>();

  function tell(replacement: Replacement, from: string, message: string): void {
    const { missionId, name, field } = replacement;
    const about = { kind: 'replaced', missionId } as const;
    const id = `replaced-${hash('sha256', field).slice(0, 12)}`;
    // While nobody has answered, the way back leads to the one before the first of them.
    const first = alerts.get(id) === undefined ? undefined : told.get(id);
    for (const each of told.keys()) if (alerts.get(each) === undefined) told.delete(each);
    const ofIts = [...told.values()].filter((each) => each.missionId === missionId).length;
    if (first === undefined && ofIts >= MOST_OPEN) {
      const called = calledMission({ id: missionId, name: from });
      const flood = `Mission ${called} has replaced more than ${MOST_OPEN} sign-ins of all others: those after them are not listed one by one. The journal keeps what they replaced for 30 days ("agenc-bar journal ls"). Look at what runs in that mission, and stop it; then "dismiss" this.`;
      alerts.happened({ ...about, id: `replaced-many-${missionId}`, servers: [], message: flood });
      return;
    }
    told.set(id, { ...replacement, former: (first ?? replacement).former });
    alerts.happened({ ...about, id, servers: [name], message });
  }

  return {
    note(noted, from) {
      const { field, name, changes } = noted;
      // What a mission puts in the place of its own leads back to the one that it replaced first.
      const before = last.get(field)?.replacement;
      const isOwn = before?.missionId === noted.missionId && before.latter === noted.former;
      const replacement = isOwn ? { ...noted, former: before.former } : noted;
      last.delete(field);
      last.set(field, { replacement: { ...replacement, changes: [] }, from, isTold: false });
      const [oldest] = last.keys();
      if (last.size > MOST_REMEMBERED && oldest !== undefined) last.delete(oldest);
      if (changes.length === 0) return;
      const called = calledMission({ id: noted.missionId, name: from });
      tell(
        replacement,
        from,
        `Mission ${called} signed in to "${name}" anew, for everybody, and elsewhere than before: ${changesText(changes)}. Its tokens will be renewed there. If that was not you, resolve this alert with "former" (put the former sign-in back everywhere); else with "dismiss".`,
      );
    },

    refused(field, digest) {
      const entry = last.get(field);
      if (entry === undefined || entry.isTold || entry.replacement.latter !== digest) return;
      const { replacement, from } = entry;
      entry.isTold = true;
      const called = calledMission({ id: replacement.missionId, name: from });
      tell(
        replacement,
        from,
        `The sign-in to "${replacement.name}" that came from mission ${called} was refused by the server, and it had taken the place of a usable one. Resolve this alert with "former" (put that one back everywhere) or, once you have signed in anew, with "dismiss".`,
      );
    },

    byAlert: (alertId) => told.get(alertId),
  };
}

/** Whether {@link changesText} says all. */
export function isShort(changes: readonly DestinationChange[]): boolean {
  return changes.length <= MOST_TOLD;
}

/** What is different, in words: addresses only, no secrets. */
export function changesText(changes: readonly DestinationChange[]): string {
  const more = changes.length > MOST_TOLD ? ` and ${changes.length - MOST_TOLD} more` : '';
  return changes.slice(0, MOST_TOLD).map(changeText).join('; ') + more;
}

function changeText({ what, from, to }: DestinationChange): string {
  const name = what.slice(0, LONGEST_NAME);
  if (to === null) return name;
  return from === null ? `${name}: ${to} (new)` : `${name}: ${to} instead of ${from}`;
}
