import pLimit from 'p-limit';
import type { Json } from '../credentials/entry.ts';
import type { FieldId } from '../credentials/fields.ts';
import { entryRef, type Mission } from '../missions/mission.ts';
import { isActive, type MissionChange, type MissionRegistry } from '../missions/registry.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import type { PathWatcher } from '../system/pathWatcher.ts';
import { UserError } from '../system/userError.ts';
import type { Alerts } from './alerts.ts';
import type { Emit } from './events.ts';
import type { LineageStore, MissionRecord } from './lineage.ts';
import { createMissionWatch } from './missionWatch.ts';
import type { WipeAnswer } from './plan.ts';
import type {
  InspectedMission,
  Inspection,
  MissionOutcome,
  ReconcileOutcome,
  ReconcileRequest,
  Reconciler,
  Target,
} from './reconciler.ts';
import { createReporter, unavailableError } from './report.ts';
import { nextLook } from './schedule.ts';

export interface EngineDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly reconciler: Reconciler;
  readonly registry: MissionRegistry;
  readonly lineage: LineageStore;
  readonly watcher: PathWatcher;
  readonly alerts: Alerts;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly pollIntervalMs: () => number;
}

/** What a force resync did to one mission. */
export interface ResyncResult {
  readonly missionId: string;
  readonly status: MissionOutcome['status'] | 'stopped';
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly hash: string | null;
}

export interface MissionStatus extends InspectedMission {
  /** ms since the epoch. */
  readonly lastSyncAt: number | null;
}

export interface EngineStatus {
  readonly global: Inspection['global'];
  readonly missions: ReadonlyMap<string, MissionStatus>;
}

/** Keeps the entries of all running missions and the global one in step. */
export interface Engine {
  /** Looks at everything once, then watches. Resolves when all that runs is in step, or is known not to be. */
  start(): Promise<void>;
  /** Reads the missions folder and the attached directories again. */
  lookAtMissions(): void;
  /** Another program says that the global entry changed. */
  lookAtAll(): void;
  /** Reads everything again, heals what is unusable, and says what it did. */
  resync(missionId?: string): Promise<ResyncResult[]>;
  /** Answers the wipe guard. @throws UserError if there is no such alert */
  resolve(alertId: string, answer: WipeAnswer): Promise<void>;
  /** Puts values into the global entry, from where they go everywhere. @throws UserError if they cannot be written */
  put(values: ReadonlyMap<FieldId, Json>): Promise<void>;
  /** Carries up what a mission has. @throws UserError if it cannot be read, or the global entry not written */
  writeBack(mission: Mission): Promise<void>;
  /** Writes a mission back, then deletes its entry and forgets it. @throws UserError as {@link writeBack} */
  removeEntry(mission: Mission): Promise<void>;
  status(): Promise<EngineStatus>;
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>;
  /** Writes every running mission back and lets go. */
  dispose(): Promise<void>;
}

/** How often processes are asked whether they live, and the clock whether it jumped. */
const PULSE_MS = 5_000;
/** A wall clock that moved this much more or less than time passed was set, or the machine slept. */
const JUMP_MS = 3_000;
/** Leftovers of a killed process are removed once they are old enough to be nobody's. */
const SECOND_SWEEP_MS = 3_000;

/** A mission that is to be looked at, and since when (monotonic ms). */
interface Pending {
  readonly noticedAt: number;
  readonly phase?: NonNullable<Target['phase']>;
}

export function createEngine(deps: EngineDeps): Engine {
  const { store, registry, lineage, watcher, alerts, clock, emit } = deps;
  const reporter = createReporter(alerts, store, deps.global);
  /** The lock on the global entry: whatever reads and writes entries runs through here, one at a time. */
  const exclusive = pLimit(1);
  /** What the store said of each entry when it was last read or written by us. */
  const stamps = new Map<string, string | null>();
  const pending = new Map<string, Pending>();
  const failed = new Map<string, Pending>();
  let globalPending = false;
  let globalStamp: string | null = null;
  let failures = 0;
  let lastLookAt = 0;
  let lastPollAt = 0;
  let started = false;
  let disposed = false;
  let queued = false;
  let cancelTimer: (() => void) | null = null;
  let cancelPulse: (() => void) | null = null;

  const watches = createMissionWatch(watcher, store, {
    pid: (mission) => onMissionChanges(registry.recheck(mission.id)),
    entry: (mission) => void onMissionEntry(mission),
  });

  const allMissions = (): Mission[] => registry.all().map(({ mission }) => mission);
  const activeMissions = (): Mission[] =>
    registry
      .all()
      .filter(isActive)
      .map(({ mission }) => mission);

  function recordOf(mission: Mission): MissionRecord {
    const ref = entryRef(mission);
    return lineage.mission(mission.id, `${store.kind}:${store.describe(ref)}`);
  }

  // --- noticing -------------------------------------------------------------------------------

  function notice(mission: Mission, phase?: Target['phase']): void {
    const before = pending.get(mission.id) ?? failed.get(mission.id);
    const next = phase ?? before?.phase;
    failed.delete(mission.id);
    pending.set(mission.id, {
      noticedAt: before?.noticedAt ?? clock.monotonic(),
      ...(next && { phase: next }),
    });
    schedule();
  }

  function noticeAll(): void {
    globalPending = true;
    for (const mission of activeMissions()) notice(mission);
    schedule();
  }

  async function onMissionEntry(mission: Mission): Promise<void> {
    if (await hasMoved(entryRef(mission), stamps.get(mission.id))) notice(mission);
  }

  async function onGlobalEntry(): Promise<void> {
    if (await hasMoved(deps.global, globalStamp)) noticeAll();
  }

  /** Whether an entry may have changed since we read or wrote it: our own writes come back as events too. */
  async function hasMoved(ref: EntryRef, known: string | null | undefined): Promise<boolean> {
    const stamp = await store.stamp(ref);
    return stamp === null || stamp !== known;
  }

  function onMissionChanges(changes: readonly MissionChange[]): void {
    for (const { change, mission } of changes) {
      emit({ event: 'mission', at: clock.now(), missionId: mission.id, change });
      if (change === 'removed') forget(mission);
      else watches.set(mission, isActive(registry.get(mission.id)));
      if (change === 'started') notice(mission, 'clone');
      if (change === 'stopped') notice(mission, 'write-back');
    }
  }

  function forget(mission: Mission): void {
    watches.forget(mission.id);
    stamps.delete(mission.id);
    pending.delete(mission.id);
    failed.delete(mission.id);
    lineage.forget(mission.id);
    alerts.clearAbout(mission.id);
  }

  function rescan(): void {
    try {
      onMissionChanges(registry.rescan());
      alerts.setOwn('missions', 'unavailable', null);
    } catch (error) {
      const message = `The missions cannot be listed: ${errorText(error)} Those known so far stay in step.`;
      alerts.setOwn('missions', 'unavailable', message);
    }
  }

  // --- working --------------------------------------------------------------------------------

  const hasWork = (): boolean => pending.size > 0 || globalPending;

  function schedule(): void {
    if (disposed) return;
    cancelTimer?.();
    const { delayMs, reason } = nextLook({
      now: clock.monotonic(),
      changed: hasWork(),
      failures,
      lastLookAt,
      lastPollAt,
      pollIntervalMs: deps.pollIntervalMs(),
    });
    if (reason !== 'change')
      cancelTimer = clock.after(delayMs, reason === 'poll' ? () => void poll() : retry);
    else if (!queued) {
      queued = true;
      void exclusive(work);
    }
  }

  function retry(): void {
    for (const [id, waiting] of failed) pending.set(id, waiting);
    failed.clear();
    globalPending = true;
    schedule();
  }

  /** The safety net under the watchers: a stat for each entry, a read only where that differs. */
  async function poll(): Promise<void> {
    lastPollAt = clock.monotonic();
    watcher.check();
    rescan();
    await onGlobalEntry();
    await Promise.all(activeMissions().map(onMissionEntry));
    if (failures > 0) retry();
    schedule();
  }

  async function work(): Promise<void> {
    queued = false;
    while (hasWork() && !disposed) {
      const batch = [...pending];
      pending.clear();
      globalPending = false;
      const noticedAt = Math.min(
        clock.monotonic(),
        ...batch.map(([, waiting]) => waiting.noticedAt),
      );
      const targets = batch.flatMap(([id, { phase }]): Target[] => {
        const known = registry.get(id);
        if (known === undefined || (!isActive(known) && phase !== 'write-back')) return [];
        return [{ mission: known.mission, ...(phase && { phase }) }];
      });
      try {
        await run({ targets, noticedAt });
        alerts.setOwn('internal', 'state', null);
      } catch (error) {
        // A defect of ours: nothing was lost (writes are verified), so say it and try again later.
        const message = `A reconcile failed: ${errorText(error)} It is tried again by itself; please report this.`;
        alerts.setOwn('internal', 'state', message);
        for (const [id, waiting] of batch) failed.set(id, waiting);
        failures += 1;
      }
    }
    await save();
    schedule();
  }

  /** One reconcile and what follows from it; only ever under `exclusive`. */
  async function run(request: ReconcileRequest): Promise<ReconcileOutcome> {
    const outcome = await deps.reconciler.reconcile(request);
    const { global } = outcome;
    lastLookAt = clock.monotonic();
    globalStamp = global.stamp;
    reporter.global(outcome);
    const noticedAt = request.noticedAt ?? lastLookAt;
    const stuck = outcome.blocked !== null || global.view.status === 'malformed';
    for (const { mission, phase } of request.targets) {
      const result = outcome.missions.get(mission.id);
      if (result === undefined) continue;
      stamps.set(mission.id, result.status === 'done' ? result.stamp : null);
      reporter.mission(mission, result, stuck);
      const waiting = { noticedAt, ...(phase && { phase }) };
      if (stuck || result.status === 'unavailable') failed.set(mission.id, waiting);
      else if (result.status === 'moved') pending.set(mission.id, waiting);
    }
    failures = stuck || failed.size > 0 ? failures + 1 : 0;
    if (global.changed) fanOut(request.targets, noticedAt);
    return outcome;
  }

  /** The global entry changed: every other running mission is next. */
  function fanOut(done: readonly Target[], noticedAt: number): void {
    const ids = new Set(done.map(({ mission }) => mission.id));
    for (const { id } of activeMissions()) {
      if (ids.has(id) || pending.has(id)) continue;
      pending.set(id, { ...failed.get(id), noticedAt });
      failed.delete(id);
    }
  }

  async function save(): Promise<void> {
    try {
      await lineage.save();
      alerts.setOwn('state', 'state', null);
    } catch (error) {
      const message = `What was synced cannot be noted down: ${errorText(error)} Mend the folder or free some space.`;
      alerts.setOwn('state', 'state', message);
      failures += 1;
    }
  }

  /** Runs one reconcile for a command, then everything that follows from it. */
  async function command(request: () => ReconcileRequest): Promise<ReconcileOutcome> {
    const outcome = await exclusive(async () => {
      const done = await run(request());
      await save();
      return done;
    });
    await settled();
    if (outcome.blocked !== null) throw unavailableError('The global entry', outcome.blocked);
    return outcome;
  }

  async function settled(): Promise<void> {
    while (!disposed && (hasWork() || exclusive.activeCount + exclusive.pendingCount > 0))
      await exclusive(work);
  }

  async function writeBack(mission: Mission): Promise<void> {
    const outcome = await command(() => ({ targets: [{ mission, phase: 'write-back' }] }));
    const result = outcome.missions.get(mission.id);
    // A config directory that is gone has nothing to carry up.
    if (result?.view.status === 'unavailable' && result.view.reason !== 'missing') {
      throw unavailableError(`The entry of mission "${mission.name}"`, result.view);
    }
    if (result?.view.status === 'malformed') {
      throw new UserError(
        `The entry of mission "${mission.name}" is ${result.view.reason}; mend it or resolve its alert first.`,
      );
    }
  }

  // --- the world ------------------------------------------------------------------------------

  /** Processes that died without removing their pid file, and a clock that jumped (sleep, or set by hand). */
  function pulse(): void {
    let wall = clock.now();
    let passed = clock.monotonic();
    const beat = (): void => {
      const drift = clock.now() - wall - (clock.monotonic() - passed);
      wall = clock.now();
      passed = clock.monotonic();
      onMissionChanges(registry.checkAlive());
      if (Math.abs(drift) > JUMP_MS) void poll();
      cancelPulse = clock.after(PULSE_MS, beat);
    };
    cancelPulse = clock.after(PULSE_MS, beat);
  }

  async function sweep(): Promise<void> {
    await Promise.all([deps.global, ...allMissions().map(entryRef)].map((ref) => store.sweep(ref)));
  }

  return {
    async start() {
      started = true;
      lastPollAt = clock.monotonic();
      registry.rescan();
      await sweep();
      const path = store.watchPath(deps.global);
      if (path !== null) watcher.watch(path, () => void onGlobalEntry());
      for (const known of registry.all()) {
        const { mission } = known;
        const { open } = recordOf(mission);
        watches.set(mission, isActive(known));
        // Ran already when an engine last looked: no spawn, so an entry that is gone now was wiped.
        if (isActive(known)) notice(mission, open ? undefined : 'clone');
        // Ended while no engine ran, perhaps killed: what it left is carried up.
        else if (open) notice(mission, 'write-back');
      }
      for (const id of lineage.missionIds()) if (registry.get(id) === undefined) lineage.forget(id);
      globalPending = true;
      await settled();
      clock.after(SECOND_SWEEP_MS, () => void sweep());
      pulse();
      schedule();
    },

    lookAtMissions: rescan,
    lookAtAll: noticeAll,
    settled,
    writeBack,

    async resync(missionId) {
      rescan();
      const isMeant = (mission: Mission): boolean =>
        missionId === undefined || mission.id === missionId;
      const meant = allMissions().filter(isMeant);
      if (meant.length === 0 && missionId !== undefined) throw noMission(missionId);
      const { missions } = await command(() => ({
        heal: true,
        targets: activeMissions()
          .filter(isMeant)
          .map((mission) => {
            const phase = pending.get(mission.id)?.phase;
            return { mission, ...(phase && { phase }) };
          }),
      }));
      return meant.map(({ id }) => resyncResult(id, missions.get(id)));
    },

    async resolve(alertId, answer) {
      const alert = alerts.get(alertId);
      if (alert === undefined) {
        throw new UserError(`There is no open alert "${alertId}"; "agenc-bar alerts" lists them.`);
      }
      if (alert.kind !== 'wipe')
        throw new UserError(`"${alertId}" asks nothing; it goes away with its cause.`);
      const mission = alert.missionId === null ? undefined : registry.get(alert.missionId)?.mission;
      await command(() =>
        mission === undefined
          ? // Stopped missions too: they may be the only ones that still have a value.
            { targets: allMissions().map((mission) => ({ mission })), globalAnswer: answer }
          : { targets: [{ mission, answer }] },
      );
    },

    async put(values) {
      await command(() => ({
        targets: activeMissions().map((mission) => ({ mission })),
        edits: values,
      }));
    },

    async removeEntry(mission) {
      await writeBack(mission);
      await exclusive(async () => {
        const now = await store.read(entryRef(mission));
        const result =
          now.status === 'found' ? await store.remove(entryRef(mission), now.text) : now;
        if (result.status === 'moved')
          throw new UserError(`Mission "${mission.name}" was just written to; try again.`);
        if (result.status === 'unavailable' && result.reason !== 'missing') {
          throw unavailableError(`The entry of mission "${mission.name}"`, result);
        }
        forget(mission);
        await save();
      });
    },

    async status() {
      const { global, missions } = await exclusive(() => deps.reconciler.inspect(allMissions()));
      const withRecord = allMissions().flatMap((mission): [string, MissionStatus][] => {
        const seen = missions.get(mission.id);
        return seen === undefined
          ? []
          : [[mission.id, { ...seen, lastSyncAt: recordOf(mission).lastSyncAt }]];
      });
      return { global, missions: new Map(withRecord) };
    },

    async dispose() {
      cancelTimer?.();
      cancelPulse?.();
      watcher.dispose();
      await exclusive(async () => {
        if (started && !disposed && activeMissions().length > 0) {
          await run({ targets: activeMissions().map((mission) => ({ mission })) });
        }
        disposed = true;
        await save();
      });
      await store.dispose();
    },
  };
}

function resyncResult(missionId: string, outcome: MissionOutcome | undefined): ResyncResult {
  if (outcome === undefined) return { missionId, status: 'stopped', up: [], down: [], hash: null };
  const { status, up, down, view } = outcome;
  return { missionId, status, up, down, hash: view.status === 'found' ? view.hash : null };
}

function noMission(id: string): UserError {
  return new UserError(`There is no mission "${id}"; "agenc-bar mission ls" lists them.`);
}
