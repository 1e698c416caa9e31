import { lstatSync, mkdirSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../system/errors.ts';
import type { OwnFolder } from '../../system/ownFolder.ts';

/** The folder that the client makes while it rewrites `.credentials.json`, in proper-lockfile's manner. */
export const LOCK_NAME = '.storage-write.lock';

/** The client takes a lock over whose heartbeat (mtime) is this old. */
const STALE_MS = 15_000;
const RETRY_MS = 1;

export interface ClientLocks {
  /**
   * Runs `work` while holding the client's lock in `folder`. `work` is synchronous on purpose: the lock
   * is then held for microseconds, needs no heartbeat, and cannot be left behind by an exception.
   * @param patienceMs how long to go on trying; nothing where the lock was held the last time as well, so
   *   that whoever keeps it costs its folder the write, and nobody else the time
   * @returns what `work` returned, or `'busy'` if somebody else keeps the lock
   * @throws the system's error if the lock cannot be made (no such folder, no permission, disk full)
   */
  hold<T>(folder: LockedFolder, patienceMs: number, work: () => T): Promise<T | 'busy'>;
  /** Whether somebody kept the lock when it was last tried, and still does. */
  isKept(folder: LockedFolder): boolean;
}

/** Known by its name, and reached by a path that is good for this once. */
type LockedFolder = Pick<OwnFolder, 'folder' | 'path'>;

interface Lock {
  readonly name: string;
  readonly path: string;
}

export function createClientLocks(): ClientLocks {
  /** Locks that were held when last tried: since when (monotonic) their heartbeat has not moved. Immune to a clock set back. */
  const kept = new Map<string, { mtimeMs: number; since: number }>();

  /** Our own that could not be removed, since their folder had become unusable: by their identity. */
  const orphans = new Map<string, string>();

  function isStale(name: string, { mtimeMs }: Stats): boolean {
    const seen = kept.get(name);
    if (seen?.mtimeMs !== mtimeMs) kept.set(name, { mtimeMs, since: performance.now() });
    const still = performance.now() - (kept.get(name)?.since ?? performance.now());
    return Date.now() - mtimeMs > STALE_MS || still > STALE_MS;
  }

  /** Whether the lock is there; one whose owner died is taken away. */
  function isHeld({ name, path }: Lock): boolean {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    // The look and the removal happen in one turn, so that a lock just taken over is not removed again.
    const isOver = orphans.get(name) === identityOf(stat) || isStale(name, stat);
    if (!isOver || !removeLock(path)) return true;
    orphans.delete(name);
    return false;
  }

  function make({ name, path }: Lock): boolean {
    try {
      mkdirSync(path);
      kept.delete(name);
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      return false;
    }
  }

  const acquire = (lock: Lock): boolean => make(lock) || (!isHeld(lock) && make(lock));

  return {
    async hold(folder, patienceMs, work) {
      const lock = lockIn(folder);
      const { name, path } = lock;
      const deadline = performance.now() + (kept.has(name) ? 0 : patienceMs);
      while (!acquire(lock)) {
        if (performance.now() >= deadline) return 'busy';
        await sleep(RETRY_MS);
      }
      const stat = lstatSync(path, { throwIfNoEntry: false });
      try {
        return work();
      } finally {
        if (!removeLock(path) && stat !== undefined) orphans.set(name, identityOf(stat));
      }
    },

    isKept(folder) {
      const lock = lockIn(folder);
      return kept.has(lock.name) && isHeld(lock);
    },
  };
}

function lockIn({ folder, path }: LockedFolder): Lock {
  return { name: folder, path: join(path, LOCK_NAME) };
}

/** An inode may be given to the next lock at once, but not with the same time. */
function identityOf({ dev, ino, mtimeMs }: Stats): string {
  return `${dev}:${ino}:${mtimeMs}`;
}

/**
 * Removes a lock, if it can. Never throws: what was written under it stays written, and a lock that cannot be
 * removed (it holds something) is to the next one who comes just that: held.
 */
function removeLock(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    // A file or a link in its place is nobody's lock, but no client can take it over either.
    return errorCode(error) === 'ENOTDIR' && unlink(path);
  }
}

function unlink(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    // ENOTDIR was about a folder above it.
    return false;
  }
}
