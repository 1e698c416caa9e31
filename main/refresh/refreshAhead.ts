import type { Json } from '../credentials/entry.ts';
import type { FieldId } from '../credentials/fields.ts';
import { expiresAtOf, type ServerSummary } from '../credentials/serverState.ts';
import type { Emit, EngineEvent, RefreshStory } from '../sync/events.ts';
import type { Replaced } from '../sync/outcome.ts';
import type { Clock } from '../system/clock.ts';
import { defectText } from '../system/defects.ts';
import { idOf, type Lease, type LeaseResult } from './lease.ts';
import { leadOf, nextRefresh, nextTry, refreshOf, timeLeft } from './leaseSchedule.ts';
import type { LockNames } from './lockNames.ts';
import { createRefreshBook, type RefreshNote, type RefreshTrouble } from './refreshBook.ts';
import type { OpenRefresh } from './refreshJournal.ts';
import { type Begun, isAgain, nextInLine, RATION_MS, recent } from './refreshLine.ts';
import type { RefreshView } from './refreshPlace.ts';

/** What is shown of the refreshes of a server's value. Times are ms since the epoch. */
export interface RefreshFacts {
  readonly refreshedAt: number | null;
  readonly refreshedBy: string | null;
  /** When the engine will refresh it; `null`: it will not. */
  readonly nextRefreshAt: number | null;
  readonly refreshTrouble: RefreshTrouble | null;
}

export interface RefreshAheadDeps {
  readonly lease: Lease;
  readonly lockNames: Pick<LockNames, 'takeIn'>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly view: () => Pick<
    RefreshView,
    'places' | 'isShared' | 'serversOf' | 'versionOf' | 'takeInAll'
  >;
  readonly isPaused: () => boolean;
  /** Looks at all entries: somebody may have a newer token. */
  readonly lookAtAll: () => void;
  readonly settings: () => { readonly refreshAhead: boolean; readonly refreshAheadMs: number };
  /** The first 8 hex digits of a value's digest. */
  readonly fingerprint: (id: FieldId, value: Json) => string;
  /** Tells what is wrong with refreshes that are not at their end; `null`: nothing is. */
  readonly onProblem: (message: string | null) => void;
  /** What {@link RefreshAhead.factsOf} gives may be other than before. */
  readonly onProgress: () => void;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** Refreshes tokens before any client does. Does nothing before {@link RefreshAhead.start}. */
export interface RefreshAhead {
  /** Carries what an engine before this one did not come to carry, then begins. */
  start(): Promise<void>;
  /** What is known of the entries, or the settings, may be other than before. */
  look(): void;
  /** The wall clock was set, or the machine slept: what was given up may work now. */
  onJump(): void;
  onEvent(event: EngineEvent): void;
  /** What is known of just this value of a server. */
  factsOf(server: Pick<ServerSummary, 'key' | 'expiresAt' | 'status'>): RefreshFacts;
  /** Whether a refresh is under way. */
  isRefreshing(): boolean;
  /** Begins nothing more, and waits for what is under way: a token that was sent must not be lost. */
  dispose(): Promise<void>;
}

const NOTHING_KNOWN: RefreshFacts = {
  refreshedAt: null,
  refreshedBy: null,
  nextRefreshAt: null,
  refreshTrouble: null,
};
/** Changes come in bursts; one look serves them all. */
const LOOK_DELAY_MS = 50;
/** Node's timers end at 24 days, and an hourly look costs nothing. */
const LONGEST_TIMER_MS = 3_600_000;
/**
 * Refreshes that the engine works on at once. One that waits for a server's answer does not count: that costs a
 * connection, and there is no more than one for each server that an entry can hold.
 */
const AT_ONCE = 4;
/** A refresh found another value than we knew: time for the engine to have read it. */
const LOOK_AGAIN_MS = 1_000;
const CARRY_AGAIN_MS = 5_000;

export function createRefreshAhead(deps: RefreshAheadDeps): RefreshAhead {
  const { lease, clock } = deps;
  const book = createRefreshBook(clock, deps.random ?? Math.random);
  const running = new Map<string, { done: Promise<void>; waits: boolean }>();
  let begun: readonly Begun[] = [];
  /** Keys of the servers that some running mission has; empty while nothing is to be done. */
  let wanted: ReadonlySet<string> = new Set();
  let carrying: Promise<void> | null = null;
  let problems: readonly string[] = [];
  let started = false;
  let disposed = false;
  let cancelLook: (() => void) | null = null;
  let cancelTimer: (() => void) | null = null;
  let cancelCarry: (() => void) | null = null;

  const times = () => ({
    now: clock.now(),
    monotonic: clock.monotonic(),
    aheadMs: deps.settings().refreshAheadMs,
  });

  function look(): void {
    if (started && !disposed) cancelLook ??= clock.after(LOOK_DELAY_MS, lookNow);
  }

  function lookNow(): void {
    cancelLook?.();
    cancelLook = null;
    if (disposed) return;
    const before = wanted;
    const { serversOf, versionOf } = deps.view();
    const servers = serversOf(null);
    deps.lockNames.takeIn(servers.map(({ key }) => key));
    const isNew = book.takeIn(servers, versionOf);
    wanted = wantedNow();
    if (isNew || !isSame(wanted, before)) deps.onProgress();
    beginDue();
  }

  function beginDue(): void {
    cancelTimer?.();
    cancelTimer = null;
    while (!disposed && working() < AT_ONCE) {
      const input = { ...times(), candidates: book.all().filter(isOpen) };
      const next = nextInLine(input, begun);
      if (next === null) {
        const delayMs = nextRefresh(input)?.delayMs;
        // What is due already waits for its ration.
        if (delayMs !== undefined)
          cancelTimer = clock.after(Math.min(delayMs || RATION_MS, LONGEST_TIMER_MS), lookNow);
        return;
      }
      begin(next);
    }
  }

  function working(): number {
    return [...running.values()].filter(({ waits }) => !waits).length;
  }

  function wantedNow(): Set<string> {
    const keys = new Set<string>();
    if (deps.isPaused() || !deps.settings().refreshAhead) return keys;
    const { places, isShared, serversOf } = deps.view();
    for (const { missionId } of places()) {
      // A plain claude's own tokens are its own business, unless a mission lives by them.
      if (missionId === null && !isShared()) continue;
      for (const { key, status } of serversOf(missionId)) if (status === 'usable') keys.add(key);
    }
    for (const { serverKey } of lease.kept()) keys.delete(serverKey);
    return keys;
  }

  function isOpen({ key, trouble }: RefreshNote): boolean {
    return trouble === null && wanted.has(key) && !running.has(key);
  }

  function begin(note: RefreshNote): void {
    const { key, broughtBy } = note;
    const at = clock.monotonic();
    const late = refreshOf(note, times())?.reason === 'late';
    if (note.firstTryAt === null) Object.assign(note, { firstTryAt: at, late });
    begun = [...recent(begun, at), { broughtBy, again: isAgain(note, at), at }];
    note.begunAt = at;
    note.troubled = deps.view().versionOf(key);
    const run = { done: Promise.resolve(), waits: false };
    running.set(key, run);
    const refreshed = lease.refresh(key, (waits) => {
      run.waits = waits;
      if (waits) beginDue();
    });
    run.done = refreshed.catch(defective).then((result) => {
      if (result.status === 'refreshed') claim(key, result.replaced);
      running.delete(key);
      conclude(note, result);
      deps.onProgress();
      look();
    });
  }

  /** Takes in the new value, if it still is there, as one of ours. */
  function claim(key: string, { to }: Replaced): void {
    lookNow();
    book.isEngines(key, expiresAtOf(to));
  }

  function conclude(note: RefreshNote, result: LeaseResult): void {
    const well = answeredWell(result);
    if (well !== null) book.answered(note.key, well);
    switch (result.status) {
      case 'refreshed':
        tell(note, 'refreshed', result.replaced);
        return;
      case 'superseded':
      case 'changed':
        note.notBefore = clock.monotonic() + LOOK_AGAIN_MS;
        deps.lookAtAll();
        return;
      case 'kept':
        void carryKept();
        return;
      case 'later':
        tryAgain(note, result);
        return;
      case 'refused':
        note.trouble = 'needs-sign-in';
        tell(note, 'rejected', { from: result.value, detail: result.detail });
        deps.lookAtAll();
        return;
      case 'unsure':
      case 'unfit':
        note.trouble = 'left-to-client';
        tell(note, result.status === 'unsure' ? 'timeout' : 'unchanged', {
          from: result.value,
          detail: result.detail,
        });
    }
  }

  function tryAgain(note: RefreshNote, result: Extract<LeaseResult, { status: 'later' }>): void {
    const { now, monotonic, aheadMs } = times();
    note.failures += 1;
    const waitMs = nextTry({
      failures: note.failures,
      retryAfterMs: result.retryAfterMs,
      leftMs: timeLeft(note, now, monotonic),
      leadMs: leadOf(note, aheadMs),
      triedForMs: monotonic - (note.firstTryAt ?? monotonic),
      late: note.late,
    });
    if (waitMs !== null) {
      note.notBefore = monotonic + waitMs;
      return;
    }
    note.trouble = 'left-to-client';
    tell(note, 'unchanged', { detail: result.detail });
  }

  function tell(
    { key, name }: Pick<RefreshNote, 'key' | 'name'>,
    outcome: RefreshStory['outcome'],
    what: {
      readonly from?: Json | undefined;
      readonly to?: Json;
      readonly receivers?: RefreshStory['receivers'];
      readonly detail?: string;
    },
  ): void {
    const { from, to, receivers = [], detail } = what;
    const print = (value: Json | undefined) =>
      value === undefined ? null : deps.fingerprint(idOf(key), value);
    deps.emit({
      event: 'refresh',
      at: clock.now(),
      server: name,
      key,
      by: 'engine',
      missionId: null,
      from: print(from),
      to: print(to),
      receivers,
      outcome,
      ...(detail !== undefined && { detail }),
    });
  }

  /** Carries what the journal keeps, and tries again for as long as the entries cannot be written. */
  function carryKept(): Promise<void> {
    carrying ??= carryAll().finally(() => {
      carrying = null;
    });
    return carrying;
  }

  async function carryAll(): Promise<void> {
    cancelCarry?.();
    cancelCarry = null;
    const troubles = [...problems];
    for (const open of lease.kept()) {
      const detail = await carryOne(open);
      if (detail !== null) troubles.push(`The new tokens of "${open.name}" ${detail}`);
    }
    deps.onProblem(troubles.length === 0 ? null : troubles.join(' '));
    if (lease.kept().length > 0 && !disposed)
      cancelCarry = clock.after(CARRY_AGAIN_MS, () => void carryKept());
    look();
  }

  async function carryOne(open: OpenRefresh): Promise<string | null> {
    const { serverKey } = open;
    // One that is under way is carried by who began it.
    if (running.has(serverKey)) return null;
    const run = lease.carryKept(open).catch(defective);
    running.set(serverKey, { done: run.then(() => undefined), waits: false });
    const result = await run;
    if (result.status === 'refreshed') {
      claim(serverKey, result.replaced);
      tell({ key: serverKey, name: open.name }, 'refreshed', result.replaced);
    }
    running.delete(serverKey);
    if (result.status === 'kept' || result.status === 'unfit')
      return `could not be carried yet: ${result.detail}`;
    return result.status === 'unsure' ? `are lost: ${result.detail}` : null;
  }

  return {
    async start() {
      problems = await lease.recover();
      await carryKept();
      started = true;
      lookNow();
    },
    look,
    onEvent: book.onEvent,

    onJump() {
      for (const note of book.all()) {
        if (note.trouble === 'needs-sign-in') continue;
        Object.assign(note, { trouble: null, notBefore: null, failures: 0, firstTryAt: null });
      }
      look();
    },

    factsOf(server) {
      const note = book.get(server.key);
      if (note?.expiresAt !== server.expiresAt || server.status !== 'usable') return NOTHING_KNOWN;
      const { refreshedAt, refreshedBy, trouble } = note;
      const next = trouble === null && wanted.has(note.key) ? refreshOf(note, times()) : null;
      const nextRefreshAt = next === null ? null : clock.now() + next.delayMs;
      return { refreshedAt, refreshedBy, nextRefreshAt, refreshTrouble: trouble };
    },

    isRefreshing: () => running.size > 0,

    async dispose() {
      disposed = true;
      for (const cancel of [cancelLook, cancelTimer, cancelCarry]) cancel?.();
      await Promise.all([...[...running.values()].map(({ done }) => done), carrying]);
    },
  };
}

/** A defect of ours costs one server its refresh ahead, which its clients then do, and nobody else anything. */
function defective(error: unknown): LeaseResult {
  const detail = `something went wrong: ${defectText(error)}; please report this`;
  return { status: 'unfit', detail, value: undefined };
}

/** Whether a server did what it was asked for; `null`: it was not its fault that nothing came of it. */
function answeredWell(result: LeaseResult): boolean | null {
  if (result.status === 'changed' || (result.status === 'later' && !result.atServer)) return null;
  return ['refreshed', 'superseded', 'kept'].includes(result.status);
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((key) => b.has(key));
}
