import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readForeign, type UnusableFile } from '../../system/foreignFile.ts';
import { realPlace } from '../../system/links.ts';
import { type OwnFolder, openOwnFolder } from '../../system/ownFolder.ts';
import { isBelow, linkBelow } from '../../system/ownPlace.ts';
import { unavailableFrom } from '../fileErrors.ts';
import { type EntryRef, type ReadResult, type UnavailableReason, unavailable } from '../store.ts';

const ENTRY_NAME = '.credentials.json';
/** What is larger is not even looked at; what is carried is far less (main/credentials/limits.ts). */
export const MAX_BYTES = 16 * 1024 * 1024;

const REASONS: Readonly<Record<UnusableFile['reason'], UnavailableReason>> = {
  link: 'link',
  'not-a-file': 'failed',
  'not-ours': 'denied',
  'too-large': 'too-large',
  denied: 'denied',
  failed: 'failed',
};

/** The path of an entry's file. */
export function entryPath(ref: Pick<EntryRef, 'configDir'>): string {
  return join(ref.configDir, ENTRY_NAME);
}

/** The same in a folder that is held open. */
export function entryIn({ path }: OwnFolder): string {
  return join(path, ENTRY_NAME);
}

/**
 * Reads an entry by its path.
 * @param root below which no link is followed, for a mission's
 */
export function readEntry(ref: EntryRef, root: string | undefined): ReadResult {
  const path = entryPath(ref);
  const isMissions = ref.scope === 'mission';
  const below = isMissions ? root : undefined;
  const read = readForeign(path, MAX_BYTES, { links: isMissions ? 'refuse' : 'follow', below });
  if (read.status !== 'absent') return resultOf(path, read);
  // A link may have been there for just that moment: nothing is absent but in the folder itself.
  if (isMissions && isBelow(ref.configDir, root)) return lookInside(ref, root);
  if (isFolder(ref.configDir) || (!isMissions && !existsSync(ref.configDir)))
    return { status: 'absent' };
  return missing(ref);
}

/** Reads an entry in its folder, which is held open. */
export function readEntryIn(own: OwnFolder, ref: EntryRef): ReadResult {
  const links = ref.scope === 'global' ? 'follow' : 'refuse';
  const read = readForeign(entryIn(own), MAX_BYTES, { links });
  if (read.status !== 'absent') {
    const result = resultOf(entryPath(ref), read);
    return result.status === 'unavailable'
      ? { ...result, detail: own.plain(result.detail) }
      : result;
  }
  if (isFolder(own.path) || (ref.scope === 'global' && !existsSync(own.path)))
    return { status: 'absent' };
  return missing(ref);
}

function lookInside(ref: EntryRef, root: string): ReadResult {
  let own: OwnFolder;
  try {
    own = openOwnFolder(ref.configDir, root);
  } catch (error) {
    const why = unavailableFrom(error);
    return why.reason === 'missing' ? missing(ref) : why;
  }
  try {
    return readEntryIn(own, ref);
  } finally {
    own.close();
  }
}

function resultOf(
  path: string,
  read: Exclude<ReturnType<typeof readForeign>, { status: 'absent' }>,
): ReadResult {
  if (read.status === 'unusable') return unavailable(REASONS[read.reason], read.detail);
  if (!isUtf8(read.bytes)) return unavailable('failed', `${path} is not UTF-8 text`);
  const { mtimeMs } = read.stat;
  return { status: 'found', text: read.bytes.toString('utf8'), writtenAt: mtimeMs };
}

function missing({ configDir }: EntryRef): ReadResult {
  return unavailable('missing', `the config directory ${configDir} does not exist`);
}

/**
 * Whether a mission's entry is the global one under another name: by a link in its place or, in a directory
 * that the user attached, on the way to it. A hard link is none: whoever replaces it has one of their own.
 */
export function isSameFile(ref: EntryRef, other: EntryRef, root: string | undefined): boolean {
  try {
    const mine = lstatSync(entryPath(ref), { throwIfNoEntry: false });
    if (mine === undefined) return false;
    if (isBelow(ref.configDir, root)) {
      if (!mine.isSymbolicLink() || linkBelow(ref.configDir, root) !== null) return false;
    } else if (!mine.isSymbolicLink()) {
      // The folder may be the link. Two looks at an inode are cheaper than finding out where a path leads.
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
export function stampOf(ref: EntryRef, root: string | undefined): string {
  const isMissions = ref.scope === 'mission';
  if (isMissions && linkBelow(ref.configDir, root) !== null) return 'link';
  return stampAt(entryPath(ref), ref.configDir, isMissions);
}

/** The same in a folder that is held open. */
export function stampIn(own: OwnFolder, ref: EntryRef): string {
  return stampAt(entryIn(own), own.path, ref.scope === 'mission');
}

function stampAt(path: string, folder: string, isMissions: boolean): string {
  const look = isMissions ? lstatSync : statSync;
  const stat = look(path, { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined) return `${stat.ino}:${stat.mtimeNs}:${stat.size}`;
  return existsSync(folder) ? 'absent' : 'no folder';
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A loop of links, or a parent that may not be entered: what lies in it is not known to be absent.
    return false;
  }
}
