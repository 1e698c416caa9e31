/**
 * When the engine refreshes which token, and how long it tries. Pure.
 *
 * What is left of a token is told by two clocks, and the smaller answer counts: the wall clock goes on
 * while the machine sleeps, the monotonic one is not fooled by a clock that is set back.
 */

/** When a value was first seen, on both clocks (ms since the epoch, monotonic ms). */
export interface FirstSeen {
  readonly wall: number;
  readonly monotonic: number;
}

/** A server's value that the engine may refresh: usable, with a refresh token, in a mission that runs. */
export interface RefreshCandidate {
  readonly key: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
  readonly seen: FirstSeen;
  /** Whether it was issued just before it was seen, so that its whole life is known. */
  readonly fresh: boolean;
  /** From 0 to 1, drawn once for each value: not all engines of this world ask at the same moment. */
  readonly jitter: number;
  /** Nothing before that (monotonic ms): the wait after a failure, or for a client that is at it. */
  readonly notBefore: number | null;
}

export interface RefreshScheduleInput {
  /** ms since the epoch. */
  readonly now: number;
  /** Monotonic ms. */
  readonly monotonic: number;
  readonly aheadMs: number;
  readonly candidates: readonly RefreshCandidate[];
}

/**
 * - `ahead`: before any client would · `late`: a client may do so any time (the engine came late, or slept)
 * - `retry`: after a wait
 */
export interface NextRefresh {
  readonly key: string;
  readonly delayMs: number;
  readonly reason: 'ahead' | 'late' | 'retry';
}

/** Clients refresh a token with less than this left, at its next use (measured, docs/claude-code.md). */
export const CLIENT_WINDOW_MS = 300_000;
/** Of a life shorter than this nothing is refreshed ahead: clients do so at every request, we cannot keep up. */
export const SHORTEST_LIFE_MS = 10_000;
/** By so much of the lead a refresh may come earlier. */
const JITTER = 0.1;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Of a token that was late at the first try already: networks need a while after a sleep. */
const LATE_PATIENCE_MS = 60_000;

/** The refresh that is due first, or `null` where there is none. */
export function nextRefresh(input: RefreshScheduleInput): NextRefresh | null {
  let first: NextRefresh | null = null;
  for (const candidate of input.candidates) {
    const next = refreshOf(candidate, input);
    if (next !== null && (first === null || next.delayMs < first.delayMs)) first = next;
  }
  return first;
}

/** When one value is refreshed; `null`: never. */
export function refreshOf(
  candidate: RefreshCandidate,
  { now, monotonic, aheadMs }: Omit<RefreshScheduleInput, 'candidates'>,
): NextRefresh | null {
  const { key, fresh, notBefore } = candidate;
  if (fresh && lifeOf(candidate) < SHORTEST_LIFE_MS) return null;
  const leftMs = timeLeft(candidate, now, monotonic);
  const leadMs = leadOf(candidate, aheadMs);
  const dueMs = Math.max(0, leftMs - dueAtLeft(candidate, aheadMs));
  const waitMs = notBefore === null ? 0 : Math.max(0, notBefore - monotonic);
  if (waitMs > dueMs) return { key, delayMs: waitMs, reason: 'retry' };
  return { key, delayMs: dueMs, reason: leftMs < giveUpAt(leadMs) ? 'late' : 'ahead' };
}

/**
 * Since when a value is due, in monotonic ms; never before it was seen or its wait was over, whatever it says
 * of its own end.
 */
export function dueSince(
  candidate: RefreshCandidate,
  { now, monotonic, aheadMs }: Omit<RefreshScheduleInput, 'candidates'>,
): number {
  const lateMs = dueAtLeft(candidate, aheadMs) - timeLeft(candidate, now, monotonic);
  return Math.max(monotonic - lateMs, candidate.seen.monotonic, candidate.notBefore ?? 0);
}

/** ms until a value expires, by the clock that says less; negative once it has. */
export function timeLeft(
  { expiresAt, seen }: Pick<RefreshCandidate, 'expiresAt' | 'seen'>,
  now: number,
  monotonic: number,
): number {
  return Math.min(expiresAt - now, expiresAt - seen.wall - (monotonic - seen.monotonic));
}

/**
 * How long before its end a value is refreshed. Of one that was there before the engine came nobody knows
 * how long it lived already, so half of what is left would often be too late.
 */
export function leadOf(
  candidate: Pick<RefreshCandidate, 'expiresAt' | 'seen' | 'fresh'>,
  aheadMs: number,
): number {
  return candidate.fresh ? Math.min(aheadMs, Math.max(0, lifeOf(candidate)) / 2) : aheadMs;
}

/** What is left of a value when it comes due. */
function dueAtLeft(candidate: RefreshCandidate, aheadMs: number): number {
  return leadOf(candidate, aheadMs) * (1 + JITTER * candidate.jitter);
}

function lifeOf({ expiresAt, seen }: Pick<RefreshCandidate, 'expiresAt' | 'seen'>): number {
  return expiresAt - seen.wall;
}

/** Time left, in ms, from which a client may refresh by itself: the engine then leaves it to the client. */
function giveUpAt(leadMs: number): number {
  return Math.min(CLIENT_WINDOW_MS, leadMs / 2);
}

/** A refresh that failed for a cause that may pass. */
export interface FailedRefresh {
  /** In a row, of this value; at least 1. */
  readonly failures: number;
  /** What the server asked for. */
  readonly retryAfterMs: number | null;
  /** What is left of the value. */
  readonly leftMs: number;
  /** As {@link leadOf} says. */
  readonly leadMs: number;
  /** Since the first try. */
  readonly triedForMs: number;
  /** Whether a client could have been at it at the first try already. */
  readonly late: boolean;
}

/** How long to wait before the next try; `null`: no more tries, the client will do it. */
export function nextTry(failed: FailedRefresh): number | null {
  const backoffMs = Math.min(FIRST_WAIT_MS * 2 ** (failed.failures - 1), LONGEST_WAIT_MS);
  const waitMs = Math.max(backoffMs, failed.retryAfterMs ?? 0);
  const inTime = failed.late
    ? failed.triedForMs + waitMs <= LATE_PATIENCE_MS
    : failed.leftMs - waitMs >= giveUpAt(failed.leadMs);
  return inTime ? waitMs : null;
}
