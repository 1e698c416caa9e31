import { calledMission, entryRef, type Mission } from '../missions/mission.ts';
import type { CredentialStore, EntryRef, Unavailable } from '../stores/store.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { digestOfAll, type Tampering } from '../trust/judge.ts';
import type { Alerts } from './alerts.ts';
import { roomAlert, tooLargeText } from './largeAlert.ts';
import {
  type InspectedMission,
  type Inspection,
  type MissionOutcome,
  nameList,
  type ReconcileOutcome,
  SOME,
  troubleKinds,
} from './outcome.ts';
import { changesText, isShort } from './replacements.ts';
import { stormAlert } from './stormAlert.ts';
import { ALL_OF_IT } from './wipe.ts';

type GlobalFinding = Pick<ReconcileOutcome, 'blocked' | 'troubles'> & {
  readonly global: Inspection['global'];
};
type MissionFinding = Pick<
  MissionOutcome,
  'view' | 'held' | 'heldDigest' | 'conflicts' | 'status' | 'tampered' | 'oversized' | 'refused'
>;

/** Turns what a look found into alerts: raised while a cause lasts, cleared when it is gone. */
export interface Reporter {
  global(finding: GlobalFinding): void;
  /** @param stuck the global entry could not be merged with, so the finding says little */
  mission(mission: Mission, finding: MissionFinding, stuck: boolean): void;
  /** Something changes all the time (`goesOn`), or has come to rest. @param id a mission's; `''`: the global entry's */
  storm(id: string, goesOn: boolean): void;
}

/** The alerts of a look that wrote nothing. */
export function reportInspection(
  reporter: Reporter,
  global: Inspection['global'],
  missions: readonly (readonly [Mission, InspectedMission])[],
): void {
  const blocked = global.view.status === 'unavailable' ? global.view : null;
  reporter.global({ global, blocked, troubles: [] });
  for (const [mission, { inSync: _, ...found }] of missions) {
    const finding = { ...found, conflicts: [], status: 'done' } as const;
    reporter.mission(mission, finding, blocked !== null);
  }
}

const WIPE_ANSWERS = 'Resolve this alert with "restore" or "remove".';

/**
 * @param patienceMs how long a wipe must last to be told: whoever overwrites an entry in its place leaves half of it there
 *   for a moment
 */
export function createReporter(
  alerts: Alerts,
  store: CredentialStore,
  globalRef: EntryRef,
  patienceMs: number,
): Reporter {
  /** @param digest names what is missing: whoever answers means what they read, and more may vanish meanwhile */
  function wipe(
    missionId: string | null,
    told: { readonly digest: string; readonly servers: readonly string[]; message: string } | null,
  ): void {
    const alert = told && {
      id: `wipe-${missionId ?? 'global'}-${told.digest}`,
      servers: told.servers,
      message: told.message,
    };
    alerts.setOnly('wipe', missionId, alert, patienceMs);
  }

  function tampering(missionId: string | null, who: string, found: readonly Tampering[]): void {
    if (found.length === 0) {
      alerts.setOnly('tampering', missionId, null);
      return;
    }
    const more = found.length > SOME ? ` · and ${found.length - SOME} more servers` : '';
    const what = found
      .slice(0, SOME)
      .map(({ name, changes }) => `"${name}": ${changesText(changes)}`)
      .join(' · ');
    const accept = isShownInFull(found)
      ? ' or, if you know that the new address is right, with "accept"'
      : '; to be accepted, it must be so little that all of it can be shown here';
    const message = `${who} would send known sign-ins elsewhere than where they were issued (${what}${more}). They are neither carried nor used. Resolve this alert with "keep" (put back what the others have)${accept}.`;
    const servers = found.map(({ name }) => name);
    // Whoever answers names what was read: a mission may write other addresses meanwhile.
    const id = `tampering-${missionId ?? 'global'}-${digestOfAll(found)}`;
    alerts.setOnly('tampering', missionId, { id, servers, message });
  }

  return {
    global({ global, blocked, troubles }) {
      const about = { missionId: null, servers: global.held };
      const place = store.describe(globalRef);
      alerts.set(
        'unavailable-global',
        blocked && { ...about, ...unavailableAlert('The global entry', blocked) },
      );

      for (const kind of troubleKinds) {
        const trouble = troubles.find((each) => each.kind === kind);
        alerts.setOwn(`trouble-${kind}`, kind, trouble?.message ?? null);
      }

      if (global.view.status === 'malformed') {
        const message = `The global entry (${place}) is ${global.view.reason}; nothing is synced until it is well again. Mend it, or resolve this alert with "restore" (write it anew from the missions) or "remove" (sign out everywhere).`;
        wipe(null, { digest: ALL_OF_IT, servers: [], message });
      } else if (global.held.length > 0) {
        const message = `${nameList(global.held)} vanished from the global entry (${place}) in a way no logout does; missions that have them keep them. ${WIPE_ANSWERS}`;
        wipe(null, { digest: global.heldDigest, servers: global.held, message });
      } else if (blocked === null) wipe(null, null);
      if (blocked === null && global.view.status === 'found')
        tampering(null, 'The global entry', global.tampered);
    },

    mission(mission, finding, stuck) {
      const { view, status, held, heldDigest, conflicts, tampered, oversized, refused } = finding;
      const { id } = mission;
      const called = calledMission(mission);
      const about = { missionId: id, servers: held };
      const what = `The entry of mission ${called}`;
      alerts.set(
        `unavailable-${id}`,
        view.status === 'unavailable'
          ? { ...about, ...unavailableAlert(what, view), ...(isOdd(view) && { kind: 'hostile' }) }
          : null,
      );
      if (view.status === 'malformed') {
        const message = `${what} (${store.describe(entryRef(mission))}) is ${view.reason}; it is left alone, and nothing is removed elsewhere. Mend it, or resolve this alert with "restore" (write it anew from the global entry) or "remove" (sign out everywhere).`;
        wipe(id, { digest: ALL_OF_IT, servers: [], message });
      } else if (held.length > 0) {
        const message = `${nameList(held)} vanished from mission ${called} in a way no logout does; all others keep them. ${WIPE_ANSWERS}`;
        wipe(id, { digest: heldDigest, servers: held, message });
      } else if (status === 'done' && !stuck) wipe(id, null);

      if (status === 'done' && !stuck) tampering(id, `Mission ${called}`, tampered);
      if (status === 'done' && !stuck) {
        const message = tooLargeText(mission, oversized);
        const text = { missionId: id, servers: oversized, kind: 'hostile' as const };
        alerts.set(`large-${id}`, message === null ? null : { ...text, message });
        alerts.set(`full-${id}`, refused && roomAlert(mission, refused));
      }

      if (conflicts.length > 0) {
        const message = `Mission ${called} and the global entry had both changed ${nameList(conflicts)}; one sign-in won everywhere, the other is in the journal.`;
        alerts.happened({
          id: `conflict-${id}`,
          missionId: id,
          servers: conflicts,
          kind: 'conflict',
          message,
        });
      }
    },

    storm(id, goesOn) {
      const [alertId, who] = id === '' ? ['global', 'The global entry'] : [id, `Mission "${id}"`];
      const what = 'changes many times a second';
      const how = ': its entry is rewritten, or its lock taken, again and again';
      alerts.set(`busy-${alertId}`, goesOn ? stormAlert(id || null, `${who} ${what}`, how) : null);
    },
  };
}

/** The error of a command that a store's state made impossible. */
export function unavailableError(what: string, why: Unavailable): UserError {
  return new UserError(unavailableAlert(what, why).message, ExitCode.unavailable);
}

/** No client makes such an entry. */
function isOdd({ reason }: Unavailable): boolean {
  return reason === 'link' || reason === 'too-large';
}

function unavailableAlert(what: string, why: Unavailable) {
  const message = `${what} is unavailable (${why.reason}): ${why.detail}. ${NEXT_STEPS[why.reason]}`;
  return { kind: 'unavailable' as const, message };
}

const NEXT_STEPS: Readonly<Record<Unavailable['reason'], string>> = {
  locked: 'Unlock the keychain; syncing then goes on by itself.',
  denied: 'Allow access to it; syncing then goes on by itself.',
  'read-only': 'Make it writable; syncing then goes on by itself.',
  full: 'Free some space; syncing then goes on by itself.',
  link: 'What lies elsewhere is neither read nor written. Remove the link, or put the folder itself in its place: the mission then has an entry of its own. To keep missions on another disk, link the whole missions folder; to have another config directory kept in step, attach it.',
  busy: 'It is tried again by itself; if that lasts, "agenc-bar doctor" looks for a leftover lock.',
  timeout: 'It is tried again by itself.',
  missing: 'Bring it back, or choose another store in the settings.',
  overflow:
    'It is neither read nor written, so that nothing is lost in there, and is not kept in step meanwhile. With fewer servers in it, it fits into one item again.',
  'too-large': 'Look into it; no real entry is that large. It is left alone.',
  failed: 'It is tried again by itself; "agenc-bar doctor" may know more.',
};

/** Whether an alert can show all of it: only then can it be accepted. */
export function isShownInFull(found: readonly Tampering[]): boolean {
  return found.length <= SOME && found.every(({ changes }) => isShort(changes));
}
