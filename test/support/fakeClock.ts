import type { Clock } from '../../main/system/clock.ts';

/** A clock that a test turns by hand. */
export interface FakeClock extends Clock {
  /** Lets time pass: timers run in their order. */
  pass(ms: number): void;
  /** Sets the wall clock alone, as a user or NTP does. */
  jump(ms: number): void;
}

export function createFakeClock(start = 1_795_000_000_000): FakeClock {
  let wall = start;
  let passed = 0;
  const timers = new Set<{ at: number; work: () => void }>();
  return {
    now: () => wall,
    monotonic: () => passed,
    after(delayMs, work) {
      const timer = { at: passed + delayMs, work };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      const end = passed + ms;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        wall += next.at - passed;
        passed = next.at;
        next.work();
      }
      wall += end - passed;
      passed = end;
    },
    jump(ms) {
      wall += ms;
    },
  };
}
