import { type BigIntStats, lstatSync, mkdirSync, rmdirSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomicSync } from '../system/atomicFile.ts';
import type { Clock } from '../system/clock.ts';
import { readForeignText } from '../system/foreignFile.ts';
import { namesIn } from '../system/leftovers.ts';
import { inOwnFolder } from '../system/ownFolder.ts';
import { linkBelow } from '../system/ownPlace.ts';

/** What every refresh lock of a client is called, ours included. */
export const REFRESH_LOCK_PREFIX = 'mcp-refresh-';

export type LockOwner = 'fence' | 'lease';

/**
 * - `held`: a client has it, or somebody else of us.
 * - `gone`: no lock can be made there: the folder is gone or may not be written to, and a client can make none
 *   either; or it is the same folder as one before.
 */
export type TakeResult = 'taken' | 'held' | 'gone';

export interface HeldLock {
  /** The credential directory. */
  readonly folder: string;
  readonly serverKey: string;
  readonly owner: LockOwner;
}

/** The client's refresh locks that this engine holds, in whatever credential directories. */
export interface RefreshLocks {
  /** Takes the client's refresh lock of a server in a credential directory. Throws nothing. */
  take(folder: string, serverKey: string, owner: LockOwner): TakeResult;
  /** The same in many directories, with one note on the disk for all. In the order of `folders`. */
  takeAll(folders: readonly string[], serverKey: string, owner: LockOwner): TakeResult[];
  /** Lets go of one that we took; never of one that is not ours (a client may have taken it over). */
  release(folder: string, serverKey: string): void;
  releaseAll(folders: readonly string[], serverKey: string): void;
  /** Whether we took it and nobody has taken it over since. */
  isOurs(folder: string, serverKey: string): boolean;
  held(): readonly HeldLock[];
  /** The names of the refresh locks in a credential directory, whosever they are. */
  namesIn(folder: string): readonly string[];
  /** Whether a client's refresh lock is there, and in a credential directory itself. */
  isClientLock(path: string): boolean;
  /** Removes what a killed engine left, and nothing that a client made. */
  sweep(): void;
  /** Lets go of everything. */
  dispose(): void;
}

/**
 * Ours are made without the owner's right to write, which no client leaves out: so they can be told apart
 * from the very moment they are there, by any engine, and also after a kill. Whoever takes a lock over
 * makes a new folder, and removing an empty one needs no rights on it.
 */
const OUR_MODE = 0o500;
/** Clients take a lock over that was not touched for 60 s (2.1.330), older ones for 10 s (2.1.197). */
const HEARTBEAT_MS = 1_000;

const listSchema = z.array(z.string());
/** Each lock takes some 200 bytes. */
const LONGEST_LIST = 4 * 1024 * 1024;
const LOCK_NAME = new RegExp(`^${REFRESH_LOCK_PREFIX}[a-zA-Z0-9_]+\\.lock\\.lock$`);

interface Taken extends HeldLock {
  readonly path: string;
  readonly identity: string;
}

/**
 * The name of the client's refresh lock of a server, in proper-lockfile's manner: whatever is no ASCII
 * letter or digit of the key is a `_`, each UTF-16 unit one (measured, docs/claude-code.md).
 * @param serverKey the server's key in `mcpOAuth`, `<name>|<16 hex>`
 */
export function refreshLockName(serverKey: string): string {
  return `${REFRESH_LOCK_PREFIX}${serverKey.replaceAll(/[^a-zA-Z0-9]/g, '_')}.lock.lock`;
}

/** Whether a refresh lock is there that some engine did not make: a client's. */
export function isClientLock(path: string): boolean {
  const stat = look(path);
  return stat !== null && !isMarked(stat);
}

/** @param deps.listPath where the locks are noted before they are taken: `bar/refresh-locks.json` */
export function createRefreshLocks(deps: {
  readonly listPath: string;
  readonly clock: Clock;
  /** Whether missions or plain claudes keep, or kept, credentials in a folder: only there locks are removed. */
  readonly isCredentialDir: (folder: string) => boolean;
  /** Below it no directory that is reached through a link is a credential directory. */
  readonly missionsFolder?: string;
}): RefreshLocks {
  const { listPath, clock, isCredentialDir, missionsFolder } = deps;
  const taken = new Map<string, Taken>();
  let cancelBeat: (() => void) | null = null;

  const pathOf = (folder: string, serverKey: string): string =>
    join(folder, refreshLockName(serverKey));

  /** @returns whether the list is on the disk */
  function note(paths: readonly string[]): boolean {
    try {
      writeFileAtomicSync(listPath, `${JSON.stringify(paths)}\n`, 0o600);
      return true;
    } catch {
      // A full or read-only disk: what is to be known of it, the engine's other files tell.
      return false;
    }
  }

  function make(path: string, lock: HeldLock): TakeResult {
    return within(path, 'gone', (place) => {
      try {
        mkdirSync(place, { mode: OUR_MODE });
      } catch {
        return look(place) === null ? 'gone' : 'held';
      }
      const stat = look(place);
      if (stat === null) return 'held';
      taken.set(path, { ...lock, path, identity: identityOf(stat) });
      return 'taken';
    });
  }

  /** @param otherwise the outcome where the lock's folder is gone, or a link lies in its place */
  function within<T>(path: string, otherwise: T, work: (place: string) => T): T {
    try {
      return inOwnFolder(path, missionsFolder, work);
    } catch {
      return otherwise;
    }
  }

  function stillOurs({ path, identity }: Taken, place = path): boolean {
    const stat = look(place);
    return stat !== null && identityOf(stat) === identity;
  }

  function letGo(paths: readonly string[]): void {
    const locks = paths.flatMap((path) => taken.get(path) ?? []);
    if (locks.length === 0) return;
    for (const lock of locks) {
      taken.delete(lock.path);
      within(lock.path, undefined, (place) => {
        if (stillOurs(lock, place)) removeLock(place);
      });
    }
    note([...taken.keys()]);
    if (taken.size === 0) stopBeating();
  }

  function stopBeating(): void {
    cancelBeat?.();
    cancelBeat = null;
  }

  function beat(): void {
    for (const lock of taken.values()) {
      const isThere = within(lock.path, false, (place) => {
        if (!stillOurs(lock, place)) return false;
        touch(place, clock.now());
        return true;
      });
      if (!isThere) taken.delete(lock.path);
    }
    cancelBeat = taken.size === 0 ? null : clock.after(HEARTBEAT_MS, beat);
  }

  function takeAll(folders: readonly string[], serverKey: string, owner: LockOwner): TakeResult[] {
    const paths = folders.map((folder) => pathOf(folder, serverKey));
    // Noted first: a kill right after the first of them must not leave what nobody knows of.
    if (!note([...taken.keys(), ...paths])) return folders.map(() => 'gone');
    const made = new Set<string>();
    const results = folders.map((folder, index) => {
      const path = paths[index] as string;
      const result = make(path, { folder, serverKey, owner });
      const identity = taken.get(path)?.identity;
      if (result === 'taken' && identity !== undefined) made.add(identity);
      // An attached folder may be a link to another: what is there is the lock just made in that one.
      return result === 'held' && isOneOf(path, made) ? 'gone' : result;
    });
    if (taken.size > 0) cancelBeat ??= clock.after(HEARTBEAT_MS, beat);
    return results;
  }

  return {
    takeAll,
    take: (folder, serverKey, owner) => takeAll([folder], serverKey, owner)[0] as TakeResult,
    release: (folder, serverKey) => letGo([pathOf(folder, serverKey)]),
    releaseAll: (folders, serverKey) => letGo(folders.map((each) => pathOf(each, serverKey))),

    isOurs(folder, serverKey) {
      const lock = taken.get(pathOf(folder, serverKey));
      return lock !== undefined && stillOurs(lock);
    },

    held: () =>
      [...taken.values()].map(({ folder, serverKey, owner }) => ({ folder, serverKey, owner })),

    namesIn: (folder) =>
      linkBelow(folder, missionsFolder) === null
        ? namesIn(folder).filter((name) => name.startsWith(REFRESH_LOCK_PREFIX))
        : [],

    isClientLock: (path) => linkBelow(dirname(path), missionsFolder) === null && isClientLock(path),

    sweep() {
      const left = readList(listPath);
      for (const path of left) {
        // The list is a file like any other: what is no refresh lock is nothing of ours.
        if (!LOCK_NAME.test(basename(path)) || !isCredentialDir(dirname(path))) continue;
        if (taken.has(path)) continue;
        within(path, undefined, (place) => {
          const stat = look(place);
          if (stat !== null && isMarked(stat)) removeLock(place);
        });
      }
      if (left.length > 0) note([...taken.keys()]);
    },

    dispose: () => letGo([...taken.keys()]),
  };
}

function isOneOf(path: string, identities: ReadonlySet<string>): boolean {
  const stat = look(path);
  return stat !== null && identities.has(identityOf(stat));
}

function isMarked(stat: BigIntStats): boolean {
  return stat.isDirectory() && (Number(stat.mode) & 0o777) === OUR_MODE;
}

/** An inode may be given to the next folder at once; where a client made that one, it is not marked. */
function identityOf(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${isMarked(stat)}`;
}

function look(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    // No permission, or a file where a folder was: there is no lock that anybody could use.
    return null;
  }
}

function touch(path: string, nowMs: number): void {
  try {
    utimesSync(path, nowMs / 1_000, nowMs / 1_000);
  } catch {
    // Gone since the look; the next beat forgets it.
  }
}

function removeLock(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Gone since the look, or in a folder that became read-only: clients take it over when it is stale.
  }
}

function readList(path: string): readonly string[] {
  try {
    return listSchema.parse(JSON.parse(readForeignText(path, LONGEST_LIST) ?? '[]'));
  } catch {
    // None yet, or damaged by hand: what it named is taken over by clients when it is stale.
    return [];
  }
}
