import type { Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry } from '../credentials/entry.ts';
import { entryRef, type Mission } from '../missions/mission.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import { createParser, type LoadedEntry, loadEntry } from './entryView.ts';
import type { GlobalRecord, LineageStore, MissionRecord } from './lineage.ts';
import type { ReconcileRequest, Target } from './outcome.ts';
import { type Plan, type PlanMission, planReconcile, type WipeAnswer } from './plan.ts';

export interface ReaderDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly lineage: LineageStore;
  readonly carryLogin: () => { always: boolean; atClone: boolean };
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
  /** `null` where the global entry cannot be merged with. */
  plan(reading: Reading, request: ReconcileRequest): Plan | null;
  missionRecord(mission: Mission): MissionRecord;
  globalRecord(): GlobalRecord;
}

export function createReader(deps: ReaderDeps, digester: Digester): Reader {
  const { store, lineage } = deps;
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

  return {
    missionRecord,
    globalRecord,

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
      if (!canMerge(global, request.globalAnswer)) return null;
      return planReconcile(
        {
          global: {
            ...contentOf(global),
            record: globalRecord(),
            answer: request.globalAnswer,
            edits: request.edits?.(contentOf(global).entry),
          },
          missions: missions
            .filter(({ target, loaded }) => canMerge(loaded, target.answer))
            .map(({ target: { mission, phase, answer }, loaded }): PlanMission => {
              const record = missionRecord(mission);
              return {
                id: mission.id,
                ...contentOf(loaded),
                record,
                clone: phase === 'clone' || phase === 'share',
                cloneLogin: phase === 'clone' && mission.kind === 'agenc',
                answer,
              };
            }),
          heal: request.heal ?? false,
          carryLogin: deps.carryLogin(),
        },
        digester,
      );
    },
  };
}

/** Where an entry lives, as the lineage remembers it. */
export function placeOf(store: CredentialStore, ref: EntryRef): string {
  return `${store.kind}:${store.describe(ref)}`;
}

/** A malformed entry is left alone until the user has answered; then it counts as one that holds nothing. */
function canMerge(loaded: LoadedEntry, answer: WipeAnswer | undefined): boolean {
  return loaded.status === 'ok' || (loaded.status === 'malformed' && answer !== undefined);
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
