import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryName, writeTemporary } from '../../system/atomicFile.ts';
import { errorCode } from '../../system/errors.ts';
import { removeLeftovers, TEMPORARY } from '../../system/leftovers.ts';
import { unavailableFrom } from '../fileErrors.ts';
import {
  type CredentialStore,
  type EntryRef,
  type ReadResult,
  unavailable,
  type WriteResult,
} from '../store.ts';
import { createClientLocks, LOCK_NAME } from './clientLock.ts';

const ENTRY_NAME = '.credentials.json';
/** What is written beside the entry, with the client's own naming of temporary files. */
const OURS = /^(\.credentials|mcp-needs-auth-cache)\.json/;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The store of Linux (and Windows): `<config dir>/.credentials.json`, written as the client writes it.
 *
 * The new text is written and synced to a temporary file first; only then is the client's lock taken,
 * the entry compared with what the caller read, the file renamed and read back. The lock is held for
 * microseconds: a client that waits 7.5 s for it gives up silently and its sign-in is lost.
 *
 * A symlinked `.credentials.json` is replaced by a regular file, as the client does it; reads follow it.
 * Reads are synchronous: on a local disk a small file costs less than the hop to a thread.
 */
export function createFileStore(): CredentialStore {
  const locks = createClientLocks();

  return {
    kind: 'file',

    async read(ref) {
      return readEntry(ref);
    },

    async write(ref, text, expected, go) {
      const path = entryPath(ref);
      // The client's own naming, so that whoever cleans up after the client cleans up after us.
      const temporary = temporaryName(path);
      let placed = false;
      try {
        // A fresh machine has no ~/.claude yet. A mission's folder is never made: it may just have been removed.
        if (ref.scope === 'global') mkdirSync(ref.configDir, { recursive: true });
        await writeTemporary(temporary, text, 0o600, true);
        if (go !== undefined && !(await go)) return { status: 'moved' };
        return await replace(
          ref,
          expected,
          () => {
            renameSync(temporary, path);
            placed = true;
            return readEntry(ref);
          },
          text,
        );
      } catch (error) {
        return unavailableFrom(error);
      } finally {
        if (!placed) rmSync(temporary, { force: true });
      }
    },

    async remove(ref, expected) {
      try {
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
        return stampOf(ref);
      } catch {
        // Not even its metadata can be had: the read will say why.
        return null;
      }
    },

    watchPath: entryPath,
    describe: entryPath,

    async sweep(ref) {
      removeLeftovers(
        ref.configDir,
        (name) => name === LOCK_NAME || (OURS.test(name) && TEMPORARY.test(name)),
      );
    },

    async dispose() {
      // Nothing is held open between calls.
    },
  };

  /** Under the client's lock: makes the change if the entry still is what the caller read, and checks it. */
  async function replace(
    ref: EntryRef,
    expected: string | null,
    change: () => ReadResult,
    wanted: string | null,
  ): Promise<WriteResult> {
    const result = await locks.hold<WriteResult>(ref.configDir, () => {
      const now = readEntry(ref);
      if (now.status === 'unavailable') return now;
      if (textOf(now) !== expected) return { status: 'moved' };
      const after = change();
      if (after.status === 'unavailable') return after;
      if (textOf(after) === wanted) return { status: 'written', stamp: stampOf(ref) };
      return unavailable('failed', `${entryPath(ref)} did not read back as it was written`);
    });
    if (result !== 'busy') return result;
    return unavailable('busy', `another process keeps ${join(ref.configDir, LOCK_NAME)}`);
  }
}

/** The path of an entry's file. */
export function entryPath(ref: EntryRef): string {
  return join(ref.configDir, ENTRY_NAME);
}

/** @throws the system's error where not even the metadata can be had */
function stampOf(ref: EntryRef): string {
  const stat = statSync(entryPath(ref), { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined) return `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
  return existsSync(ref.configDir) ? 'absent' : 'no folder';
}

function textOf(read: Exclude<ReadResult, { status: 'unavailable' }>): string | null {
  return read.status === 'found' ? read.text : null;
}

function readEntry(ref: EntryRef): ReadResult {
  const path = entryPath(ref);
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would hang for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return unavailable('failed', `${path} is not a regular file`);
    if (stat.size > MAX_BYTES) return unavailable('too-large', `${path} has ${stat.size} bytes`);
    const bytes = readWhole(descriptor, stat.size);
    if (!isUtf8(bytes)) return unavailable('failed', `${path} is not UTF-8 text`);
    return { status: 'found', text: bytes.toString('utf8'), writtenAt: stat.mtimeMs };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return unavailableFrom(error);
    if (ref.scope === 'mission' && !existsSync(ref.configDir)) {
      return unavailable('missing', `the config directory ${ref.configDir} does not exist`);
    }
    return { status: 'absent' };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Reads a file of a known size with one call; one that grew meanwhile is read to its end. */
function readWhole(descriptor: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size + 1);
  const length = readSync(descriptor, bytes);
  if (length === size) return bytes.subarray(0, length);
  return length < size
    ? bytes.subarray(0, length)
    : Buffer.concat([bytes, readFileSync(descriptor)]);
}
