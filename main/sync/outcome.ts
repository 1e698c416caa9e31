import type { DestinationChange } from '../credentials/destination.ts';
import type { Digest } from '../credentials/digest.ts';
import type { Entry, Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf } from '../credentials/fields.ts';
import { fieldName } from '../credentials/serverState.ts';
import type { Mission } from '../missions/mission.ts';
import type { Unavailable } from '../stores/store.ts';
import type { Tampering } from '../trust/judge.ts';
import type { EntryView } from './entryView.ts';
import type { PlannedMission } from './plan.ts';
import type { WipeVerdict } from './wipe.ts';

/**
 * The answer to tampering: put back what the others have, or take the new addresses for right, if they are
 * still those that were shown.
 */
export type TamperingAnswer = 'keep' | { readonly accept: string };

export interface Target {
  readonly mission: Mission;
  /**
   * `clone`: at its spawn; `write-back`: at its end; `share`: at its spawn on the shared store, where its
   * own entry is looked at for the last time. Otherwise it just runs.
   */
  readonly phase?: 'clone' | 'write-back' | 'share';
  readonly answer?: WipeVerdict;
  readonly tampering?: TamperingAnswer;
}

export interface ReconcileRequest {
  readonly targets: readonly Target[];
  /** Who else is reconciled if the global entry changes: all others that run. */
  readonly others?: () => readonly Target[];
  /** Force resync: heal unusable fields from usable ones. */
  readonly heal?: boolean;
  readonly globalAnswer?: WipeVerdict;
  readonly globalTampering?: TamperingAnswer;
  /** Values to put into the global entry first, by what it holds: a restore from the journal, a refresh. */
  readonly edits?: (global: Entry | null) => ReadonlyMap<FieldId, Json>;
  /** When the change was noticed (monotonic ms), for the reported duration. */
  readonly noticedAt?: number;
}

export interface MissionOutcome {
  /**
   * - `moved`: the entry was rewritten under our hands; look again.
   * - `busy`: somebody keeps the lock of what is to be written, its own entry or the global one; try again.
   */
  readonly status: 'done' | 'moved' | 'busy' | 'malformed' | 'unavailable';
  readonly view: EntryView;
  readonly stamp: string | null;
  /** Names of what went up from it, came down to it, or vanished and waits for the user's answer. */
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly held: readonly string[];
  /** Which fields these are, as `wipeDigest` says. */
  readonly heldDigest: string;
  readonly conflicts: readonly string[];
  /** Servers whose known secrets it would have sent elsewhere: left alone. */
  readonly tampered: readonly Tampering[];
  /** Names of what is too large to be carried. */
  readonly oversized: readonly string[];
  readonly refused: Refused | null;
  /** From noticing the change to the verified write; `null`: nothing was written. */
  readonly durationMs: number | null;
}

/** What was not carried for want of room, for people. */
export interface Refused {
  /** Names of what did not go up. */
  readonly names: readonly string[];
  /** Nothing came down: the mission's own entry would be too large. */
  readonly isOverfull: boolean;
  /** What takes the most room in the global entry, and the id of the mission that brought it. */
  readonly largest: readonly {
    readonly name: string;
    readonly kilobytes: number;
    readonly by: string | null;
  }[];
}

/** What could not be done beside the entries, for people. */
export interface Trouble {
  readonly kind: (typeof troubleKinds)[number];
  readonly message: string;
}
/** `note`: a client's needs-auth note stays. */
export const troubleKinds = ['broadcast', 'note'] as const;

export interface ReconcileOutcome {
  readonly global: {
    readonly view: EntryView;
    readonly stamp: string | null;
    readonly changed: boolean;
    readonly held: readonly string[];
    readonly heldDigest: string;
    readonly tampered: readonly Tampering[];
    /** As a mission's. */
    readonly durationMs: number | null;
  };
  /** Usable sign-ins in the global entry that a mission's took the place of. */
  readonly replacements: readonly Replacement[];
  /** All that were looked at: those asked for, and the others if the global entry changed. */
  readonly targets: readonly Target[];
  /**
   * Why the global entry could not be used, if so. Nothing is lost by it: look again later. `busy`: whoever
   * needs it written is `busy` as well; for all others the rest was done.
   */
  readonly blocked: Unavailable | null;
  readonly troubles: readonly Trouble[];
  /** The answer to a wipe was carried out: what is missing was still what that was about. */
  readonly answered: boolean;
  readonly missions: ReadonlyMap<string, MissionOutcome>;
}

/** A usable sign-in of all that gave way to one that came from a mission. No secrets. */
export interface Replacement {
  readonly missionId: string;
  readonly field: FieldId;
  readonly name: string;
  /** Digests of the values before and after. */
  readonly former: Digest;
  readonly latter: Digest;
  /** Where its secrets go, if elsewhere than those of the former. */
  readonly changes: readonly DestinationChange[];
}

/** A value that was put in the place of another, in the global entry and from there everywhere. Secret. */
export interface Replaced {
  readonly from: Json | undefined;
  readonly to: Json;
  /** Who has it after how many ms; `null`: the global entry. */
  readonly receivers: readonly { readonly missionId: string | null; readonly durationMs: number }[];
}

export interface InspectedMission {
  readonly view: EntryView;
  readonly inSync: boolean;
  readonly held: readonly string[];
  readonly heldDigest: string;
  readonly tampered: readonly Tampering[];
  readonly oversized: readonly string[];
  readonly refused: Refused | null;
}

export interface Inspection {
  readonly global: Pick<InspectedMission, 'view' | 'held' | 'heldDigest' | 'tampered'>;
  readonly missions: ReadonlyMap<string, InspectedMission>;
}

/** The names people know fields by, from the first of some entries that has them. */
export function namesOf(ids: Iterable<FieldId>, ...entries: readonly (Entry | null)[]): string[] {
  const fields = entries.map(fieldsOf);
  return [...ids].map((id) => fieldName(id, fields.find((map) => map.has(id))?.get(id)));
}

/** How many names or servers an alert lists at most. */
export const SOME = 5;

/** For people. @param most how many are listed */
export function nameList(names: readonly string[], most = Number.POSITIVE_INFINITY): string {
  const listed = names.slice(0, most).map((name) => `"${name}"`);
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return listed.join(', ') + more;
}

/** @param entries in which the names are looked up, the mission's own first */
export function refusedOf(
  { refusal }: Pick<PlannedMission, 'refusal'>,
  ...entries: readonly (Entry | null)[]
): Refused | null {
  if (refusal === null) return null;
  const { fields, isOverfull, largest } = refusal;
  return {
    names: namesOf(fields, ...entries),
    isOverfull,
    largest: largest.map(({ id, length, by }) => ({
      name: namesOf([id], ...entries)[0] ?? id,
      kilobytes: Math.ceil(length / 1024),
      by,
    })),
  };
}
