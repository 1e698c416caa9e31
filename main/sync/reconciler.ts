import pLimit from 'p-limit';
import type { BroadcastFile } from '../broadcast/broadcastFile.ts';
import { createDigester, type Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry, type Json, serialiseEntry } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField } from '../credentials/fields.ts';
import { fieldName, isUsable } from '../credentials/serverState.ts';
import type { JournalValue } from '../journal/journal.ts';
import { entryRef, type Mission } from '../missions/mission.ts';
import { unavailableFrom } from '../stores/fileErrors.ts';
import type { CredentialStore, EntryRef, Unavailable, WriteResult } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { type EntryView, type LoadedEntry, loadEntry, viewOf, viewOfEntry } from './entryView.ts';
import type { Emit } from './events.ts';
import { changedFields, goingText, goingValues } from './goingValues.ts';
import type { LineageStore } from './lineage.ts';
import { clearNeedsAuth } from './needsAuthCache.ts';
import {
  type Plan,
  type PlanMission,
  type PlannedMission,
  planReconcile,
  type WipeAnswer,
} from './plan.ts';

export interface ReconcilerDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly lineage: LineageStore;
  readonly broadcast: BroadcastFile;
  readonly journal: { append(values: readonly JournalValue[]): Promise<void> };
  readonly clock: Clock;
  readonly emit: Emit;
  readonly carryLogin: () => { always: boolean; atClone: boolean };
}

export interface Target {
  readonly mission: Mission;
  /** `clone`: at its spawn; `write-back`: at its end. Otherwise it just runs. */
  readonly phase?: 'clone' | 'write-back';
  readonly answer?: WipeAnswer;
}

export interface ReconcileRequest {
  readonly targets: readonly Target[];
  /** Force resync: heal unusable fields from usable ones. */
  readonly heal?: boolean;
  readonly globalAnswer?: WipeAnswer;
  /** Values to put into the global entry first: a restore from the journal. */
  readonly edits?: ReadonlyMap<FieldId, Json>;
  /** When the change was noticed (monotonic ms), for the reported duration. */
  readonly noticedAt?: number;
}

export interface MissionOutcome {
  /** `moved`: the entry was rewritten under our hands; look again. */
  readonly status: 'done' | 'moved' | 'malformed' | 'unavailable';
  readonly view: EntryView;
  readonly stamp: string | null;
  /** Names of what went up from it, came down to it, or vanished and waits for the user's answer. */
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly held: readonly string[];
  readonly conflicts: readonly string[];
}

export interface ReconcileOutcome {
  readonly global: {
    readonly view: EntryView;
    readonly stamp: string | null;
    readonly changed: boolean;
    readonly held: readonly string[];
  };
  /** Why nothing was written, if so. Nothing is lost by it: look again later. */
  readonly blocked: Unavailable | null;
  /** What could not be done beside the entries: the broadcast, a client's needs-auth note. */
  readonly troubles: readonly string[];
  readonly missions: ReadonlyMap<string, MissionOutcome>;
}

export interface InspectedMission {
  readonly view: EntryView;
  readonly inSync: boolean;
  readonly held: readonly string[];
}

export interface Inspection {
  readonly global: { readonly view: EntryView; readonly held: readonly string[] };
  readonly missions: ReadonlyMap<string, InspectedMission>;
}

/**
 * Reads, merges and writes entries. It does not save the lineage and does not guard itself against
 * another run at the same time: its owner does both, and so holds the lock on the global entry.
 */
export interface Reconciler {
  reconcile(request: ReconcileRequest): Promise<ReconcileOutcome>;
  /** Reads and merges, writes nothing: what each entry is, and whether a reconcile would change anything. */
  inspect(missions: readonly Mission[]): Promise<Inspection>;
}

/** How often a global entry that keeps moving is merged again before the pass is left for later. */
const MAX_TRIES = 5;
/** Enough to keep a disk busy; each write in flight holds a file descriptor, and macOS gives 256. */
const WRITES_AT_ONCE = 16;

interface LoadedMission {
  readonly target: Target;
  readonly loaded: LoadedEntry;
}

export function createReconciler(
  deps: ReconcilerDeps,
  digester: Digester = createDigester(),
): Reconciler {
  const { store, lineage, clock, emit } = deps;
  const limit = pLimit(WRITES_AT_ONCE);
  const placeOf = (ref: EntryRef): string => `${store.kind}:${store.describe(ref)}`;
  const recordOf = (mission: Mission) => lineage.mission(mission.id, placeOf(entryRef(mission)));
  const globalPlace = placeOf(deps.global);
  /** A global entry was written and the others have not been told: survives a broadcast that failed. */
  let unannounced = false;

  function loadMissions(targets: readonly Target[]): Promise<LoadedMission[]> {
    return Promise.all(
      targets.map(async (target) => ({
        target,
        loaded: await loadEntry(store, entryRef(target.mission)),
      })),
    );
  }

  /** `null` where the global entry cannot be merged with. */
  function makePlan(
    global: LoadedEntry,
    missions: readonly LoadedMission[],
    request: ReconcileRequest,
  ): Plan | null {
    if (!canMerge(global, request.globalAnswer)) return null;
    return planReconcile(
      {
        global: {
          ...contentOf(global),
          record: lineage.global(globalPlace),
          answer: request.globalAnswer,
          edits: request.edits,
        },
        missions: missions
          .filter(({ target, loaded }) => canMerge(loaded, target.answer))
          .map(
            ({ target, loaded }): PlanMission => ({
              id: target.mission.id,
              ...contentOf(loaded),
              record: recordOf(target.mission),
              clone: target.phase === 'clone',
              answer: target.answer,
            }),
          ),
        heal: request.heal ?? false,
        carryLogin: deps.carryLogin(),
      },
      digester,
    );
  }

  async function reconcile(request: ReconcileRequest): Promise<ReconcileOutcome> {
    const noticedAt = request.noticedAt ?? clock.monotonic();
    for (let tries = 1; ; tries += 1) {
      const [global, missions] = await Promise.all([
        loadEntry(store, deps.global),
        loadMissions(request.targets),
      ]);
      const plan = makePlan(global, missions, request);
      if (plan === null)
        return untouched(global, missions, global.status === 'unavailable' ? global : null);
      const planned = new Map(plan.missions.map((mission) => [mission.id, mission]));
      try {
        await deps.journal.append(valuesToKeep(global, plan, missions, planned));
      } catch (error) {
        const { reason, detail } = unavailableFrom(error);
        return untouched(global, missions, {
          status: 'unavailable',
          reason,
          detail: `the journal: ${detail}`,
        });
      }
      const after = finalEntry(global, plan.global);
      const written = await writeIfChanged(deps.global, global, after);
      if (written.status === 'unavailable') return untouched(global, missions, written);
      if (written.status === 'moved') {
        if (tries < MAX_TRIES) continue;
        const detail = 'the global entry keeps changing while it is merged';
        return untouched(global, missions, { status: 'unavailable', reason: 'busy', detail });
      }

      const globalChanged = changesEntry(global, after);
      const globalView = viewOfEntry(after, digester);
      lineage.setGlobal({
        place: globalPlace,
        known: new Set([...fieldsOf(after).keys(), ...plan.globalHeld]),
        held: plan.globalHeld,
      });
      const troubles: string[] = [];
      if (globalChanged) {
        unannounced = true;
        reportUp(plan, after, globalView, noticedAt);
      }
      if (unannounced) await announce(troubles);
      if (globalChanged)
        await clearNotes(deps.global.configDir, contentOf(global).entry, after, troubles);
      const outcomes = await Promise.all(
        missions.map((mission) =>
          limit(() =>
            finishMission(mission, planned.get(mission.target.mission.id), noticedAt, troubles),
          ),
        ),
      );
      return {
        global: {
          view: globalView,
          stamp: written.stamp ?? null,
          changed: globalChanged,
          held: namesOfHeld(plan.globalHeld),
        },
        blocked: null,
        troubles,
        missions: new Map(outcomes),
      };
    }
  }

  /** Writes one mission's entry if it changed, and only then advances its lineage. */
  async function finishMission(
    { target, loaded }: LoadedMission,
    planned: PlannedMission | undefined,
    noticedAt: number,
    troubles: string[],
  ): Promise<[string, MissionOutcome]> {
    const { mission } = target;
    if (planned === undefined) return [mission.id, outcomeOf(loaded)];
    const after = finalEntry(loaded, planned.entry);
    const up = planned.up.map((id) => fieldName(id, fieldsOf(after).get(id)));
    const written = await writeIfChanged(entryRef(mission), loaded, after);
    if (written.status === 'unavailable') return [mission.id, { ...outcomeOf(written), up }];
    if (written.status === 'moved')
      return [mission.id, { ...outcomeOf(loaded), status: 'moved', up }];

    const changed = changesEntry(loaded, after);
    const record = recordOf(mission);
    const open = target.phase === undefined ? record.open : target.phase === 'clone';
    const lastSyncAt = changed || up.length > 0 ? clock.now() : record.lastSyncAt;
    lineage.setMission(mission.id, {
      place: record.place,
      base: planned.base,
      held: planned.held,
      open,
      lastSyncAt,
    });
    const before = contentOf(loaded).entry;
    const down = namesOf(changedFields(before, after), before, after);
    const view = viewOfEntry(after, digester);
    if (changed) {
      const hash = view.status === 'found' ? view.hash : null;
      const durationMs = clock.monotonic() - noticedAt;
      emit({
        event: 'sync',
        at: clock.now(),
        direction: 'down',
        missionId: mission.id,
        servers: down,
        hash,
        durationMs,
      });
      await clearNotes(mission.configDir, before, after, troubles);
    }
    const held = namesOfHeld(planned.held);
    const conflicts = planned.conflicts.map((id) => fieldName(id, fieldsOf(after).get(id)));
    return [
      mission.id,
      { status: 'done', view, stamp: written.stamp ?? null, up, down, held, conflicts },
    ];
  }

  function valuesToKeep(
    global: LoadedEntry,
    plan: Plan,
    missions: readonly LoadedMission[],
    planned: ReadonlyMap<string, PlannedMission>,
  ): JournalValue[] {
    const values = [...goingFrom(global, plan.global, null)];
    for (const { target, loaded } of missions) {
      const mission = planned.get(target.mission.id);
      if (mission !== undefined) values.push(...goingFrom(loaded, mission.entry, mission.id));
    }
    // A refresh replaces the same old value everywhere: once is enough.
    return [...new Map(values.map((value) => [`${value.digest} ${value.field}`, value])).values()];
  }

  function goingFrom(
    loaded: LoadedEntry,
    after: Entry | null,
    missionId: string | null,
  ): JournalValue[] {
    if (loaded.status === 'malformed') return [goingText(loaded.text, missionId)];
    return goingValues(contentOf(loaded).entry, after, missionId, digester);
  }

  function writeIfChanged(
    ref: EntryRef,
    loaded: LoadedEntry,
    after: Entry | null,
  ): Promise<WriteResult> {
    if (loaded.status === 'unavailable') return Promise.resolve(loaded);
    if (after === null || !changesEntry(loaded, after)) {
      return Promise.resolve({
        status: 'written',
        ...(loaded.stamp === null ? {} : { stamp: loaded.stamp }),
      });
    }
    return store.write(ref, serialiseEntry(after), loaded.text);
  }

  function reportUp(plan: Plan, global: Entry | null, view: EntryView, noticedAt: number): void {
    const fields = fieldsOf(global);
    const hash = view.status === 'found' ? view.hash : null;
    for (const { id: missionId, up } of plan.missions) {
      if (up.length === 0) continue;
      const servers = up.map((id) => fieldName(id, fields.get(id)));
      const durationMs = clock.monotonic() - noticedAt;
      emit({
        event: 'sync',
        at: clock.now(),
        direction: 'up',
        missionId,
        servers,
        hash,
        durationMs,
      });
    }
  }

  async function announce(troubles: string[]): Promise<void> {
    try {
      const timestamp = await deps.broadcast.announce();
      unannounced = false;
      emit({ event: 'broadcast', at: clock.now(), timestamp: timestamp / 1e6 });
    } catch (error) {
      troubles.push(`The broadcast file could not be written: ${unavailableFrom(error).detail}`);
    }
  }

  async function inspect(missions: readonly Mission[]): Promise<Inspection> {
    const targets = missions.map((mission) => ({ mission }));
    const [global, loaded] = await Promise.all([
      loadEntry(store, deps.global),
      loadMissions(targets),
    ]);
    const alone = makePlan(global, [], { targets: [] });
    return {
      global: { view: viewOf(global, digester), held: namesOfHeld(alone?.globalHeld) },
      missions: new Map(
        loaded.map((mission): [string, InspectedMission] => {
          // Each by itself: what one mission has yet to push says nothing about the others.
          const plan = makePlan(global, [mission], { targets });
          const [planned] = plan?.missions ?? [];
          const inSync = planned !== undefined && !planned.changed && plan?.globalChanged === false;
          const view = viewOf(mission.loaded, digester);
          return [mission.target.mission.id, { view, inSync, held: namesOfHeld(planned?.held) }];
        }),
      ),
    };
  }

  function untouched(
    global: LoadedEntry,
    missions: readonly LoadedMission[],
    blocked: Unavailable | null,
  ): ReconcileOutcome {
    const { view, stamp } = outcomeOf(global);
    return {
      global: { view, stamp, changed: false, held: [] },
      blocked,
      troubles: [],
      missions: new Map(
        missions.map(({ target, loaded }) => [target.mission.id, outcomeOf(loaded)]),
      ),
    };
  }

  function outcomeOf(loaded: LoadedEntry): MissionOutcome {
    const stamp = loaded.status === 'unavailable' ? null : loaded.stamp;
    const status = loaded.status === 'ok' ? 'done' : loaded.status;
    return {
      status,
      view: viewOf(loaded, digester),
      stamp,
      up: [],
      down: [],
      held: [],
      conflicts: [],
    };
  }

  return { reconcile, inspect };
}

/** A malformed entry is left alone until the user has answered; then it counts as one that holds nothing. */
function canMerge(loaded: LoadedEntry, answer: WipeAnswer | undefined): boolean {
  return loaded.status === 'ok' || (loaded.status === 'malformed' && answer !== undefined);
}

function contentOf(loaded: LoadedEntry): { entry: Entry | null; writtenAt: number | null } {
  return loaded.status === 'ok' ? loaded : { entry: null, writtenAt: null };
}

function finalEntry(loaded: LoadedEntry, planned: Entry | null): Entry | null {
  return loaded.status === 'malformed' ? (planned ?? EMPTY_ENTRY) : planned;
}

function changesEntry(loaded: LoadedEntry, after: Entry | null): boolean {
  return loaded.status === 'malformed' || after !== contentOf(loaded).entry;
}

function namesOfHeld(ids: ReadonlySet<FieldId> | undefined): string[] {
  return [...(ids ?? [])].map((id) => fieldName(id));
}

function namesOf(ids: readonly FieldId[], before: Entry | null, after: Entry | null): string[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return ids.map((id) => fieldName(id, now.get(id) ?? old.get(id)));
}

/** Where a server became usable, the client's note that it wants a sign-in goes. */
async function clearNotes(
  configDir: string,
  before: Entry | null,
  after: Entry | null,
  troubles: string[],
): Promise<void> {
  const now = fieldsOf(after);
  const usable = changedFields(before, after).filter((id) => {
    const value = now.get(id);
    return isServerField(id) && value !== undefined && isUsable(id, value);
  });
  if (usable.length === 0) return;
  try {
    await clearNeedsAuth(
      configDir,
      usable.map((id) => fieldName(id, now.get(id))),
    );
  } catch (error) {
    troubles.push(`A needs-sign-in note could not be cleared: ${unavailableFrom(error).detail}`);
  }
}
