import type { Clock } from '../system/clock.ts';

/** How soon something is tried again, and how rarely in the end. In ms. */
export interface RetryPace {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A lock that a client holds is free within milliseconds; one that is kept costs a try every second or two. */
export const BUSY_PACE: RetryPace = { firstMs: 5, lastMs: 2_000 };
/** A disk that is full, a folder that may not be entered. */
export const TROUBLE_PACE: RetryPace = { firstMs: 500, lastMs: 30_000 };

/** Tries again what failed, each at a pace of its own: one that fails for ever makes no other wait longer. */
export interface Retries {
  /** It failed (again). @param since how long it has been so is counted from the first failure of this pace */
  failed(id: string, pace: RetryPace, again: () => void): void;
  /** It waits, and need not be tried before its time. */
  has(id: string): boolean;
  /** For how long it has failed at this pace, ms; 0 if it has not. */
  failingFor(id: string, pace: RetryPace): number;
  /** Tries it now, if it waits. */
  hurry(id: string): void;
  /** It went well, or is gone. */
  clear(id: string): void;
  dispose(): void;
}

interface Failing {
  readonly pace: RetryPace;
  readonly since: number;
  readonly tries: number;
  readonly again: () => void;
  cancel: (() => void) | null;
}

export function createRetries(clock: Clock): Retries {
  const failing = new Map<string, Failing>();

  function run(one: Failing): void {
    one.cancel?.();
    one.cancel = null;
    one.again();
  }

  return {
    failed(id, pace, again) {
      const before = failing.get(id);
      before?.cancel?.();
      const same = before?.pace === pace ? before : undefined;
      const tries = (same?.tries ?? 0) + 1;
      const since = same?.since ?? clock.monotonic();
      const one: Failing = { pace, since, tries, again, cancel: null };
      const delayMs = Math.min(pace.firstMs * 2 ** (tries - 1), pace.lastMs);
      one.cancel = clock.after(delayMs, () => run(one));
      failing.set(id, one);
    },

    has: (id) => (failing.get(id)?.cancel ?? null) !== null,

    failingFor(id, pace) {
      const one = failing.get(id);
      return one?.pace === pace ? clock.monotonic() - one.since : 0;
    },

    hurry(id) {
      const one = failing.get(id);
      if (one !== undefined && one.cancel !== null) run(one);
    },

    clear(id) {
      failing.get(id)?.cancel?.();
      failing.delete(id);
    },

    dispose() {
      for (const one of failing.values()) one.cancel?.();
      failing.clear();
    },
  };
}
