/** Time as an argument, so that tests can set it. */
export interface Clock {
  /** Wall clock, ms since the epoch. May jump in either direction. */
  now(): number;
  /** Monotonic ms since some start. */
  monotonic(): number;
  /** Runs `work` once after `delayMs`; returns its cancellation. Does not keep the process alive. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
