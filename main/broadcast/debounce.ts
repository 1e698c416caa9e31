import type { Clock } from '../system/clock.ts';

/** However many calls keep coming, the work waits no longer than this in all. */
export const MAX_WAIT_MS = 5_000;

export interface Debounced {
  (): void;
  dispose(): void;
}

/**
 * Runs `work` once calls have been quiet for `delayMs`, but `MAX_WAIT_MS` after the first of them at
 * the latest: a broadcast every half second would starve a plain debounce for ever.
 */
export function debounce(work: () => void, delayMs: () => number, clock: Clock): Debounced {
  let cancel: (() => void) | null = null;
  let firstCall: number | null = null;

  function run(): void {
    cancel = null;
    firstCall = null;
    work();
  }

  const call = (): void => {
    const now = clock.monotonic();
    firstCall ??= now;
    cancel?.();
    cancel = clock.after(Math.max(0, Math.min(delayMs(), firstCall + MAX_WAIT_MS - now)), run);
  };
  return Object.assign(call, {
    dispose() {
      cancel?.();
      cancel = null;
    },
  });
}
