import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Whether the bytes must be on the disk before the file takes its name. */
  readonly durable: boolean;
}

/**
 * Replaces a file in one step: a reader sees the old text or the new one, never half of it.
 * Leaves nothing behind when it fails.
 * @throws the system's error
 */
export async function writeFileAtomic(
  path: string,
  text: string,
  { mode, durable }: AtomicWriteOptions,
): Promise<void> {
  const temporary = `${path}.tmp.${randomBytes(4).toString('hex')}`;
  try {
    await writeTemporary(temporary, text, mode, durable);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Creates a file that must not exist yet, with its mode from the first moment on. */
export async function writeTemporary(
  path: string,
  text: string,
  mode: number,
  durable: boolean,
): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'wx', mode);
    await handle.writeFile(text);
    if (durable) await handle.sync();
  } finally {
    await handle?.close();
  }
}

/** Makes a folder that only this user may enter, and those of its parents that are missing. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
