import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode, errorText } from '../system/errors.ts';

/** A file to bring to a mission. */
export interface UserFile {
  /** Where it lies, links followed. */
  readonly path: string;
  /** Differs whenever the file may have changed. */
  readonly stamp: string;
}

export interface UserFiles {
  /** By path below the folder. */
  readonly files: ReadonlyMap<string, UserFile>;
  /** Whether everything could be looked at. If not, what is missing here may still be there. */
  readonly complete: boolean;
}

/** Credentials come by the clone, and a server that stands in the cache would not be connected to. */
const NEVER = ['.credentials.json', 'mcp-needs-auth-cache.json'];
/** No instruction or script is that large; somebody's model or recording may be. */
const MAX_BYTES = 64 * 1024 * 1024;
/** More than any collection of skills holds, dependencies included; a link to a whole disk ends here. */
const MAX_FILES = 20_000;
const MAX_TOTAL_BYTES = 512 * 1024 * 1024;

/**
 * Finds the files to bring to a mission. Links are followed, since a mission needs what they lead to; what
 * leads nowhere, into a circle, or to something that is no file is left out and told.
 * @param wanted which names directly in the folder
 */
export async function findUserFiles(
  folder: string,
  wanted: (name: string) => boolean,
  warn: (message: string) => void,
): Promise<UserFiles> {
  const files = new Map<string, UserFile>();
  let complete = true;
  let bytes = 0;

  function leaveOut(path: string, why: string, surely: boolean): void {
    if (!surely) complete = false;
    warn(`${path} is left out: ${why}.`);
  }

  async function look(path: string, below: string, above: readonly string[]): Promise<void> {
    let entries: Dirent[];
    let real: string;
    try {
      real = await realpath(path);
      if (above.includes(real)) return leaveOut(path, 'it leads back to where it lies', true);
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') return leaveOut(path, errorText(error), false);
      // Without the folder itself nobody knows what is in it; a folder in it that went is gone.
      if (below === '') complete = false;
      return;
    }
    for (const entry of entries) {
      if (NEVER.includes(entry.name) || (below === '' && !wanted(entry.name))) continue;
      if (files.size >= MAX_FILES || bytes >= MAX_TOTAL_BYTES) {
        if (complete) leaveOut(path, 'there is far more in the folder than belongs there', false);
        return;
      }
      await take(join(path, entry.name), join(below, entry.name), entry, [...above, real]);
    }
  }

  async function take(
    path: string,
    below: string,
    entry: Dirent,
    above: readonly string[],
  ): Promise<void> {
    let found: Stats;
    try {
      found = await stat(path);
      if (entry.isSymbolicLink() && NEVER.includes(basename(await realpath(path)))) return;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' && entry.isSymbolicLink())
        return leaveOut(path, 'it is a link that leads nowhere', true);
      if (code === 'ELOOP') return leaveOut(path, 'it is a link that leads in a circle', true);
      // A file that went in this moment is just gone.
      return code === 'ENOENT' ? undefined : leaveOut(path, errorText(error), false);
    }
    if (found.isDirectory()) return look(path, below, above);
    if (!found.isFile()) return leaveOut(path, 'it is neither a file nor a folder', true);
    if (found.size > MAX_BYTES)
      return leaveOut(path, `it is larger than ${MAX_BYTES / 1024 / 1024} MB`, true);
    bytes += found.size;
    files.set(below, { path, stamp: stampOf(found) });
  }

  await look(folder, '', []);
  return { files, complete };
}

/** A cheap token of a file's content and mode. */
export function stampOf({ size, mtimeMs, mode }: Stats): string {
  return `${size} ${mtimeMs} ${(mode & 0o777).toString(8)}`;
}
