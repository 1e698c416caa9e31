import pLimit from 'p-limit';
import { entryRef, type Mission } from '../missions/mission.ts';
import { isSynced, type MissionRegistry } from '../missions/registry.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import type { Alerts } from './alerts.ts';
import type { LineageStore } from './lineage.ts';
import type { ReconcileOutcome, ReconcileRequest, Target } from './outcome.ts';
import type { Reconciler } from './reconciler.ts';
import type { Replacements } from './replacements.ts';
import { createReporter, unavailableError } from './report.ts';
import { nextLook } from './schedule.ts';
import type { Seen } from './seen.ts';

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
  readonly clock: Clock;
  readonly pollIntervalMs: () => number;
  /** The safety poll is due: look at what else there is, before the entries are. */
  readonly beforePoll: () => void;
  /** Something began, or is done: what is known may be other than before. */
  readonly onProgress: () => void;
}

/**
 * Decides what is reconciled when. Whatever is noticed is reconciled at once, together with all else
 * that was noticed meanwhile; what failed is tried again, and everything is looked at in the poll.
 */
export interface WorkLoop {
  /** This mission is to be looked at. */
  notice(mission: Mission, phase?: Target['phase']): void;
  /** The global entry and all running missions are. */
  noticeAll(): void;
  /** Something happened to an entry's file: look, unless it was our own write. */
  noticeEntry(mission: Mission): Promise<void>;
  noticeGlobal(): Promise<void>;
  forget(mission: Mission): void;
  /** Looks at everything whose stamp differs. */
  poll(): Promise<void>;
  /** Runs one reconcile for a command, then everything that follows from it. @throws UserError if it was blocked */
  command(request: () => ReconcileRequest): Promise<ReconcileOutcome>;
  /** Runs work on entries while nothing else does: the lock on the global entry. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is reconciled while paused; what is noticed waits. */
  setPaused(paused: boolean): void;
  isPaused(): boolean;
  isBusy(): boolean;
  /** What a mission that waits is waiting for. */
  phaseOf(id: string): Target['phase'];
  save(): Promise<void>;
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>;
  /** Nothing is written any more, from now on. */
  abandon(): void;
  /** Runs one last reconcile, if any, then nothing more. */
  stop(last: ReconcileRequest | null): Promise<void>;
}

/** A mission that is to be looked at, and since when (monotonic ms). */
interface Pending {
  readonly noticedAt: number;
  readonly phase?: NonNullable<Target['phase']>;
}

export function createWorkLoop(deps: WorkLoopDeps): WorkLoop {
  const { store, registry, lineage, seen, alerts, clock } = deps;
  const reporter = createReporter(alerts, store, deps.global);
  const exclusive = pLimit(1);
  /** What the store said of each entry when it was last read or written by us. */
  const stamps = new Map<string, string | null>();
  const pending = new Map<string, Pending>();
  const failed = new Map<string, Pending>();
  /** What happened to entries while a reconcile was under way; looked at when it is done. */
  const touched = new Set<Mission>();
  let globalTouched = false;
  let reconciling = false;
  let globalPending = false;
  let globalStamp: string | null = null;
  /** What the global entry was when all running missions were last told of it. */
  let globalHash: string | null = null;
  let failures = 0;
  let unsaved = false;
  let lastLookAt = 0;
  let lastPollAt = 0;
  let queued = false;
  let stopped = false;
  let abandoned = false;
  let paused = false;
  let cancelTimer: (() => void) | null = null;

  const hasWork = (): boolean => !paused && (pending.size > 0 || globalPending);
  const isActing = (): boolean => exclusive.activeCount + exclusive.pendingCount > 0;
  const activeMissions = (): Mission[] =>
    registry
      .all()
      .filter(isSynced)
      .map(({ mission }) => mission);

  function notice(mission: Mission, phase?: Target['phase']): void {
    const before = pending.get(mission.id) ?? failed.get(mission.id);
    const next = phase ?? before?.phase;
    const noticedAt = before?.noticedAt ?? clock.monotonic();
    failed.delete(mission.id);
    pending.set(mission.id, { noticedAt, ...(next && { phase: next }) });
    schedule();
  }

  function noticeAll(): void {
    globalPending = true;
    for (const mission of activeMissions()) notice(mission);
    schedule();
  }

  /** Whether an entry may have changed since we read or wrote it: our own writes come back as events too. */
  async function hasMoved(ref: EntryRef, known: string | null | undefined): Promise<boolean> {
    const stamp = await store.stamp(ref);
    return stamp === null || stamp !== known;
  }

  async function noticeEntry(mission: Mission): Promise<void> {
    // Our own writes are under way: which of the events are theirs is known when they are done.
    if (reconciling) touched.add(mission);
    else if (await hasMoved(entryRef(mission), stamps.get(mission.id))) notice(mission);
  }

  async function noticeGlobal(): Promise<void> {
    if (reconciling) globalTouched = true;
    else if (await hasMoved(deps.global, globalStamp)) noticeAll();
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

  function retry(): void {
    for (const [id, waiting] of failed) pending.set(id, waiting);
    failed.clear();
    globalPending = true;
    schedule();
  }

  async function poll(): Promise<void> {
    lastPollAt = clock.monotonic();
    try {
      deps.beforePoll();
      await noticeGlobal();
      await Promise.all(activeMissions().map(noticeEntry));
    } catch (error) {
      reportDefect(error);
    }
    if (failures > 0) retry();
    schedule();
  }

  /** A defect of ours. Nothing was lost (writes are verified), so it is said and tried again later. */
  function reportDefect(error: unknown): void {
    const message = `Something went wrong: ${errorText(error)} It is tried again by itself; please report this.`;
    alerts.setOwn('internal', 'state', message);
    failures += 1;
  }

  async function work(): Promise<void> {
    queued = false;
    while (hasWork() && !stopped) {
      const batch = [...pending];
      pending.clear();
      globalPending = false;
      const noticedAt = Math.min(
        clock.monotonic(),
        ...batch.map(([, waiting]) => waiting.noticedAt),
      );
      const targets = batch.flatMap(([id, { phase }]): Target[] => {
        const known = registry.get(id);
        const isLast = phase === 'write-back' || phase === 'share';
        if (known === undefined || (!isSynced(known) && !isLast)) return [];
        return [{ mission: known.mission, ...(phase && { phase }) }];
      });
      try {
        await run({ targets, noticedAt });
        // At once: a logout is known to be one only by a lineage that outlives a kill.
        await save();
        alerts.setOwn('internal', 'state', null);
      } catch (error) {
        reportDefect(error);
        for (const [id, waiting] of batch) failed.set(id, waiting);
      }
    }
    await save();
    schedule();
    deps.onProgress();
  }

  /** One reconcile and what follows from it; only ever under `exclusive`. */
  async function run(request: ReconcileRequest): Promise<ReconcileOutcome> {
    reconciling = true;
    const outcome = await deps.reconciler
      .reconcile({ others: () => othersThan(request.targets), ...request })
      .finally(() => {
        reconciling = false;
      });
    const { global } = outcome;
    lastLookAt = clock.monotonic();
    globalStamp = global.stamp;
    seen.noteGlobal(outcome.blocked ?? global.view);
    reporter.global(outcome);
    const noticedAt = request.noticedAt ?? lastLookAt;
    const stuck = outcome.blocked !== null || global.view.status === 'malformed';
    for (const replacement of outcome.replacements) {
      const from = registry.get(replacement.missionId)?.mission.name;
      deps.replacements.note(replacement, from ?? replacement.missionId);
    }
    for (const { mission, phase } of outcome.targets) {
      const result = outcome.missions.get(mission.id);
      if (result === undefined) continue;
      if (registry.get(mission.id) === undefined) {
        // Removed meanwhile: what it came to is of no interest any more.
        lineage.forget(mission.id);
        continue;
      }
      stamps.set(mission.id, result.status === 'done' ? result.stamp : null);
      const isWell = result.status === 'done' && result.tampered.length === 0;
      seen.noteMission(mission.id, result, isWell && !stuck);
      reporter.mission(mission, result, stuck);
      const waiting = { noticedAt, ...(phase && { phase }) };
      failed.delete(mission.id);
      if (stuck || result.status === 'unavailable') failed.set(mission.id, waiting);
      else if (result.status === 'moved') pending.set(mission.id, waiting);
    }
    if (stuck || failed.size > 0) failures += 1;
    else if (!unsaved) failures = 0;
    // Whoever changed it: this look has used up the event that would have told the others.
    const hash = global.view.status === 'found' ? global.view.hash : null;
    if (hash !== globalHash) fanOut(outcome.targets, noticedAt);
    globalHash = hash;
    await noticeTouched();
    return outcome;
  }

  async function noticeTouched(): Promise<void> {
    const missions = [...touched];
    touched.clear();
    const lookAtGlobal = globalTouched;
    globalTouched = false;
    if (lookAtGlobal) await noticeGlobal();
    await Promise.all(missions.filter(({ id }) => registry.get(id) !== undefined).map(noticeEntry));
  }

  /** The global entry changed: every other running mission is next. */
  function fanOut(done: readonly Target[], noticedAt: number): void {
    for (const { mission } of othersThan(done)) {
      if (pending.has(mission.id)) continue;
      pending.set(mission.id, { ...failed.get(mission.id), noticedAt });
      failed.delete(mission.id);
    }
  }

  function othersThan(targets: readonly Target[]): Target[] {
    const ids = new Set(targets.map(({ mission }) => mission.id));
    return activeMissions()
      .filter(({ id }) => !ids.has(id))
      .map((mission) => {
        const phase = (pending.get(mission.id) ?? failed.get(mission.id))?.phase;
        return { mission, ...(phase && { phase }) };
      });
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
    // Behind everything that is queued already. Waiting until nobody else is queued would have two callers wait
    // for each other for ever.
    do await exclusive(work);
    while (!stopped && hasWork());
  }

  return {
    notice,
    noticeAll,
    noticeEntry,
    noticeGlobal,
    poll,
    save,
    settled,
    exclusively: exclusive,
    phaseOf: (id) => pending.get(id)?.phase,
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
      for (const map of [stamps, pending, failed]) map.delete(id);
      seen.forget(id);
    },

    async command(request) {
      if (paused) throw new UserError('Syncing is paused; resume it, then try again.');
      const outcome = await exclusive(async () => {
        const done = await run(request());
        await save();
        return done;
      });
      await settled();
      if (outcome.blocked !== null) throw unavailableError('The global entry', outcome.blocked);
      const { view } = outcome.global;
      if (view.status === 'malformed') {
        throw new UserError(
          `The global entry is ${view.reason}; mend it, or resolve the alert "wipe-global" first.`,
        );
      }
      return outcome;
    },

    abandon() {
      stopped = true;
      abandoned = true;
    },

    async stop(last) {
      cancelTimer?.();
      await exclusive(async () => {
        if (stopped) return;
        if (last !== null && !paused) await run(last);
        stopped = true;
        await save();
      });
    },
  };
}
