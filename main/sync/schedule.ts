/** What decides when the engine looks next. Times are monotonic ms. */
export interface ScheduleInput {
  readonly now: number;
  /** Something changed, or a mission started or stopped. */
  readonly changed: boolean;
  /** Looks in a row that left something undone: a store unavailable, a disk full. */
  readonly failures: number;
  readonly lastLookAt: number;
  readonly lastPollAt: number;
  readonly pollIntervalMs: number;
}

export interface NextLook {
  readonly delayMs: number;
  readonly reason: 'change' | 'retry' | 'poll';
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** When to look next, and why. Pure. */
export function nextLook(input: ScheduleInput): NextLook {
  const poll = Math.max(0, input.lastPollAt + input.pollIntervalMs - input.now);
  if (input.changed) return { delayMs: 0, reason: 'change' };
  if (input.failures > 0) {
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (input.failures - 1), LAST_RETRY_MS);
    const retry = Math.max(0, input.lastLookAt + wait - input.now);
    if (retry <= poll) return { delayMs: retry, reason: 'retry' };
  }
  return { delayMs: poll, reason: 'poll' };
}
