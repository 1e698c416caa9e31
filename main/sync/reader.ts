import { fieldsOfServer } from '../credentials/destination.ts';
import type { Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry, type Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField, splitField } from '../credentials/fields.ts';
import { isUsable } from '../credentials/serverState.ts';
import { entryRef, type Mission } from '../missions/mission.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import { digestOfAll, type Tampering } from '../trust/judge.ts';
import { GLOBAL_PLACE } from '../trust/signIn.ts';
import { type MadePlan, planWithAnswers } from './answeredPlan.ts';
import { createParser, type LoadedEntry, loadEntry } from './entryView.ts';
import type { Lately } from './lately.ts';
import type { GlobalRecord, LineageStore, MissionRecord } from './lineage.ts';
import type { ReconcileRequest, TamperingAnswer, Target } from './outcome.ts';
import type { Distrusted, PlanMission } from './plan.ts';
import { isShownInFull } from './report.ts';
import { isStillAbout, type WipeVerdict } from './wipe.ts';

export interface ReaderDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly lineage: LineageStore;
  readonly destinations: DestinationBook;
  readonly carryLogin: () => { always: boolean; atClone: boolean };
  readonly clock: Pick<Clock, 'now'>;
  readonly lately: Lately;
}

export interface LoadedMission {
  readonly target: Target;
  readonly loaded: LoadedEntry;
}

/** The entries of one look, with their secrets. */
export interface Reading {
  readonly global: LoadedEntry;
  readonly missions: readonly LoadedMission[];
}

/** The reading half of a reconcile: loads entries and works out what is to be done. Writes nothing. */
export interface Reader {
  read(targets: readonly Target[]): Promise<Reading>;
  /** The same reading with more missions in it. */
  readMore(reading: Reading, targets: readonly Target[]): Promise<Reading>;
  /**
   * An answer to a wipe that is about something else by now is as good as none.
   * @returns `null` where the global entry cannot be merged with
   */
  plan(reading: Reading, request: ReconcileRequest): MadePlan | null;
  /** Servers of an entry that are left alone. @param missionId `null`: the global entry */
  tampered(entry: Entry | null, missionId: string | null): readonly Tampering[];
  missionRecord(mission: Mission): MissionRecord;
  globalRecord(): GlobalRecord;
}

/** How a mission's entry is called in the book of destinations. */
export function placeOfMission(id: string): string {
  return `mission ${id}`;
}

export function createReader(deps: ReaderDeps, digester: Digester): Reader {
  const { store, lineage, destinations, clock, lately } = deps;
  const parse = createParser();
  const missionRecord = (mission: Mission) =>
    lineage.mission(mission.id, placeOf(store, entryRef(mission)));
  const globalRecord = () => lineage.global(placeOf(store, deps.global));

  function loadMissions(targets: readonly Target[]): Promise<LoadedMission[]> {
    return Promise.all(
      targets.map(async (target) => ({
        target,
        loaded: await loadEntry(store, entryRef(target.mission), parse),
      })),
    );
  }

  function tampered(entry: Entry | null, missionId: string | null): readonly Tampering[] {
    const place = missionId === null ? GLOBAL_PLACE : placeOfMission(missionId);
    return destinations.look(entry, place).filter(({ changes }) => changes.length > 0);
  }

  function distrusted(
    loaded: LoadedEntry,
    place: string,
    answer: TamperingAnswer | undefined,
    isBetter: (id: FieldId, found: Tampering) => boolean,
  ): Distrusted {
    const { entry } = contentOf(loaded);
    if (typeof answer === 'object') {
      const asked = destinations.look(entry, place).filter(({ changes }) => changes.length > 0);
      if (isShownInFull(asked) && digestOfAll(asked) === answer.accept)
        for (const { serverKey } of asked) destinations.accept(entry, serverKey);
    }
    const frozen = new Set<FieldId>();
    const dropped = new Set<FieldId>();
    for (const found of destinations.look(entry, place)) {
      const { serverKey, changes, inferior, superseded } = found;
      const [id] = fieldsOfServer(serverKey);
      const isReplaced = superseded === 'signed-out' || (inferior && isBetter(id, found));
      if (answer === 'keep' || isReplaced)
        for (const each of fieldsOfServer(serverKey)) dropped.add(each);
      else if (changes.length > 0) for (const each of fieldsOfServer(serverKey)) frozen.add(each);
    }
    return { frozen, dropped };
  }

  /** Whether a mission has a server's value that all may have. */
  function hasGood({ target: { mission }, loaded }: LoadedMission, id: FieldId): boolean {
    const { entry } = contentOf(loaded);
    const found = destinations.look(entry, placeOfMission(mission.id));
    const isOdd = found.some(({ serverKey }) => fieldsOfServer(serverKey)[0] === id);
    return !isOdd && isUsableIn(fieldsOf(entry), id);
  }

  function isUsableIn(fields: ReadonlyMap<FieldId, Json>, id: FieldId): boolean {
    const value = fields.get(id);
    return value !== undefined && isUsable(id, value, clock.now());
  }

  return {
    missionRecord,
    globalRecord,
    tampered,

    async read(targets) {
      const [global, missions] = await Promise.all([
        loadEntry(store, deps.global, parse),
        loadMissions(targets),
      ]);
      return { global, missions };
    },

    async readMore({ global, missions }, targets) {
      return { global, missions: [...missions, ...(await loadMissions(targets))] };
    },

    plan({ global, missions }, request) {
      const { globalAnswer } = request;
      if (!canMerge(global, globalAnswer)) return null;
      // First, since what it says of a sign-in counts more than what a mission says.
      const distrustedGlobal = distrusted(
        global,
        GLOBAL_PLACE,
        request.globalTampering,
        // What gave way and is back there gives way again, as long as a mission has what took its place.
        (id, { superseded }) => superseded !== null && missions.some((each) => hasGood(each, id)),
      );
      const { entry, writtenAt } = contentOf(global);
      const ofGlobal = fieldsOf(entry);
      const edits = request.edits?.(entry);
      // Whoever puts a value there means it.
      for (const [id, value] of edits ?? [])
        if (isServerField(id)) destinations.reinstate(splitField(id).key, value);
      return planWithAnswers(
        {
          global: {
            entry,
            writtenAt,
            record: globalRecord(),
            isRestOther: lately.isRestOther(GLOBAL_PLACE, entry),
            edits,
            distrusted: distrustedGlobal,
          },
          heal: request.heal ?? false,
          now: clock.now(),
          carryLogin: deps.carryLogin(),
        },
        { loaded: global, verdict: globalAnswer },
        missions
          .filter(({ target, loaded }) => canMerge(loaded, target.answer))
          .map(({ target: { mission, phase, answer, tampering }, loaded }) => {
            const content = contentOf(loaded);
            const place = placeOfMission(mission.id);
            const planned: PlanMission = {
              id: mission.id,
              ...content,
              record: missionRecord(mission),
              // At a start it is long ago that anybody looked.
              isRestOther: phase !== 'clone' && lately.isRestOther(place, content.entry),
              rewound: lately.rewound(place, content.entry),
              clone: phase === 'clone' || phase === 'share',
              cloneLogin: phase === 'clone' && mission.kind === 'agenc',
              distrusted: distrusted(loaded, place, tampering, (id) => isUsableIn(ofGlobal, id)),
            };
            return { mission: planned, loaded, verdict: answer };
          }),
        digester,
      );
    },
  };
}

/** Where an entry lives, as the lineage remembers it. */
export function placeOf(store: CredentialStore, ref: EntryRef): string {
  return `${store.kind}:${store.describe(ref)}`;
}

/** A malformed entry is left alone until the user has answered. */
function canMerge(loaded: LoadedEntry, verdict: WipeVerdict | undefined): boolean {
  if (loaded.status !== 'malformed') return loaded.status === 'ok';
  return verdict !== undefined && isStillAbout(verdict, loaded, undefined);
}

export function contentOf(loaded: LoadedEntry): { entry: Entry | null; writtenAt: number | null } {
  return loaded.status === 'ok' ? loaded : { entry: null, writtenAt: null };
}

/** What is to stand in the place of what was loaded, and whether that differs. */
export function finalEntry(
  loaded: LoadedEntry,
  planned: Entry | null,
): { after: Entry | null; changed: boolean } {
  if (loaded.status === 'malformed') return { after: planned ?? EMPTY_ENTRY, changed: true };
  return { after: planned, changed: planned !== contentOf(loaded).entry };
}
