import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf } from '../credentials/fields.ts';
import type { OddEntry } from '../missions/discover.ts';
import { calledMission, entryRef, type Mission } from '../missions/mission.ts';
import { isSynced, type MissionChange, type MissionRegistry } from '../missions/registry.ts';
import type { RefreshFence } from '../refresh/refreshFence.ts';
import type { RefreshView } from '../refresh/refreshPlace.ts';
import type { CredentialStore, EntryRef, WriteResult } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { linkTarget } from '../system/links.ts';
import { ANY, type PathWatcher } from '../system/pathWatcher.ts';
import { UserError } from '../system/userError.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import type { Alerts } from './alerts.ts';
import { type AnswersDeps, createAnswers } from './answers.ts';
import type { AlertAnswer, Emit } from './events.ts';
import type { LineageStore, MissionRecord } from './lineage.ts';
import { lockedOut } from './lockWatch.ts';
import { createMissionWatch, watchRefreshLocks } from './missionWatch.ts';
import type { MissionOutcome, Replaced, Target } from './outcome.ts';
import { createPidLooks } from './pidLooks.ts';
import { placeOf, placeOfMission } from './reader.ts';
import type { Reconciler } from './reconciler.ts';
import { createRefreshView } from './refreshView.ts';
import type { Replacements } from './replacements.ts';
import { unavailableError } from './report.ts';
import { createSeen, hashOf } from './seen.ts';
import { createStatusView, type EngineStatus, type FreshStatus } from './status.ts';
import { createWorkLoop } from './workLoop.ts';

export interface EngineDeps {
  readonly missionsFolder: string;
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
  readonly destinations: DestinationBook;
  readonly replacements: Replacements;
  readonly keptValue: AnswersDeps['keptValue'];
  readonly fence: Pick<RefreshFence, 'look' | 'setPaused' | 'dispose'>;
  /** What {@link Engine.lastKnown} gives may be other than before. */
  readonly onProgress?: () => void;
  /** The poll looks at what there is: so may others at what is theirs. */
  readonly onPoll?: () => void;
  /** The wall clock was set, or the machine slept. */
  readonly onJump?: () => void;
}

/** What a force resync did to one mission. */
export interface ResyncResult {
  readonly missionId: string;
  readonly status: MissionOutcome['status'] | 'stopped';
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly hash: string | null;
}

/** Keeps the entries of all running missions and the global one in step. */
export interface Engine {
  /**
   * Looks at everything once, then watches. Resolves when all that ran at the call is in step, or is known not to be;
   * what others write meanwhile is looked at next.
   * @param afterCrash an engine before this one was killed at work: what that one left half done is mended after the first look
   */
  start(afterCrash: boolean): Promise<void>;
  /** Reads the missions folder and the attached directories again. */
  lookAtMissions(): void;
  /** Another program says that the global entry changed. */
  lookAtAll(): void;
  /** Reads everything again, heals what is unusable if that is wanted, and says what it did. */
  resync(missionId?: string, heal?: boolean): Promise<ResyncResult[]>;
  /** Answers an alert. @throws UserError if there is no such alert, or that is no answer to it */
  resolve(alertId: string, answer: AlertAnswer): Promise<void>;
  /** Puts values into the global entry, from where they go everywhere. @throws UserError if they cannot be written */
  put(values: ReadonlyMap<FieldId, Json>): Promise<void>;
  /**
   * Puts a new value in the place of the global entry's, from where it goes everywhere.
   * @param renew the new value for what the global entry holds (`undefined`: nothing); `null`: leave it
   * @returns `null` if it was left
   * @throws UserError if the global entry cannot be written
   */
  replace(id: FieldId, renew: (value: Json | undefined) => Json | null): Promise<Replaced | null>;
  /** Brings a mission that starts what the global entry has. @throws UserError if either cannot be read or written */
  clone(mission: Mission): Promise<void>;
  /** Carries up what a mission has, at its end or where it starts on the shared store. @throws UserError as {@link clone} */
  writeBack(mission: Mission): Promise<void>;
  /** Writes a mission back, then deletes its entry and forgets it. @throws UserError as {@link writeBack}, or if it runs */
  removeEntry(mission: Mission): Promise<void>;
  /** Reads every entry, and says what each is. */
  status(): Promise<FreshStatus>;
  /** The same as of the last look at each, without reading any. */
  lastKnown(): EngineStatus;
  /** Reads the entries of stopped missions, which nobody follows, where they changed since they were last seen. */
  lookAtStopped(): Promise<void>;
  setPaused(paused: boolean): void;
  readonly refreshView: RefreshView;
  /** Resolves when all was looked at that was noticed before the call, or is known to have to wait. */
  settled(): Promise<void>;
  /** Lets go; writes every running mission back first, unless others' work would be overwritten by it. */
  dispose(how?: 'write-back' | 'abandon'): Promise<void>;
}

/** How many odd entries an alert names. */
const NAMED = 3;
/** How long a command about one mission tries again while its lock is kept. */
const COMMAND_PATIENCE_MS = 5_000;
/** A resync of all tells who is busy rather than wait for the slowest. */
const RESYNC_PATIENCE_MS = 1_000;
const REMOVE_PAUSE_MS = 50;
const RESCAN_DELAY_MS = 2;
/** How often processes are asked whether they live, and the clock whether it jumped. */
const PULSE_MS = 5_000;
/** A wall clock that moved this much more or less than time passed was set, or the machine slept. */
const JUMP_MS = 3_000;
/** Leftovers of a killed process are removed once they are old enough to be nobody's. */
export const SECOND_SWEEP_MS = 2_200;

export function createEngine(deps: EngineDeps): Engine {
  const { store, registry, lineage, watcher, alerts, clock, emit } = deps;
  const seen = createSeen(clock.now);
  const onProgress = (): void => deps.onProgress?.();
  const loop = createWorkLoop({
    ...deps,
    seen,
    onProgress,
    beforePoll() {
      watcher.check();
      rescan();
      deps.onPoll?.();
    },
  });
  const pidLooks = createPidLooks(clock, alerts, (id) => onMissionChanges(registry.recheck(id)));
  const watches = createMissionWatch(watcher, store, {
    pid: pidLooks.changed,
    entry: (mission) => void loop.noticeEntry(mission),
    refreshLock: deps.fence.look,
  });
  const answer = createAnswers({ ...deps, loop });
  const status = createStatusView({
    ...deps,
    seen,
    loop,
    onProgress,
    lastSyncAt: (mission) => recordOf(mission).lastSyncAt,
  });
  let started = false;
  let rescanQueued = false;
  let disposed = false;
  let cancelPulse: (() => void) | null = null;

  const allMissions = (): Mission[] => registry.all().map(({ mission }) => mission);
  const running = (): Target[] => registry.synced().map((mission) => ({ mission }));
  const isShared = ({ id }: Mission): boolean => registry.get(id)?.shared ?? false;
  const recordOf = (mission: Mission): MissionRecord =>
    lineage.mission(mission.id, placeOf(store, entryRef(mission)));
  const refreshView = createRefreshView({ ...deps, seen, loop, recordOf });

  // --- what happens in the world ---------------------------------------------------------------

  function onMissionChanges(changes: readonly MissionChange[]): void {
    for (const { change, mission } of changes) {
      emit({ event: 'mission', at: clock.now(), missionId: mission.id, change });
      if (change === 'removed') forget(mission);
      else watches.set(mission, registry.get(mission.id));
      // Its pid file may have come between the look that found it and the watch.
      if (change === 'added') onMissionChanges(registry.recheck(mission.id));
      // It has nothing that could go up.
      if (registry.get(mission.id)?.bare) continue;
      if (change === 'started') loop.notice(mission, isShared(mission) ? 'share' : 'clone');
      if (change === 'stopped') loop.notice(mission, 'write-back');
    }
  }

  function forget(mission: Mission): void {
    watches.forget(mission.id);
    pidLooks.forget(mission.id);
    forgetEntry(mission);
  }

  function forgetEntry(mission: Mission): void {
    loop.forget(mission);
    lineage.forget(mission.id);
    deps.destinations.forgetPlace(placeOfMission(mission.id));
    deps.reconciler.forget(mission.id);
    alerts.clearAbout(mission.id);
  }

  /** One folder that is made or removed causes several events; one scan serves them all. */
  function noticeMissions(): void {
    if (rescanQueued) return;
    rescanQueued = true;
    clock.after(RESCAN_DELAY_MS, () => {
      rescanQueued = false;
      if (!disposed) rescan();
    });
  }

  function rescan(): void {
    try {
      onMissionChanges(registry.rescan());
      alerts.setOwn('missions', 'unavailable', null);
      alerts.setOwn('missions-odd', 'hostile', oddMissions(registry.odd()));
    } catch (error) {
      const message = `The missions cannot be listed: ${errorText(error)} Those known so far stay in step.`;
      alerts.setOwn('missions', 'unavailable', message);
    }
  }

  /** Processes that died without removing their pid file, and a clock that jumped (sleep, or set by hand). */
  function pulse(): void {
    let wall = clock.now();
    let passed = clock.monotonic();
    const beat = (): void => {
      const drift = clock.now() - wall - (clock.monotonic() - passed);
      wall = clock.now();
      passed = clock.monotonic();
      // Whatever is thrown below: the next beat comes.
      cancelPulse = clock.after(PULSE_MS, beat);
      onMissionChanges(registry.checkAlive());
      if (Math.abs(drift) > JUMP_MS) {
        void loop.poll();
        deps.onJump?.();
      }
    };
    cancelPulse = clock.after(PULSE_MS, beat);
  }

  async function sweep(): Promise<void> {
    await Promise.all([deps.global, ...allMissions().map(entryRef)].map((ref) => store.sweep(ref)));
  }

  /**
   * A token that was rejected while the engine was being killed may be an older one than it had just put
   * there; nobody knows any more. So what is usable elsewhere is offered once; if that is rejected too, it stays so.
   */
  async function healOnce(): Promise<void> {
    try {
      await loop.command(() => ({ targets: running(), heal: true }));
    } catch {
      // An entry that cannot be used now has its alert, and is looked at again by itself.
    }
  }

  async function reconcileOne(
    mission: Mission,
    phase: NonNullable<Target['phase']>,
  ): Promise<void> {
    const { missions, blocked } = await loop.command(
      () => ({ targets: [{ mission, phase }] }),
      COMMAND_PATIENCE_MS,
    );
    const outcome = missions.get(mission.id);
    if (outcome?.status === 'busy') {
      const what =
        blocked === null ? `The entry of mission ${calledMission(mission)}` : 'The global entry';
      throw unavailableError(what, blocked ?? lockedOut(store, entryRef(mission)));
    }
    const view = outcome?.view;
    // A config directory that is gone has nothing to carry up.
    if (view?.status === 'unavailable' && view.reason !== 'missing') {
      throw unavailableError(`The entry of mission ${calledMission(mission)}`, view);
    }
    if (view?.status === 'malformed') {
      throw new UserError(
        `The entry of mission ${calledMission(mission)} is ${view.reason}; mend it or resolve its alert first.`,
      );
    }
  }

  async function removeOnce(mission: Mission): Promise<WriteResult> {
    // It may have been waited for a lock, and somebody has started the mission meanwhile.
    onMissionChanges(registry.recheck(mission.id));
    if (isSynced(registry.get(mission.id)))
      throw new UserError(`Mission ${calledMission(mission)} runs by now; stop it first.`);
    const now = await store.read(entryRef(mission));
    const result = now.status === 'found' ? await store.remove(entryRef(mission), now.text) : now;
    const isGone =
      result.status === 'written' ||
      result.status === 'absent' ||
      (result.status === 'unavailable' && result.reason === 'missing');
    if (!isGone) return result;
    // Its folder may stay, and run again as a new mission.
    forgetEntry(mission);
    await loop.save();
    return { status: 'written' };
  }

  return {
    async start(afterCrash) {
      started = true;
      registry.rescan();
      await sweep();
      // What a killed engine left just now is too young to be told from a client's; soon it is not.
      clock.after(SECOND_SWEEP_MS, () => void sweep());
      for (const known of registry.all()) {
        const { open } = recordOf(known.mission);
        // Ran already when an engine last looked: no spawn, so an entry that is gone now was wiped.
        if (isSynced(known)) loop.notice(known.mission, open ? undefined : 'clone');
        // Ended while no engine ran, perhaps killed, or runs on the shared store since: what it left is carried up.
        else if (open) loop.notice(known.mission, 'write-back');
      }
      for (const id of lineage.missionIds()) if (registry.get(id) === undefined) lineage.forget(id);
      loop.noticeAll();
      await loop.settled();
      // Only now: a keychain's path is known once it has been read. The poll finds what came meanwhile.
      const path = store.watchPath(deps.global);
      for (const place of path === null ? [] : pathsTo(path))
        watcher.watch(place, () => void loop.noticeGlobal());
      watcher.watch(join(deps.missionsFolder, ANY), noticeMissions);
      watchRefreshLocks(watcher, deps.global.configDir, deps.fence.look);
      for (const known of registry.all()) watches.set(known.mission, known);
      pulse();
      // Not waited for: while others write on and on, there is no moment at which all of it is done.
      void loop.poll();
      if (afterCrash) void healOnce();
    },

    lookAtMissions: rescan,
    lookAtAll: loop.noticeAll,
    settled: loop.settled,
    clone: (mission) => reconcileOne(mission, 'clone'),
    writeBack: (mission) => reconcileOne(mission, isShared(mission) ? 'share' : 'write-back'),

    async resync(missionId, heal = true) {
      rescan();
      const isMeant = (mission: Mission): boolean =>
        missionId === undefined || mission.id === missionId;
      const meant = allMissions().filter(isMeant);
      if (meant.length === 0 && missionId !== undefined) throw noMission(missionId);
      const { missions } = await loop.command(
        () => ({
          heal,
          targets: registry.synced().filter(isMeant).map(loop.targetOf),
        }),
        RESYNC_PATIENCE_MS,
      );
      return meant.map((mission) =>
        isShared(mission)
          ? { missionId: mission.id, status: 'done', up: [], down: [], hash: hashOf(seen.global()) }
          : resyncResult(mission.id, missions.get(mission.id)),
      );
    },

    resolve: answer,

    async put(values) {
      await loop.command(() => ({ targets: running(), edits: () => values }));
    },

    async replace(id, renew) {
      let from: Json | undefined;
      let to = null as Json | null;
      const noticedAt = clock.monotonic();
      const { global, missions } = await loop.command(() => ({
        targets: running(),
        noticedAt,
        edits(entry) {
          from = fieldsOf(entry).get(id);
          to = renew(from);
          return to === null ? new Map() : new Map([[id, to]]);
        },
      }));
      if (to === null) return null;
      const written = [[null, global] as const, ...missions];
      const receivers = written.flatMap(([missionId, { durationMs }]) =>
        durationMs === null ? [] : [{ missionId, durationMs }],
      );
      return { from, to, receivers };
    },

    async removeEntry(mission) {
      await reconcileOne(mission, 'write-back');
      const deadline = clock.monotonic() + COMMAND_PATIENCE_MS;
      for (;;) {
        const result = await loop.exclusively(() => removeOnce(mission));
        if (result.status === 'written') return;
        const isBusy = result.status === 'unavailable' && result.reason === 'busy';
        if (isBusy && clock.monotonic() < deadline) {
          // Outside the lock on the global entry: the others are kept in step meanwhile.
          await sleep(REMOVE_PAUSE_MS);
        } else if (result.status === 'moved') {
          throw new UserError(`Mission ${calledMission(mission)} was just written to; try again.`);
        } else throw unavailableError(`The entry of mission ${calledMission(mission)}`, result);
      }
    },

    status: status.fresh,
    lastKnown: status.lastKnown,
    lookAtStopped: status.lookAtStopped,
    refreshView,

    setPaused(paused) {
      deps.fence.setPaused(paused);
      loop.setPaused(paused);
    },

    async dispose(how = 'write-back') {
      disposed = true;
      cancelPulse?.();
      watcher.dispose();
      pidLooks.dispose();
      deps.fence.dispose();
      const targets = started ? running() : [];
      if (how === 'abandon') loop.abandon();
      try {
        await loop.stop(targets.length > 0 ? { targets } : null);
      } finally {
        await store.dispose();
      }
    },
  };
}

/** What is odd in the missions folder, for people; `null` if nothing is. */
function oddMissions(odd: readonly OddEntry[]): string | null {
  if (odd.length === 0) return null;
  const named = odd.slice(0, NAMED).map(({ name, why }) => `"${name}" (${why})`);
  const more = odd.length > NAMED ? ` and ${odd.length - NAMED} more` : '';
  return `In the missions folder, ${named.join(', ')}${more} cannot be looked into and is no mission until that is mended. The others are not concerned.`;
}

function resyncResult(missionId: string, outcome: MissionOutcome | undefined): ResyncResult {
  if (outcome === undefined) return { missionId, status: 'stopped', up: [], down: [], hash: null };
  const { status, up, down, view } = outcome;
  return { missionId, status, up, down, hash: view.status === 'found' ? view.hash : null };
}

/** A link's own path, and that of the file it leads to: either may be replaced. */
function pathsTo(path: string): Set<string> {
  try {
    return new Set([path, linkTarget(path)]);
  } catch {
    // In a circle: nothing can be read through it, and the link itself is what has to change.
    return new Set([path]);
  }
}

function noMission(id: string): UserError {
  return new UserError(`There is no mission "${id}"; "agenc-bar mission ls" lists them.`);
}
