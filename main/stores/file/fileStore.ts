import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { removeQuietly, temporaryName, writeTemporary } from '../../system/atomicFile.ts';
import { errorCode } from '../../system/errors.ts';
import { removeLeftovers, TEMPORARY } from '../../system/leftovers.ts';
import { linkTarget } from '../../system/links.ts';
import { type OwnFolder, openOwnFolder } from '../../system/ownFolder.ts';
import { unavailableFrom } from '../fileErrors.ts';
import {
  type CredentialStore,
  type EntryRef,
  type ReadResult,
  type Unavailable,
  unavailable,
  type WriteResult,
} from '../store.ts';
import { createClientLocks, LOCK_NAME } from './clientLock.ts';
import {
  entryIn,
  entryPath,
  isSameFile,
  MAX_BYTES,
  readEntry,
  readEntryIn,
  stampIn,
  stampOf,
} from './entryFile.ts';
import { writeInPlace } from './inPlace.ts';

/** What is written beside the entry, with the client's own naming of temporary files. */
const OURS = /^(\.credentials|mcp-needs-auth-cache)\.json/;
/** A client holds its lock for microseconds. A busy global entry has all be read and merged again, so it gets more. */
const PATIENCE_MS = { global: 15, mission: 3 } as const;

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
 * the mission has what that has, and nothing is written for it. Nor is one in the place of a mission's
 * folder: what is written, locked and removed, is so in the folder itself, which is held open meanwhile.
 * An entry that is a mount of its own cannot be replaced; it is overwritten, under the same lock.
 * Reads are synchronous: on a local disk a small file costs less than the hop to a thread.
 * @param globalConfigDir where the global entry lies; not given, no mission's entry can be that one
 * @param missionsFolder below which no folder of an entry may be a link
 */
export function createFileStore(
  globalConfigDir?: string,
  missionsFolder?: string,
): CredentialStore {
  const locks = createClientLocks();
  const global: EntryRef | null =
    globalConfigDir === undefined ? null : { scope: 'global', configDir: globalConfigDir };

  /** The entry that a mission's place leads to: the global one or, nearly always, its own. */
  function actual(ref: EntryRef): EntryRef {
    return global !== null && ref.scope === 'mission' && isSameFile(ref, global, missionsFolder)
      ? global
      : ref;
  }

  /** @throws LinkInTheWay; the system's error */
  function open({ scope, configDir }: EntryRef): OwnFolder {
    return openOwnFolder(configDir, scope === 'mission' ? missionsFolder : undefined);
  }

  return {
    kind: 'file',

    async read(ref) {
      return readEntry(actual(ref), missionsFolder);
    },

    async write(ref, text, expected, go) {
      if (Buffer.byteLength(text) > MAX_BYTES)
        return unavailable('too-large', `${entryPath(ref)} would have over ${MAX_BYTES} bytes`);
      if (actual(ref) !== ref) return writtenAlready(text, go);
      let own: OwnFolder | null = null;
      let temporary: string | null = null;
      try {
        // A fresh machine has no ~/.claude yet. A mission's folder is never made: it may just have been removed.
        if (ref.scope === 'global') mkdirSync(ref.configDir, { recursive: true, mode: 0o700 });
        const folder = open(ref);
        own = folder;
        if (locks.isKept(folder)) return busy(ref);
        const path = ref.scope === 'global' ? linkTarget(entryPath(ref)) : entryIn(folder);
        // The client's own naming, so that whoever cleans up after the client cleans up after us.
        const written = temporaryName(path);
        temporary = written;
        await writeTemporary(written, text, { mode: 0o600, durable: true, own: folder });
        if (go !== undefined && !(await go)) return { status: 'moved' };
        const change = (): void => {
          folder.check();
          try {
            renameSync(written, path);
            temporary = null;
          } catch (error) {
            if (errorCode(error) !== 'EBUSY' || expected === null) throw error;
            writeInPlace(path, text, expected);
          }
        };
        return await replace(folder, ref, expected, change, text);
      } catch (error) {
        return plainly(own, unavailableFrom(error));
      } finally {
        if (temporary !== null) removeQuietly(temporary);
        own?.close();
      }
    },

    async remove(ref, expected) {
      let own: OwnFolder | null = null;
      try {
        const folder = open(ref);
        own = folder;
        const stat = lstatSync(entryIn(folder), { throwIfNoEntry: false });
        // Its own is only a name of the global entry: that stays, whatever becomes of the mission.
        if (actual(ref) !== ref) {
          if (stat?.isSymbolicLink()) rmSync(entryIn(folder));
          return { status: 'written' };
        }
        if (stat === undefined)
          return expected === null ? { status: 'written' } : { status: 'moved' };
        const change = (): void => {
          folder.check();
          rmSync(entryIn(folder), { force: true });
        };
        return await replace(folder, ref, expected, change, null);
      } catch (error) {
        return plainly(own, unavailableFrom(error));
      } finally {
        own?.close();
      }
    },

    async stamp(ref) {
      try {
        return stampOf(actual(ref), missionsFolder);
      } catch {
        // Not even its metadata can be had: the read will say why.
        return null;
      }
    },

    watchPath: entryPath,
    lockPath: ({ configDir }) => join(configDir, LOCK_NAME),
    describe: entryPath,

    async sweep(ref) {
      sweepFolder(ref);
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

  function sweepFolder(ref: EntryRef): void {
    let own: OwnFolder;
    try {
      own = open(ref);
    } catch {
      // No folder, or not the mission's own: nothing of ours is in there.
      return;
    }
    removeLeftovers(
      own.path,
      (name) => name === LOCK_NAME || (OURS.test(name) && TEMPORARY.test(name)),
    );
    own.close();
  }

  /** For a mission whose entry is the global one: that was written before, so there is nothing to do. */
  async function writtenAlready(
    text: string,
    go: Promise<boolean> | undefined,
  ): Promise<WriteResult> {
    if (global === null || (go !== undefined && !(await go))) return { status: 'moved' };
    const stamp = stampOf(global, missionsFolder);
    const now = readEntry(global, missionsFolder);
    if (now.status === 'unavailable') return now;
    return textOf(now) === text ? { status: 'written', stamp } : { status: 'moved' };
  }

  /** Under the client's lock: makes the change if the entry still is what the caller read, and checks it. */
  async function replace(
    own: OwnFolder,
    ref: EntryRef,
    expected: string | null,
    change: () => void,
    wanted: string | null,
  ): Promise<WriteResult> {
    own.check();
    const result = await locks.hold<WriteResult>(own, PATIENCE_MS[ref.scope], () => {
      const now = readEntryIn(own, ref);
      if (now.status === 'unavailable') return now;
      if (textOf(now) !== expected) return { status: 'moved' };
      change();
      // Before the look, as with every read: else what another does after it would pass for our own doing.
      const stamp = stampIn(own, ref);
      const after = readEntryIn(own, ref);
      if (after.status === 'unavailable') return after;
      if (textOf(after) === wanted) return { status: 'written', stamp };
      return unavailable('failed', `${entryPath(ref)} did not read back as it was written`);
    });
    return result === 'busy' ? busy(ref) : result;
  }
}

/** With the path that people know. */
function plainly(own: OwnFolder | null, why: Unavailable): Unavailable {
  return own === null ? why : { ...why, detail: own.plain(why.detail) };
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

function textOf(read: Exclude<ReadResult, { status: 'unavailable' }>): string | null {
  return read.status === 'found' ? read.text : null;
}
