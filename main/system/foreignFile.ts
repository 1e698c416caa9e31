import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errorCode, errorText } from './errors.ts';
import { isBelow, LinkInTheWay, liesAt, linkBelow } from './ownPlace.ts';

/**
 * Reading what somebody else may have put there: a mission's Claude writes into its own folders whatever
 * it likes, and one pipe, device, link or huge file must cost nobody but that mission anything.
 */

/** Why a file that is there is not read. `detail` is for people: paths and codes, never content. */
export interface UnusableFile {
  readonly status: 'unusable';
  /**
   * - `link`: it is, or is reached through, a symbolic link, and those are not followed here
   * - `not-a-file`: a folder, pipe, device or socket · `not-ours`: it belongs to another user
   * - `too-large` · `denied`: no permission · `failed`: anything else
   */
  readonly reason: 'link' | 'not-a-file' | 'not-ours' | 'too-large' | 'denied' | 'failed';
  readonly detail: string;
}

export type ForeignFile =
  | { readonly status: 'found'; readonly bytes: Buffer; readonly stat: Stats }
  | { readonly status: 'absent' }
  | UnusableFile;

export interface ForeignOptions {
  /** `follow` only where the user alone can have made the link: their own config, never a mission's folder. */
  readonly links?: 'refuse' | 'follow';
  /** Below this folder no part of the path may be a link, whatever `links` says of its end (see `ownPlace.ts`). */
  readonly below?: string | undefined;
}

const REASONS: Readonly<Record<string, UnusableFile['reason']>> = {
  ELOOP: 'link',
  EMLINK: 'link',
  ENXIO: 'not-a-file',
  EISDIR: 'not-a-file',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** A file that is open for reading, or why there is none. Whoever gets a descriptor closes it. */
export type OpenForeign =
  | { readonly status: 'open'; readonly descriptor: number; readonly stat: Stats }
  | { readonly status: 'absent' }
  | UnusableFile;

/** Where a file's place is told by its name, one that is replaced just then has to be opened again. */
const MAX_TRIES = 5;

/**
 * Opens a regular file of this user's for reading, without waiting and without following a link in its
 * last place. Never throws.
 */
export function openForeign(path: string, options: ForeignOptions = {}): OpenForeign {
  const { below } = options;
  if (!isBelow(path, below)) return openAny(path, options);
  for (let tries = 1; ; tries += 1) {
    const file = openAny(path, options);
    // What is not there, or cannot be opened, may be so only where a link leads to.
    const link = file.status === 'open' ? null : linkBelow(path, below);
    if (link !== null) return throughLink(path, link);
    if (file.status !== 'open' || liesAt(file.descriptor, path, below)) return file;
    closeQuietly(file.descriptor);
    if (tries === MAX_TRIES) return throughLink(path, linkBelow(path, below));
  }
}

function openAny(path: string, { links = 'refuse' }: ForeignOptions): OpenForeign {
  const noFollow = links === 'refuse' ? constants.O_NOFOLLOW : 0;
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | noFollow);
    const stat = fstatSync(descriptor);
    const wrong = whatIsWrong(path, stat, links === 'follow');
    if (wrong === null) return { status: 'open', descriptor, stat };
    closeQuietly(descriptor);
    return wrong;
  } catch (error) {
    if (descriptor !== undefined) closeQuietly(descriptor);
    return notOpened(path, error);
  }
}

/**
 * Reads a small regular file of this user's, opened as by {@link openForeign}. Never throws, never blocks,
 * and reads no more than `maxBytes` + 1 whatever the file says of its size.
 */
export function readForeign(
  path: string,
  maxBytes: number,
  options: ForeignOptions = {},
): ForeignFile {
  const file = openForeign(path, options);
  if (file.status !== 'open') return file;
  const { descriptor, stat } = file;
  try {
    if (stat.size > maxBytes) return tooLarge(path, maxBytes);
    const bytes = readUpTo(descriptor, stat.size, maxBytes + 1);
    if (bytes.length > maxBytes) return tooLarge(path, maxBytes);
    return { status: 'found', bytes, stat };
  } catch (error) {
    return notOpened(path, error);
  } finally {
    closeQuietly(descriptor);
  }
}

/** The same as text; bytes that are no UTF-8 become U+FFFD. `null` where there is none or it is not usable. */
export function readForeignText(
  path: string,
  maxBytes: number,
  options?: ForeignOptions,
): string | null {
  const read = readForeign(path, maxBytes, options);
  return read.status === 'found' ? read.bytes.toString('utf8') : null;
}

function whatIsWrong(path: string, stat: Stats, isUsers: boolean): UnusableFile | null {
  if (!stat.isFile()) return unusable('not-a-file', `${path} is not a regular file`);
  // A user's own config may be managed by the system's administrator.
  if (!isOurs(stat) && !(isUsers && stat.uid === 0))
    return unusable('not-ours', `${path} belongs to another user`);
  return null;
}

function notOpened(path: string, error: unknown): { readonly status: 'absent' } | UnusableFile {
  const code = errorCode(error);
  // A file where a folder should be: what is to be read is not there either way.
  if (code === 'ENOENT' || code === 'ENOTDIR') return { status: 'absent' };
  const reason = REASONS[code] ?? 'failed';
  return unusable(reason, reason === 'link' ? `${path} is a symbolic link` : errorText(error));
}

/** Whether a file belongs to this process's user; to root every file counts as its own. */
export function isOurs({ uid }: Pick<Stats, 'uid'>): boolean {
  const own = process.getuid?.();
  return own === undefined || own === 0 || uid === own;
}

/** Reads with one call what has the size it says; one that grew meanwhile is read on, up to the limit. */
function readUpTo(descriptor: number, size: number, limit: number): Buffer {
  let bytes = Buffer.allocUnsafe(Math.min(size + 1, limit));
  let length = 0;
  for (;;) {
    const got = readSync(descriptor, bytes, length, bytes.length - length, null);
    length += got;
    if (got === 0 || length === limit) return bytes.subarray(0, length);
    if (length === bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(limit, length * 2));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
  }
}

/** Closes a descriptor whose closing can lose nothing. */
export function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // EIO of a failing disk.
  }
}

function throughLink(path: string, link: string | null): UnusableFile {
  return unusable('link', new LinkInTheWay(path, link).message);
}

function tooLarge(path: string, maxBytes: number): UnusableFile {
  return unusable('too-large', `${path} has more than ${maxBytes} bytes`);
}

function unusable(reason: UnusableFile['reason'], detail: string): UnusableFile {
  return { status: 'unusable', reason, detail };
}
