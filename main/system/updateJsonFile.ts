import { closeSync, constants, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { makePrivateFolder, writeFileAtomicSync } from './atomicFile.ts';
import { type JsonFileOptions, jsonText, readJsonFile } from './jsonFile.ts';
import { tryKernelLock } from './kernelLock.ts';
import { realPathOr } from './links.ts';
import { UserError } from './userError.ts';

/** Beside the files that are changed under it: one for all of a folder, and it stays. */
export const UPDATE_LOCK = 'update.lock';
const PATIENCE_MS = 10_000;
const PAUSE_MS = 5;

export interface UpdateOptions extends Omit<JsonFileOptions, 'below'> {
  /** What becomes of a file that cannot be read or understood: an error (default), or `change` is given `null`. */
  readonly ifDamaged?: 'refuse' | 'replace';
}

/**
 * Changes one of our own JSON files by what it says: of two that change it at once, in one process or in two, neither
 * loses what the other wrote. A link in its place is treated as `writeJsonFile` treats it.
 * @param change the new content by the present one (`null`: there is no file); `undefined`: leave it as it is. Throws
 *   to refuse. Called once, under the lock
 * @throws UserError if the file cannot be understood (it is then left alone), or others hold the lock for 10 s · what
 *   `change` throws · the system's error
 */
export async function updateJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  change: (now: T | null) => unknown,
  { ifDamaged = 'refuse', ...options }: UpdateOptions = {},
): Promise<void> {
  const folder = dirname(path);
  await makePrivateFolder(folder);
  const read = () => readJsonFile(path, schema, options);
  const lock = await takeLock(join(folder, UPDATE_LOCK), path);
  try {
    // All in one step: where the kernel keeps no locks, this process at least is in step with itself.
    const next = change(ifDamaged === 'refuse' ? read() : readOrNull(read));
    if (next === undefined) return;
    const place = options.links === 'follow' ? realPathOr(path) : path;
    writeFileAtomicSync(place, jsonText(next), 0o600);
  } finally {
    closeSync(lock);
  }
}

function readOrNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

async function takeLock(lockPath: string, path: string): Promise<number> {
  const descriptor = openSync(
    lockPath,
    constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
  try {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { status } = await tryKernelLock(descriptor, 'exclusive');
      // A file system without locks is no reason to refuse what is changed by hand, once in a while.
      if (status !== 'held') return descriptor;
      if (performance.now() > deadline) {
        throw new UserError(
          `${path} is being changed by another process that does not come to an end; try again.`,
        );
      }
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
