import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../system/errors.ts';

/** The folder that the client makes while it rewrites `.credentials.json`, in proper-lockfile's manner. */
export const LOCK_NAME = '.storage-write.lock';

/** The client takes a lock over whose heartbeat (mtime) is this old. */
const STALE_MS = 15_000;
/** A client holds its lock for milliseconds; we give it far more, and then say `busy`. */
const PATIENCE_MS = 5_000;
const RETRY_MS = 5;

export interface ClientLocks {
  /**
   * Runs `work` while holding the client's lock in `folder`. `work` is synchronous on purpose: the lock
   * is then held for microseconds, needs no heartbeat, and cannot be left behind by an exception.
   * @returns what `work` returned, or `'busy'` if somebody else kept the lock
   * @throws the system's error if the lock cannot be made (no such folder, no permission, disk full)
   */
  hold<T>(folder: string, work: () => T): Promise<T | 'busy'>;
}

export function createClientLocks(): ClientLocks {
  /** Locks we are waiting for: since when (monotonic) their heartbeat has not moved. Immune to a clock set back. */
  const waiting = new Map<string, { mtimeMs: number; since: number }>();

  function isStale(path: string): boolean {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    const seen = waiting.get(path);
    if (seen?.mtimeMs !== stat.mtimeMs)
      waiting.set(path, { mtimeMs: stat.mtimeMs, since: performance.now() });
    const still = performance.now() - (waiting.get(path)?.since ?? performance.now());
    return Date.now() - stat.mtimeMs > STALE_MS || still > STALE_MS;
  }

  function acquire(path: string): boolean {
    try {
      mkdirSync(path);
      waiting.delete(path);
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    // The look and the removal happen in one turn, so that a lock just taken over is not removed again.
    if (isStale(path)) removeLock(path);
    return false;
  }

  return {
    async hold(folder, work) {
      const path = join(folder, LOCK_NAME);
      const deadline = performance.now() + PATIENCE_MS;
      while (!acquire(path)) {
        if (performance.now() > deadline) return 'busy';
        await sleep(RETRY_MS);
      }
      try {
        return work();
      } finally {
        removeLock(path);
      }
    },
  };
}

/** Removes a lock folder; that it is gone already is no error. */
function removeLock(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
