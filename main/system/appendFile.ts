import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync } from 'node:fs';
import { errorCode } from './errors.ts';
import { closeQuietly, isOurs } from './foreignFile.ts';
import { inOwnFolder } from './ownFolder.ts';

/**
 * Logs that lie in a mission's folder, where that mission can put whatever it likes in their place: a link
 * to the user's `.bashrc`, a second name of their `authorized_keys`, a pipe that nobody reads.
 */

const { O_APPEND, O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const MODE = 0o600;

export interface AppendFile {
  readonly descriptor: number;
  /** Bytes in it so far. */
  readonly size: number;
}

/**
 * Opens a file to append to it, 0600, or makes it. What is no regular file of this user's with this one
 * name is put aside as `<path>.aside.<8 hex>`, unread and unchanged, and a new file takes its place.
 * @param below no folder below this one may be a link
 * @returns a descriptor, which the caller closes
 * @throws the system's error; EISDIR for a folder, which is left alone; LinkInTheWay
 */
export function openToAppend(path: string, below?: string): AppendFile {
  return inOwnFolder(path, below, openOrMake);
}

function openOrMake(path: string): AppendFile {
  const file = openPlain(path, APPEND);
  if (file !== null) return file;
  renameSync(path, `${path}.aside.${randomBytes(4).toString('hex')}`);
  const fresh = openPlain(path, APPEND | O_EXCL);
  if (fresh !== null) return fresh;
  throw new Error(`${path} is not what was just made`);
}

/**
 * Makes room for a new file: `path` becomes `<path>.1`, that `.2`, and so on; the oldest goes.
 * @param below as for {@link openToAppend}
 * @returns whether there is room; a folder in the place of a backup is in the way
 */
export function shiftBackups(path: string, backups: number, below?: string): boolean {
  try {
    inOwnFolder(path, below, (place) => {
      for (let at = backups; at > 0; at -= 1)
        shift(at === 1 ? place : `${place}.${at - 1}`, `${place}.${at}`);
    });
    return true;
  } catch {
    // Whoever put something there has a log that is cut instead of kept.
    return false;
  }
}

/** `null`: something else than a file that may be written to. */
function openPlain(path: string, flags: number): AppendFile | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags, MODE);
  } catch (error) {
    // A link; a pipe without a reader, or a socket.
    if (['ELOOP', 'EMLINK', 'ENXIO'].includes(errorCode(error))) return null;
    throw error;
  }
  try {
    const stat = fstatSync(descriptor);
    // A second name may be that of a file elsewhere, which the mission itself may not write to.
    if (!stat.isFile() || !isOurs(stat) || stat.nlink !== 1) {
      closeSync(descriptor);
      return null;
    }
    // AgenC's own wrapper, which uses the same names, lets others read them.
    if ((stat.mode & 0o077) !== 0) fchmodSync(descriptor, MODE);
    return { descriptor, size: stat.size };
  } catch (error) {
    closeQuietly(descriptor);
    throw error;
  }
}

function shift(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
