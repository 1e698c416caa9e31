import pLimit from 'p-limit';
import { entryRef, type Mission } from '../missions/mission.ts';
import { isSynced, type MissionRegistry } from '../missions/registry.ts';
import type { CredentialStore, EntryRef, Unavailable } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { defectText } from '../system/defects.ts';
import { errorText } from '../system/errors.ts';
import type { PathWatcher } from '../system/pathWatcher.ts';
import { UserError } from '../system/userError.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import type { Alerts } from './alerts.ts';
import { costsOf, createBrake } from './brake.ts';
import type { LineageStore } from './lineage.ts';
import { createLockWatch, lockedOut } from './lockWatch.ts';
import type { MissionOutcome, ReconcileOutcome, ReconcileRequest, Target } from './outcome.ts';
import type { Reconciler } from './reconciler.ts';
import type { Replacements } from './replacements.ts';
import { createReporter } from './report.ts';
import { BUSY_PACE, createRetries, TROUBLE_PACE } from './retries.ts';
import { nextLook } from './schedule.ts';
import type { Seen } from './seen.ts';
import { tryWhileBusy } from './whileBusy.ts';

export interface WorkLoopDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly reconciler: Reconciler;
  readonly registry: MissionRegistry;
  readonly lineage: LineageStore;
  readonly destinations: Pick<DestinationBook, 'save'>;
  readonly replacements: Pick<Replacements, 'note'>;
  readonly seen: Seen;
  readonly alerts: Alerts;
  readonly watcher: Pick<PathWatcher, 'watch'>;
  readonly clock: Clock;
  readonly pollIntervalMs: () => number;
  /** The safety poll is due: look at what else there is, before the entries are. */
  readonly beforePoll: () => void;
  /** Something began, or is done: what is known may be other than before. */
  readonly onProgress: () => void;
}

/**
 * Decides what is reconciled when. A change is reconciled as soon as it is noticed, together with the others
 * that came meanwhile; what failed is tried again; the poll looks at everything. A mission that fails, holds
 * its lock or changes all the time has a schedule of its own, so that no other mission waits for it.
 */
export interface WorkLoop {
  /** Has a mission looked at. */
  notice(mission: Mission, phase?: Target['phase']): void;
  /** The global entry and all running missions are. */
  noticeAll(): void;
  /** Something happened to an entry's file: look, unless it was our own write. */
  noticeEntry(mission: Mission): Promise<void>;
  noticeGlobal(): Promise<void>;
  /** Looks at these entries and the global one where they may have changed, also at one that is braked. */
  lookNow(missions: readonly Mission[]): Promise<void>;
  forget(mission: Mission): void;
  /** Looks at everything whose stamp differs. */
  poll(): Promise<void>;
  /**
   * Runs one reconcile for a command, then everything that follows from it.
   * @param patienceMs how long it is tried again while somebody keeps the lock of one of its targets; in
   *   between, all others are kept in step
   * @throws UserError if the global entry could not be used
   */
  command(request: () => ReconcileRequest, patienceMs?: number): Promise<ReconcileOutcome>;
  /** Runs work on entries while nothing else does: the lock on the global entry. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is reconciled while paused; what is noticed waits. */
  setPaused(paused: boolean): void;
  isPaused(): boolean;
  isBusy(): boolean;
  /** A mission with what it waits for, if it does. */
  targetOf(mission: Mission): Target;
  save(): Promise<void>;
  /** Resolves when all was looked at that was noticed before the call, or is known to have to wait. */
  settled(): Promise<void>;
  /** Nothing is written any more, from now on. */
  abandon(): void;
  /** Runs one last reconcile, if any, then nothing more. */
  stop(last: ReconcileRequest | null): Promise<void>;
}

/** A mission that waits for a look. */
interface Pending {
  /** Monotonic ms. */
  readonly noticedAt: number;
  /** Grows with each thing noticed: what came before a command is told from what came after it. */
  readonly sequence: number;
  readonly phase?: NonNullable<Target['phase']>;
  /** Its own entry changed, not only what the others have. */
  readonly own?: true;
}

/** Stands for the global entry in the brake, among the ids of missions. */
const GLOBAL = '';
/** How many events one write of ours may cause: under the entry's own name, and under the one that a link leads to. */
const OWN_EVENTS = 2;
/** A lock that is kept for longer than any client keeps one is told. */
const BUSY_TOLD_MS = 5_000;
/** Whoever overwrites an entry in its place, or removes an item of a keychain and adds it anew, is done long before. */
const WIPE_PATIENCE_MS = { file: 250, security: 500, keytar: 500 } as const;

export function createWorkLoop(deps: WorkLoopDeps): WorkLoop {
  const { store, registry, lineage, seen, alerts, clock } = deps;
  const reporter = createReporter(alerts, store, deps.global, WIPE_PATIENCE_MS[store.kind]);
  const exclusive = pLimit(1);
  const retries = createRetries(clock);
  const brake = createBrake({ clock, costMs: () => lastTookMs, onDue, onStorm: reporter.storm });
  const locks = createLockWatch(store, deps.watcher);
  /** What the store said of each entry when it was last read or written by us. */
  const stamps = new Map<string, string | null>();
  const pending = new Map<string, Pending>();
  /** To be looked at as well, but not now: tried again later, or braked. */
  const waiting = new Map<string, Pending>();
  /** Those of them that wait until the global entry can be used again. */
  const stuckIds = new Set<string>();
  /** … and those that wait until it can be written, with why. */
  const waitsForGlobal = new Map<string, Unavailable>();
  /** What happened to entries while a reconcile was under way; looked at when it is done. */
  const touched = new Map<Mission, number>();
  let globalTouched = 0;
  let reconciling = false;
  let sequence = 0;
  /** The sequence number since which the global entry waits for a look; `null`: it does not. */
  let globalPending: number | null = null;
  let globalStamp: string | null = null;
  /** What the global entry was when all running missions were last told of it. */
  let globalHash: string | null = null;
  let failures = 0;
  let unsaved = false;
  let isDefective = false;
  let lastLookAt = 0;
  let lastTookMs = 0;
  let lastPollAt = 0;
  let queued = false;
  let stopped = false;
  let abandoned = false;
  let paused = false;
  let cancelTimer: (() => void) | null = null;

  const hasWork = (): boolean => !paused && (pending.size > 0 || globalPending !== null);
  const isActing = (): boolean => exclusive.activeCount + exclusive.pendingCount > 0;

  function noted(id: string, phase?: Target['phase'], isOwn = false): Pending {
    const before = pending.get(id) ?? waiting.get(id);
    const next = phase ?? before?.phase;
    const own = isOwn || before?.own;
    sequence += 1;
    return {
      noticedAt: before?.noticedAt ?? clock.monotonic(),
      // What is noticed again keeps its number, or `settled` would wait for others' storms.
      sequence: pending.get(id)?.sequence ?? sequence,
      ...(next && { phase: next }),
      ...(own && { own }),
    };
  }

  function enqueue(id: string, phase?: Target['phase'], isOwn = false): void {
    const next = noted(id, phase, isOwn);
    waiting.delete(id);
    pending.set(id, next);
  }

  function notice(mission: Mission, phase?: Target['phase']): void {
    const { id } = mission;
    if (pending.has(id) || brake.allows(id)) enqueue(id, phase, true);
    else waiting.set(id, noted(id, phase, true));
    schedule();
  }

  /** It has waited for its time. */
  function resume(id: string): void {
    const next = waiting.get(id);
    if (next === undefined) return;
    waiting.delete(id);
    pending.set(id, next);
    schedule();
  }

  function onDue(ids: readonly string[]): void {
    for (const id of ids) {
      if (id === GLOBAL) noticeAll();
      else resume(id);
    }
  }

  function noticeAll(): void {
    sequence += 1;
    globalPending ??= sequence;
    for (const { id } of registry.synced()) if (!isHeldUp(id) && !isDeferred(id)) enqueue(id);
    schedule();
  }

  /** Its changes cost so much that nobody else's look may take them along. It gets the others' with its own next one. */
  function isDeferred(id: string): boolean {
    if (!brake.defers(id)) return false;
    if (!pending.has(id)) waiting.set(id, noted(id));
    return true;
  }

  /** Somebody keeps its lock; once that is free, or at its next try, it gets all there is by then. */
  function isHeldUp(id: string): boolean {
    return retries.has(id) && retries.failingFor(id, BUSY_PACE) > 0;
  }

  /** Whether an entry may have changed since we read or wrote it: our own writes come back as events too. */
  async function hasMoved(ref: EntryRef, known: string | null | undefined): Promise<boolean> {
    const stamp = await store.stamp(ref);
    return stamp === null || stamp !== known;
  }

  async function noticeEntry(mission: Mission): Promise<void> {
    // Our own writes are under way: which of the events are theirs is known when they are done.
    if (reconciling) {
      const times = (touched.get(mission) ?? 0) + 1;
      touched.set(mission, times);
      if (times > OWN_EVENTS) brake.spend(mission.id);
    } else if (await hasMoved(entryRef(mission), stamps.get(mission.id))) notice(mission);
  }

  async function noticeGlobal(): Promise<void> {
    if (reconciling) {
      globalTouched += 1;
      if (globalTouched > OWN_EVENTS) brake.spend(GLOBAL);
    } else if ((await hasMoved(deps.global, globalStamp)) && brake.allows(GLOBAL)) noticeAll();
  }

  async function lookNow(missions: readonly Mission[]): Promise<void> {
    const look = async (ref: EntryRef, known: string | null | undefined, then: () => void) => {
      if (await hasMoved(ref, known)) then();
    };
    await Promise.all([
      look(deps.global, globalStamp, noticeAll),
      ...missions.map((mission) =>
        look(entryRef(mission), stamps.get(mission.id), () => enqueue(mission.id, undefined, true)),
      ),
    ]);
    schedule();
    await settled();
  }

  function schedule(): void {
    if (stopped) return;
    cancelTimer?.();
    const { delayMs, reason } = nextLook({
      now: clock.monotonic(),
      changed: hasWork(),
      failures: paused ? 0 : failures,
      lastLookAt,
      lastPollAt,
      pollIntervalMs: deps.pollIntervalMs(),
    });
    if (reason !== 'change') {
      cancelTimer = clock.after(delayMs, reason === 'poll' ? () => void poll() : retry);
    } else if (!queued) {
      queued = true;
      void exclusive(work);
      deps.onProgress();
    }
  }

  /** Runs work on entries as the only one. Whoever waited until the loop had ended would write beside the next engine. */
  function whileOpen<T>(work: () => Promise<T>): Promise<T> {
    return exclusive(() => {
      if (stopped) throw new UserError('The engine ends just now; nothing was changed. Try again.');
      return work();
    });
  }

  function retry(): void {
    for (const id of stuckIds) resume(id);
    stuckIds.clear();
    sequence += 1;
    globalPending ??= sequence;
    schedule();
  }

  async function poll(): Promise<void> {
    lastPollAt = clock.monotonic();
    try {
      deps.beforePoll();
      await noticeGlobal();
      await Promise.all(registry.synced().map(noticeEntry));
    } catch (error) {
      reportDefect(error);
    }
    if (failures > 0) retry();
    schedule();
  }

  /** A defect of ours. Nothing was lost (writes are verified), so it is said and tried again later. */
  function reportDefect(error: unknown): void {
    const message = `Something went wrong: ${defectText(error)}. It is tried again by itself; please report this.`;
    alerts.setOwn('internal', 'defect', message);
    isDefective = true;
    failures += 1;
  }

  /** One batch, of all that was noticed until now. What comes meanwhile is the next one, behind whoever waits. */
  async function work(): Promise<void> {
    queued = false;
    if (hasWork() && !stopped) await workOnce();
    await save();
    schedule();
    deps.onProgress();
  }

  async function workOnce(): Promise<void> {
    const batch = [...pending];
    pending.clear();
    globalPending = null;
    const noticedAt = Math.min(clock.monotonic(), ...batch.map(([, each]) => each.noticedAt));
    const targets = batch.flatMap(([id, { phase }]): Target[] => {
      const known = registry.get(id);
      const isLast = phase === 'write-back' || phase === 'share';
      if (known === undefined || (!isSynced(known) && !isLast)) return [];
      return [{ mission: known.mission, ...(phase && { phase }) }];
    });
    try {
      const from = clock.monotonic();
      const outcome = await run({ targets, noticedAt });
      // At once: a logout is known to be one only by a lineage that outlives a kill.
      await save();
      const noticed = new Map(batch);
      const isOwn = (id: string): boolean => noticed.get(id)?.own === true;
      const costs = costsOf(outcome.missions, isOwn, clock.monotonic() - from);
      for (const [id, ms] of costs) brake.charge(id, ms);
      if (isDefective) alerts.setOwn('internal', 'defect', null);
      isDefective = false;
    } catch (error) {
      reportDefect(error);
      for (const [id, each] of batch) waitStuck(id, each);
    }
  }

  function waitStuck(id: string, next: Pending): void {
    waiting.set(id, next);
    stuckIds.add(id);
  }

  /** One reconcile and what follows from it; only ever under `exclusive`. */
  async function run(request: ReconcileRequest): Promise<ReconcileOutcome> {
    reconciling = true;
    const from = clock.monotonic();
    const outcome = await deps.reconciler
      .reconcile({ others: () => othersThan(request.targets), ...request })
      .finally(() => {
        reconciling = false;
      });
    const { global, blocked } = outcome;
    lastLookAt = clock.monotonic();
    lastTookMs = lastLookAt - from;
    globalStamp = global.stamp;
    const stuck = isStuck(outcome);
    seen.noteGlobal(stuck ? (blocked ?? global.view) : global.view);
    const noticedAt = request.noticedAt ?? lastLookAt;
    for (const replacement of outcome.replacements) {
      const name = registry.get(replacement.missionId)?.mission.name;
      deps.replacements.note(replacement, name ?? replacement.missionId);
    }
    for (const target of outcome.targets) noteTarget(target, outcome, noticedAt);
    reporter.global({ ...outcome, blocked: stuck ? blocked : keptFromWriting() });
    if (stuck) failures += 1;
    else if (!unsaved) failures = 0;
    // Whoever changed it: this look has used up the event that would have told the others.
    const hash = global.view.status === 'found' ? global.view.hash : null;
    if (hash !== globalHash) fanOut(outcome.targets, noticedAt);
    globalHash = hash;
    await noticeTouched();
    return outcome;
  }

  /** Notes what came of one mission, and has it looked at again where that is needed. */
  function noteTarget(
    { mission, phase }: Target,
    outcome: ReconcileOutcome,
    noticedAt: number,
  ): void {
    const { id } = mission;
    const result = outcome.missions.get(id);
    if (result === undefined) return;
    waitsForGlobal.delete(id);
    if (registry.get(id) === undefined) {
      // Removed meanwhile: what it came to is of no interest any more.
      lineage.forget(id);
      return;
    }
    const stuck = isStuck(outcome);
    const { status } = result;
    sequence += 1;
    const own = status === 'moved' && { own: true as const };
    const next: Pending = { noticedAt, sequence, ...(phase && { phase }), ...own };
    stamps.set(id, status === 'done' || status === 'busy' ? result.stamp : null);
    waiting.delete(id);
    if (stuck) waitStuck(id, next);
    else if (status === 'busy') {
      waiting.set(id, next);
      retries.failed(id, BUSY_PACE, () => resume(id));
      const kept = outcome.blocked === null ? entryRef(mission) : deps.global;
      if (outcome.blocked !== null) waitsForGlobal.set(id, outcome.blocked);
      locks.watch(id, kept, () => {
        if (brake.allows(id)) retries.hurry(id);
      });
    } else if (status === 'unavailable') {
      waiting.set(id, next);
      retries.failed(id, TROUBLE_PACE, () => resume(id));
    } else {
      retries.clear(id);
      locks.end(id);
      if (status === 'moved') (brake.allows(id) ? pending : waiting).set(id, next);
    }
    const view = viewOfBusy(mission, result) ?? result.view;
    const isWell = status === 'done' && result.tampered.length === 0;
    seen.noteMission(id, { ...result, view }, isWell && !stuck);
    reporter.mission(mission, { ...result, view }, stuck);
  }

  /** How an entry is shown whose lock is kept for too long. */
  function viewOfBusy(mission: Mission, { status }: MissionOutcome): Unavailable | null {
    const { id } = mission;
    if (status !== 'busy' || waitsForGlobal.has(id)) return null;
    if (retries.failingFor(id, BUSY_PACE) < BUSY_TOLD_MS) return null;
    return lockedOut(store, entryRef(mission));
  }

  /** Why values have been waiting for the global entry for too long, if they have. */
  function keptFromWriting(): Unavailable | null {
    const [late] = [...waitsForGlobal].filter(
      ([id]) => retries.failingFor(id, BUSY_PACE) >= BUSY_TOLD_MS,
    );
    return late?.[1] ?? null;
  }

  async function noticeTouched(): Promise<void> {
    const missions = [...touched.keys()];
    touched.clear();
    const lookAtGlobal = globalTouched > 0;
    globalTouched = 0;
    if (lookAtGlobal) await noticeGlobal();
    await Promise.all(missions.filter(({ id }) => registry.get(id) !== undefined).map(noticeEntry));
  }

  /** The global entry changed: every other running mission is next. */
  function fanOut(done: readonly Target[], noticedAt: number): void {
    for (const { mission } of othersThan(done)) {
      const { id } = mission;
      if (pending.has(id)) continue;
      pending.set(id, { ...noted(id), noticedAt });
      waiting.delete(id);
    }
  }

  function othersThan(targets: readonly Target[]): Target[] {
    const ids = new Set(targets.map(({ mission }) => mission.id));
    return registry
      .synced()
      .filter(({ id }) => !ids.has(id) && !isHeldUp(id) && !isDeferred(id))
      .map(targetOf);
  }

  function targetOf(mission: Mission): Target {
    const phase = (pending.get(mission.id) ?? waiting.get(mission.id))?.phase;
    return { mission, ...(phase && { phase }) };
  }

  async function save(): Promise<void> {
    if (abandoned) return;
    try {
      // Before anybody else can learn of a sign-in it is on the disk where that may be sent.
      await deps.destinations.save();
      await lineage.save();
      unsaved = false;
      alerts.setOwn('state', 'state', null);
    } catch (error) {
      alerts.setOwn(
        'state',
        'state',
        `What was synced cannot be noted down: ${errorText(error)} Mend the folder or free some space.`,
      );
      unsaved = true;
      failures += 1;
    }
  }

  async function settled(): Promise<void> {
    const last = sequence;
    const isOpen = (): boolean =>
      (globalPending !== null && globalPending <= last) ||
      [...pending.values()].some((each) => each.sequence <= last);
    // Behind everything that is queued already. Others may write on and on: theirs is not waited for.
    await exclusive(queued ? () => undefined : work);
    while (!stopped && !paused && isOpen()) await exclusive(work);
  }

  return {
    notice,
    noticeAll,
    noticeEntry,
    noticeGlobal,
    lookNow,
    poll,
    save,
    settled,
    targetOf,
    exclusively: whileOpen,
    isPaused: () => paused,
    isBusy: () => hasWork() || isActing(),

    setPaused(next) {
      if (paused === next) return;
      paused = next;
      if (!paused) noticeAll();
      schedule();
      deps.onProgress();
    },

    forget({ id }) {
      for (const map of [stamps, pending, waiting, waitsForGlobal]) map.delete(id);
      stuckIds.delete(id);
      retries.clear(id);
      brake.forget(id);
      locks.end(id);
      seen.forget(id);
    },

    async command(request, patienceMs = 0) {
      if (paused) throw new UserError('Syncing is paused; resume it, then try again.');
      const attempt = (next: ReconcileRequest) =>
        whileOpen(async () => {
          const done = await run(next);
          await save();
          return done;
        });
      const outcome = await tryWhileBusy(request, attempt, patienceMs, clock);
      await settled();
      const { view } = outcome.global;
      if (view.status === 'malformed') {
        throw new UserError(
          `The global entry is ${view.reason}; mend it, or resolve its alert first ("agenc-bar alerts").`,
        );
      }
      return outcome;
    },

    abandon() {
      stopped = true;
      abandoned = true;
    },

    async stop(last) {
      const endTimers = (): void => {
        cancelTimer?.();
        for (const each of [brake, retries, locks]) each.dispose();
      };
      endTimers();
      try {
        await exclusive(async () => {
          if (stopped) return;
          try {
            if (last !== null && !paused) await run(last);
          } finally {
            stopped = true;
            await save();
          }
        });
      } finally {
        // What the last reconcile has started.
        endTimers();
      }
    },
  };
}

/** Whether the global entry cannot be worked with at all; one that is only busy can be read. */
function isStuck({ blocked, global }: ReconcileOutcome): boolean {
  return (blocked !== null && blocked.reason !== 'busy') || global.view.status === 'malformed';
}
