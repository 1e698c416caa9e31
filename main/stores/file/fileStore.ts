import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { removeQuietly, temporaryName, writeTemporary } from '../../system/atomicFile.ts';
import { readForeign, type UnusableFile } from '../../system/foreignFile.ts';
import { removeLeftovers, TEMPORARY } from '../../system/leftovers.ts';
import { linkTarget, realPlace } from '../../system/links.ts';
import { unavailableFrom } from '../fileErrors.ts';
import {
  type CredentialStore,
  type EntryRef,
  type ReadResult,
  type UnavailableReason,
  unavailable,
  type WriteResult,
} from '../store.ts';
import { createClientLocks, LOCK_NAME } from './clientLock.ts';

const ENTRY_NAME = '.credentials.json';
/** What is written beside the entry, with the client's own naming of temporary files. */
const OURS = /^(\.credentials|mcp-needs-auth-cache)\.json/;
/** What is larger is not even looked at; what is carried is far less (main/credentials/limits.ts). */
const MAX_BYTES = 16 * 1024 * 1024;
/** A client holds its lock for microseconds. A busy global entry has all be read and merged again, so it gets more. */
const PATIENCE_MS = { global: 15, mission: 3 } as const;

const REASONS: Readonly<Record<UnusableFile['reason'], UnavailableReason>> = {
  link: 'link',
  'not-a-file': 'failed',
  'not-ours': 'denied',
  'too-large': 'too-large',
  denied: 'denied',
  failed: 'failed',
};

/**
 * The store of Linux (and Windows): `<config dir>/.credentials.json`, written as the client writes it.
 *
 * The new text is written and synced to a temporary file first; only then is the client's lock taken,
 * the entry compared with what the caller read, the file renamed and read back. The lock is held for
 * microseconds: a client that waits 7.5 s for it gives up silently and its sign-in is lost. And it is
 * waited for only for milliseconds: who finds it held is told `busy`, and tries again later.
 *
 * A link in the global entry's place is the user's own: it is read, and its target is replaced. One in a
 * mission's place may be anybody's: it is not followed. Unless it leads to the global entry itself; then
 * the mission has what that has, and nothing is written for it.
 * Reads are synchronous: on a local disk a small file costs less than the hop to a thread.
 * @param globalConfigDir where the global entry lies; not given, no mission's entry can be that one
 */
export function createFileStore(globalConfigDir?: string): CredentialStore {
  const locks = createClientLocks();
  const global: EntryRef | null =
    globalConfigDir === undefined ? null : { scope: 'global', configDir: globalConfigDir };

  /** The entry that a mission's place leads to: the global one or, nearly always, its own. */
  function actual(ref: EntryRef): EntryRef {
    return global !== null && ref.scope === 'mission' && isSameFile(ref, global) ? global : ref;
  }

  return {
    kind: 'file',

    async read(ref) {
      return readEntry(actual(ref));
    },

    async write(ref, text, expected, go) {
      if (Buffer.byteLength(text) > MAX_BYTES)
        return unavailable('too-large', `${entryPath(ref)} would have over ${MAX_BYTES} bytes`);
      if (actual(ref) !== ref) return writtenAlready(text, go);
      if (locks.isKept(ref.configDir)) return busy(ref);
      let temporary: string | null = null;
      try {
        // A fresh machine has no ~/.claude yet. A mission's folder is never made: it may just have been removed.
        if (ref.scope === 'global') mkdirSync(ref.configDir, { recursive: true, mode: 0o700 });
        const path = ref.scope === 'global' ? linkTarget(entryPath(ref)) : entryPath(ref);
        // The client's own naming, so that whoever cleans up after the client cleans up after us.
        const written = temporaryName(path);
        temporary = written;
        await writeTemporary(written, text, 0o600, true);
        if (go !== undefined && !(await go)) return { status: 'moved' };
        return await replace(
          ref,
          expected,
          () => {
            renameSync(written, path);
            temporary = null;
            return readEntry(ref);
          },
          text,
        );
      } catch (error) {
        return unavailableFrom(error);
      } finally {
        if (temporary !== null) removeQuietly(temporary);
      }
    },

    async remove(ref, expected) {
      try {
        // Its own is only a name of the global entry: that stays, whatever becomes of the mission.
        if (actual(ref) !== ref) {
          if (lstatSync(entryPath(ref)).isSymbolicLink()) rmSync(entryPath(ref));
          return { status: 'written' };
        }
        if (!existsSync(entryPath(ref)))
          return expected === null ? { status: 'written' } : { status: 'moved' };
        return await replace(
          ref,
          expected,
          () => {
            rmSync(entryPath(ref), { force: true });
            return readEntry(ref);
          },
          null,
        );
      } catch (error) {
        return unavailableFrom(error);
      }
    },

    async stamp(ref) {
      try {
        return stampOf(actual(ref));
      } catch {
        // Not even its metadata can be had: the read will say why.
        return null;
      }
    },

    watchPath: entryPath,
    lockPath: ({ configDir }) => join(configDir, LOCK_NAME),
    describe: entryPath,

    async sweep(ref) {
      removeLeftovers(
        ref.configDir,
        (name) => name === LOCK_NAME || (OURS.test(name) && TEMPORARY.test(name)),
      );
      if (ref.scope === 'mission') return;
      const target = whereItLies(ref);
      if (target === null || dirname(target) === ref.configDir) return;
      const name = basename(target);
      removeLeftovers(dirname(target), (each) => each.startsWith(name) && TEMPORARY.test(each));
    },

    async dispose() {
      // Nothing is held open between calls.
    },
  };

  /** For a mission whose entry is the global one: that was written before, so there is nothing to do. */
  async function writtenAlready(
    text: string,
    go: Promise<boolean> | undefined,
  ): Promise<WriteResult> {
    if (global === null || (go !== undefined && !(await go))) return { status: 'moved' };
    const stamp = stampOf(global);
    const now = readEntry(global);
    if (now.status === 'unavailable') return now;
    return textOf(now) === text ? { status: 'written', stamp } : { status: 'moved' };
  }

  /** Under the client's lock: makes the change if the entry still is what the caller read, and checks it. */
  async function replace(
    ref: EntryRef,
    expected: string | null,
    change: () => ReadResult,
    wanted: string | null,
  ): Promise<WriteResult> {
    const result = await locks.hold<WriteResult>(ref.configDir, PATIENCE_MS[ref.scope], () => {
      const now = readEntry(ref);
      if (now.status === 'unavailable') return now;
      if (textOf(now) !== expected) return { status: 'moved' };
      const after = change();
      if (after.status === 'unavailable') return after;
      if (textOf(after) === wanted) return { status: 'written', stamp: stampOf(ref) };
      return unavailable('failed', `${entryPath(ref)} did not read back as it was written`);
    });
    return result === 'busy' ? busy(ref) : result;
  }
}

/** The path of an entry's file. */
export function entryPath(ref: EntryRef): string {
  return join(ref.configDir, ENTRY_NAME);
}

/** Where a linked entry really lies; `null` if that leads nowhere. */
function whereItLies(ref: EntryRef): string | null {
  try {
    return linkTarget(entryPath(ref));
  } catch {
    return null;
  }
}

function busy(ref: EntryRef): WriteResult {
  return unavailable('busy', `another process keeps ${join(ref.configDir, LOCK_NAME)}`);
}

/** Whether two entries are one file under two names. A hard link is none: whoever replaces it has one of their own. */
function isSameFile(ref: EntryRef, other: EntryRef): boolean {
  try {
    const mine = lstatSync(entryPath(ref), { throwIfNoEntry: false });
    if (mine === undefined) return false;
    // The folder may be the link. Two looks at an inode are cheaper than finding out where a path leads.
    if (!mine.isSymbolicLink()) {
      const theirs = statSync(entryPath(other), { throwIfNoEntry: false });
      if (theirs?.ino !== mine.ino || theirs.dev !== mine.dev) return false;
    }
    return realPlace(entryPath(ref)) === realPlace(entryPath(other));
  } catch {
    // A link that leads nowhere, or where one may not look: not to the global entry.
    return false;
  }
}

/** @throws the system's error where not even the metadata can be had */
function stampOf(ref: EntryRef): string {
  const look = ref.scope === 'global' ? statSync : lstatSync;
  const stat = look(entryPath(ref), { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined) return `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
  return existsSync(ref.configDir) ? 'absent' : 'no folder';
}

function textOf(read: Exclude<ReadResult, { status: 'unavailable' }>): string | null {
  return read.status === 'found' ? read.text : null;
}

function readEntry(ref: EntryRef): ReadResult {
  const path = entryPath(ref);
  const links = ref.scope === 'global' ? 'follow' : 'refuse';
  const read = readForeign(path, MAX_BYTES, { links });
  if (read.status === 'unusable') return unavailable(REASONS[read.reason], read.detail);
  if (read.status === 'found') {
    if (!isUtf8(read.bytes)) return unavailable('failed', `${path} is not UTF-8 text`);
    const { mtimeMs } = read.stat;
    return { status: 'found', text: read.bytes.toString('utf8'), writtenAt: mtimeMs };
  }
  if (isFolder(ref.configDir) || (ref.scope === 'global' && !existsSync(ref.configDir)))
    return { status: 'absent' };
  return unavailable('missing', `the config directory ${ref.configDir} does not exist`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A loop of links, or a parent that may not be entered: what lies in it is not known to be absent.
    return false;
  }
}
