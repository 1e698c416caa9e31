import { randomInt } from 'node:crypto';

/** Random numbers that a seed repeats. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** @throws Error if there is nothing to pick from */
  pick<T>(from: readonly T[]): T;
}

/** mulberry32: small, and good enough to shuffle events. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[below(from.length)] as T;
    },
  };
}

/**
 * The seed to start from: `TEST_SEED` repeats a run, else it is a new one each time. Who uses it says it, in the
 * title of the test or when something fails.
 * @param wanted a seed that is given in another way
 */
export function chooseSeed(wanted = process.env.TEST_SEED): number {
  return wanted === undefined ? randomInt(2 ** 30) : Number(wanted);
}
