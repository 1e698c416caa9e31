import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_WINDOW_MS,
  leadOf,
  nextRefresh,
  nextTry,
  type RefreshCandidate,
  refreshOf,
  SHORTEST_LIFE_MS,
  timeLeft,
} from '../../main/refresh/leaseSchedule.ts';

const NOW = 1_795_000_000_000;
const MINUTE = 60_000;
const AHEAD_MS = 10 * MINUTE;

/** A value that was issued at `NOW`, monotonic 0. */
function issued(lifeMs: number, change: Partial<RefreshCandidate> = {}): RefreshCandidate {
  const seen = { wall: NOW, monotonic: 0 };
  const expiresAt = NOW + lifeMs;
  return { key: 'k', expiresAt, seen, fresh: true, jitter: 0, notBefore: null, ...change };
}

const at = (passedMs: number, jumpMs = 0) => ({
  now: NOW + passedMs + jumpMs,
  monotonic: passedMs,
  aheadMs: AHEAD_MS,
});

describe('a refresh is due', () => {
  it.each([
    ['an hour', 60 * MINUTE, 50 * MINUTE],
    ['twenty minutes', 20 * MINUTE, 10 * MINUTE],
    ['five minutes', 5 * MINUTE, 2.5 * MINUTE],
  ])('of a life of %s at ten minutes left, or half of a shorter life', (_, lifeMs, dueMs) => {
    const expected = { key: 'k', delayMs: dueMs, reason: 'ahead' };
    expect(refreshOf(issued(lifeMs), at(0))).toEqual(expected);
  });

  it('at once when the machine slept through it, and when the clock was set ahead', () => {
    const value = issued(60 * MINUTE);
    // Asleep, the wall clock goes on and the monotonic one stands still.
    expect(refreshOf(value, at(MINUTE, 58 * MINUTE))).toMatchObject({ delayMs: 0, reason: 'late' });
  });

  it('no later when the clock was set back', () => {
    const value = issued(60 * MINUTE);
    expect(refreshOf(value, at(49 * MINUTE, -600 * MINUTE))?.delayMs).toBe(MINUTE);
  });

  it('at once where an engine comes late, and nobody knows how long the token lived', () => {
    const value = issued(7 * MINUTE, { fresh: false });
    expect(refreshOf(value, at(0))).toMatchObject({ delayMs: 0, reason: 'ahead' });
    expect(refreshOf(issued(MINUTE, { fresh: false }), at(0))?.reason).toBe('late');
  });

  it('never ahead of a life so short that clients refresh at every request', () => {
    expect(refreshOf(issued(SHORTEST_LIFE_MS - 1), at(0))).toBeNull();
  });

  it('after the wait that a failure asked for', () => {
    const value = issued(60 * MINUTE, { notBefore: 50 * MINUTE + 4_000 });
    expect(refreshOf(value, at(50 * MINUTE))).toMatchObject({ delayMs: 4_000, reason: 'retry' });
  });

  it('never, where there is nothing to refresh', () => {
    expect(nextRefresh({ ...at(0), candidates: [] })).toBeNull();
  });
});

const candidate = fc.record({
  key: fc.string(),
  expiresAt: fc.integer({ min: NOW - 100 * MINUTE, max: NOW + 10_000 * MINUTE }),
  seen: fc.record({
    wall: fc.integer({ min: NOW - 10_000 * MINUTE, max: NOW + 100 * MINUTE }),
    monotonic: fc.integer({ min: 0, max: 1_000 * MINUTE }),
  }),
  fresh: fc.boolean(),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  notBefore: fc.option(fc.integer({ min: 0, max: 2_000 * MINUTE })),
});
const moment = fc.record({
  now: fc.integer({ min: NOW - 1_000 * MINUTE, max: NOW + 1_000 * MINUTE }),
  monotonic: fc.integer({ min: 1_000 * MINUTE, max: 2_000 * MINUTE }),
  aheadMs: fc.integer({ min: 1_000, max: 1_440 * MINUTE }),
});

describe('whatever the clocks say', () => {
  it('a refresh begins with its lead left at the latest, and a tenth of it earlier at the most', () => {
    fc.assert(
      fc.property(candidate, moment, (value, when) => {
        const next = refreshOf({ ...value, notBefore: null }, when);
        if (next === null) return;
        const left = timeLeft(value, when.now, when.monotonic);
        const lead = leadOf(value, when.aheadMs);
        expect(next.delayMs).toBeGreaterThanOrEqual(0);
        if (next.delayMs === 0) expect(left).toBeLessThanOrEqual(lead * 1.1 + 1e-3);
        else {
          expect(left - next.delayMs).toBeGreaterThanOrEqual(lead - 1e-3);
          expect(left - next.delayMs).toBeLessThanOrEqual(lead * 1.1 + 1e-3);
        }
      }),
    );
  });

  it('the first of many is the one that is due first', () => {
    fc.assert(
      fc.property(fc.array(candidate), moment, (candidates, when) => {
        const delays = candidates.flatMap((one) => refreshOf(one, when)?.delayMs ?? []);
        const first = nextRefresh({ ...when, candidates });
        expect(first?.delayMs ?? null).toBe(delays.length === 0 ? null : Math.min(...delays));
      }),
    );
  });
});

describe('after a failure that may pass', () => {
  const failed = { failures: 1, retryAfterMs: null, leadMs: AHEAD_MS, triedForMs: 0, late: false };

  it('it is tried again after 1, 2, 4 … s, at most a minute', () => {
    const waits = [1, 2, 3, 20].map((failures) =>
      nextTry({ ...failed, failures, leftMs: AHEAD_MS }),
    );
    expect(waits).toEqual([1_000, 2_000, 4_000, 60_000]);
  });

  it('no sooner than the server asks', () => {
    expect(nextTry({ ...failed, retryAfterMs: 30_000, leftMs: AHEAD_MS })).toBe(30_000);
  });

  it('is left to the client once its window begins', () => {
    expect(nextTry({ ...failed, leftMs: CLIENT_WINDOW_MS + 999 })).toBeNull();
    expect(nextTry({ ...failed, retryAfterMs: 86_400_000, leftMs: AHEAD_MS })).toBeNull();
  });

  it('is tried for a minute more where the engine came late: networks need a while after a sleep', () => {
    expect(nextTry({ ...failed, leftMs: -1, late: true, triedForMs: 30_000 })).toBe(1_000);
    expect(nextTry({ ...failed, leftMs: -1, late: true, triedForMs: 59_500 })).toBeNull();
  });

  it('never goes on for ever', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 0, max: AHEAD_MS }), (late, left) => {
        let triedForMs = 0;
        for (let failures = 1; ; failures += 1) {
          const leftMs = left - triedForMs;
          const wait = nextTry({ ...failed, failures, leftMs, late, triedForMs });
          if (wait === null) return;
          triedForMs += wait;
          expect(failures).toBeLessThan(100);
        }
      }),
    );
  });
});
