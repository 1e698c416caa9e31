import { hash } from 'node:crypto';
import type { Digester } from '../credentials/digest.ts';
import type { Entry, Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField } from '../credentials/fields.ts';
import { fieldName, looksRefreshed } from '../credentials/serverState.ts';
import type { JournalValue } from '../journal/journal.ts';
import type { Bringers, Change } from './bringers.ts';
import type { LoadedEntry } from './entryView.ts';
import type { Plan } from './plan.ts';
import { contentOf, type Reading } from './reader.ts';

/** Field ids whose value differs. Untouched values are the very same objects, so this compares references. */
export function changedFields(before: Entry | null, after: Entry | null): FieldId[] {
  if (before === after) return [];
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id));
}

/** What the journal must hold before a plan is carried out: every value that it replaces or removes. */
export function goingValues(
  { global, missions }: Reading,
  plan: Plan,
  digester: Digester,
  bringers: Bringers,
): JournalValue[] {
  const planned = new Map(plan.missions.map((mission) => [mission.id, mission]));
  const ups = broughtIn(plan);
  // A refresh replaces the same old value everywhere: once is enough.
  const once = new Map<string, JournalValue>();
  for (const value of goingFrom(global, plan.global, null, digester)) {
    const by = bringers.of(value.field as FieldId, value.digest);
    const replacedBy = ups.get(value.field as FieldId) ?? null;
    const rewritten = by !== null && by === replacedBy;
    once.set(placeOf(value), { ...value, by, replacedBy, ...(rewritten && { rewritten }) });
  }
  for (const { target, loaded } of missions) {
    const mission = planned.get(target.mission.id);
    if (mission === undefined) continue;
    for (const value of goingFrom(loaded, mission.entry, mission.id, digester)) {
      const field = value.field as FieldId;
      const known = once.get(placeOf(value));
      // What one mission alone holds it may have made up, unless it has that from all.
      const by = known === undefined ? (bringers.of(field, value.digest) ?? mission.id) : known.by;
      const replacedBy = ups.get(field) ?? null;
      const rewritten = known?.rewritten === true;
      once.set(placeOf(value), {
        ...value,
        replacedBy,
        ...(by != null && { by }),
        ...(rewritten && { rewritten }),
      });
    }
  }
  return [...once.values()];
}

/** What a plan changes in the global entry, for who brought it. */
export function globalChanges({ global }: Reading, plan: Plan, digester: Digester): Change[] {
  if (global.status === 'malformed') return [];
  const { entry: before } = contentOf(global);
  const [old, fresh] = [fieldsOf(before), fieldsOf(plan.global)];
  const ups = broughtIn(plan);
  return changedFields(before, plan.global).map((field) => {
    const [former, latter] = [old.get(field), fresh.get(field)];
    return {
      field,
      former: former === undefined ? null : digester.field(field, former),
      latter: latter === undefined ? null : digester.field(field, latter),
      from: ups.get(field) ?? null,
      isRefresh:
        former !== undefined &&
        latter !== undefined &&
        isServerField(field) &&
        looksRefreshed(former, latter),
    };
  });
}

/** The mission that each field of the global entry comes from. */
function broughtIn(plan: Plan): ReadonlyMap<FieldId, string> {
  return new Map(plan.missions.flatMap(({ id, up }) => up.map((field) => [field, id])));
}

function placeOf({ field, digest }: JournalValue): string {
  return `${digest} ${field}`;
}

function goingFrom(
  loaded: LoadedEntry,
  after: Entry | null,
  missionId: string | null,
  digester: Digester,
): JournalValue[] {
  if (loaded.status === 'malformed') return [goingText(loaded.text, missionId)];
  const { entry: before } = contentOf(loaded);
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return changedFields(before, after).flatMap((id) => {
    const value = old.get(id);
    if (value === undefined) return [];
    const next = now.get(id);
    const isRefresh = next !== undefined && isServerField(id) && looksRefreshed(value, next);
    const reason = isRefresh ? 'refreshed' : next === undefined ? 'removed' : 'replaced';
    return [
      {
        field: id,
        name: fieldName(id, value),
        digest: digester.field(id, value),
        value,
        reason,
        missionId,
      },
    ];
  });
}

/** The journal's name for the raw text of an entry that could not be read and is overwritten on the user's word. */
export const UNREADABLE_FIELD = '';

/** The raw text of an unreadable entry: a truncated one may hold the only copy of a token. */
function goingText(text: string, missionId: string | null): JournalValue {
  return {
    field: UNREADABLE_FIELD,
    name: 'unreadable entry',
    digest: hash('sha256', text),
    value: text satisfies Json,
    reason: 'replaced',
    missionId,
  };
}
