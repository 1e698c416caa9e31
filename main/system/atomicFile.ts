import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inOwnFolder, type OwnFolder, openOwnFolder } from './ownFolder.ts';

const sync = promisify(fsync);

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Whether the bytes must be on the disk before the file takes its name. */
  readonly durable: boolean;
  /** Below this folder no part of the path may be a link (see `ownPlace.ts`). */
  readonly below?: string | undefined;
}

/**
 * Replaces a file in one step: a reader sees the old text or the new one, never half of it.
 * Leaves nothing behind when it fails.
 * @throws the system's error; LinkInTheWay
 */
export async function writeFileAtomic(
  path: string,
  text: string,
  { mode, durable, below }: AtomicWriteOptions,
): Promise<void> {
  const own = openOwnFolder(dirname(path), below);
  const target = join(own.path, basename(path));
  const temporary = temporaryName(target);
  try {
    await writeTemporary(temporary, text, { mode, durable, own });
    own.check();
    renameSync(temporary, target);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  } finally {
    own.close();
  }
}

/**
 * The same for the few files that must be in place before the next line runs; not synced to the disk.
 * @throws the system's error
 */
export function writeFileAtomicSync(
  path: string,
  content: string | Uint8Array,
  mode: number,
  below?: string,
): void {
  inOwnFolder(path, below, (target) => replaceSync(target, content, mode));
}

function replaceSync(path: string, content: string | Uint8Array, mode: number): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, content, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

/**
 * Cleans up after something that failed or is over. Never throws: the folder may have become unusable since,
 * and what is left behind there is less than an error that hides the first one.
 */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // No permission any more, or no folder: leftovers are swept at the next start.
  }
}

/** `<path>.tmp.<8 hex>`, as the client names its own. */
export function temporaryName(path: string): string {
  return `${path}.tmp.${randomBytes(4).toString('hex')}`;
}

/**
 * Creates a file that must not exist yet, with its mode from the first moment on. Only the wait for the
 * disk goes to another thread: for the few KB that are written here, the hops cost more than the writing.
 * @throws the system's error; LinkInTheWay if it came to lie elsewhere, with nothing in it
 */
export async function writeTemporary(
  path: string,
  text: string,
  { mode, durable, own }: AtomicWriteOptions & { readonly own?: OwnFolder },
): Promise<void> {
  const descriptor = openSync(path, 'wx', mode);
  try {
    own?.check({ descriptor, path });
    writeFileSync(descriptor, text);
    if (durable) await sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Takes a folder's rights away from other users, by a descriptor of it. @throws the system's error */
export function closeToOthers(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fchmodSync(descriptor, 0o700);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder that only this user may enter, and those of its parents that are missing. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
