import { refreshLockName } from './refreshLocks.ts';

/** Remembered of one name beyond those that are there; real ones are some two. */
const MOST_GONE = 32;

/**
 * Whose a lock's name is. The client makes one name of different servers ("a-b" and "a_b" at one address), so
 * anybody can sign in to a server of his own under the name of somebody else's lock.
 */
export interface LockNames {
  /** Notes the servers of the global entry, in their order. */
  takeIn(serverKeys: readonly string[]): void;
  /** The servers whose lock is called as this one's and that were there first. */
  before(serverKey: string): readonly string[];
}

export function createLockNames(): LockNames {
  /** By the lock's name, in the order in which they were seen first. */
  const keysOf = new Map<string, Set<string>>();
  const nameOf = new Map<string, string>();

  return {
    takeIn(serverKeys) {
      const there = new Set(serverKeys);
      for (const key of there) {
        if (nameOf.has(key)) continue;
        const name = refreshLockName(key);
        nameOf.set(key, name);
        keysOf.set(name, (keysOf.get(name) ?? new Set()).add(key));
      }
      // A sign-out and the next sign-in leave a server its place before those that came between.
      for (const [name, keys] of keysOf) {
        const gone = [...keys].filter((key) => !there.has(key));
        const dropped = gone.length === keys.size ? gone : gone.slice(MOST_GONE);
        for (const key of dropped) {
          keys.delete(key);
          nameOf.delete(key);
        }
        if (keys.size === 0) keysOf.delete(name);
      }
    },

    before(serverKey) {
      const keys = [...(keysOf.get(refreshLockName(serverKey)) ?? [])];
      const place = keys.indexOf(serverKey);
      return place === -1 ? keys : keys.slice(0, place);
    },
  };
}
