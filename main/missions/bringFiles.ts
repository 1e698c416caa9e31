import { constants, lstatSync, rmdirSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from '../system/atomicFile.ts';
import { errorCode, errorText } from '../system/errors.ts';
import { readForeign } from '../system/foreignFile.ts';
import { inOwnFolder, openOwnFolder, removeOwn } from '../system/ownFolder.ts';
import type { BroughtFiles } from './configRecord.ts';
import { missionsFolderOf } from './mission.ts';
import { stampOf, type UserFiles } from './userFiles.ts';

/** Errors of the disk that is written to: no file after this one would fare better. */
const OF_THE_DISK = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE'];

/**
 * Brings the user's files to a mission that may hold some by now: a file that the mission made, changed or
 * deleted stays as the mission has it; every other follows the user's, also when that goes. Nothing is
 * written through a link that lies in the mission.
 * @param brought what was last brought; nothing for a new mission
 * @throws the system's error if the disk is full or fails; the signal's reason
 */
export async function bringFiles(
  { files, complete }: UserFiles,
  target: string,
  brought: BroughtFiles,
  warn: (message: string) => void,
  signal?: AbortSignal,
): Promise<BroughtFiles> {
  const now: BroughtFiles = {};
  const root = missionsFolderOf(dirname(target));
  for (const [name, { path, stamp }] of files) {
    signal?.throwIfAborted();
    const last = brought[name];
    const to = join(target, name);
    const own = ownStamp(to);
    if (own !== last?.own) {
      // Also what was brought before this was killed, so that it was not noted down.
      if (own !== undefined && isSame(path, to, root)) now[name] = { source: stamp, own };
      else if (last !== undefined) now[name] = last;
    } else if (last !== undefined && last.source === stamp) {
      now[name] = last;
    } else if (await makeFolders(target, dirname(name))) {
      const copied = await copy(path, to, root, warn);
      if (copied) now[name] = { source: stamp, own: ownStamp(to) ?? '' };
      else if (last !== undefined) now[name] = last;
    }
  }
  for (const [name, last] of Object.entries(brought)) {
    if (files.has(name)) continue;
    // A folder that cannot be read now is not one that was emptied.
    if (!complete) now[name] = last;
    else if (!hasOwnFolders(target, dirname(name))) continue;
    else if (ownStamp(join(target, name)) === last.own) remove(target, name, root);
  }
  return now;
}

/** Where one of them cannot be read, the mission's stays as it is; so does what is no file of its own there. */
function isSame(from: string, to: string, root: string): boolean {
  const size = lstatSync(to, { throwIfNoEntry: false })?.size ?? 0;
  const user = readForeign(from, size, { links: 'follow' });
  if (user.status !== 'found' || user.bytes.length !== size) return false;
  const mission = readForeign(to, size, { below: root });
  return mission.status === 'found' && mission.bytes.equals(user.bytes);
}

async function copy(
  from: string,
  to: string,
  root: string,
  warn: (message: string) => void,
): Promise<boolean> {
  const own = openOwnFolder(dirname(to), root);
  const place = join(own.path, basename(to));
  const temporary = temporaryName(place);
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    own.check();
    await rename(temporary, place);
    return true;
  } catch (error) {
    await rm(temporary, { force: true });
    if (OF_THE_DISK.includes(errorCode(error))) throw error;
    warn(`${from} is left out: ${own.plain(errorText(error))}.`);
    return false;
  } finally {
    own.close();
  }
}

/** @returns false if the mission has put something else in the place of one of the folders */
async function makeFolders(target: string, below: string): Promise<boolean> {
  if (!hasOwnFolders(target, below)) return false;
  await mkdir(join(target, below), { recursive: true, mode: 0o700 });
  return true;
}

/** Whether the folders of a path are the mission's own as far as they exist: no file, and no way out of it. */
function hasOwnFolders(target: string, below: string): boolean {
  let folder = target;
  for (const part of below === '.' ? [] : below.split('/')) {
    folder = join(folder, part);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return true;
    if (!found.isDirectory()) return false;
  }
  return true;
}

/** Removes a file and the folders that are empty after it. */
function remove(target: string, name: string, root: string): void {
  removeOwn(join(target, name), root);
  try {
    for (let below = dirname(name); below !== '.'; below = dirname(below))
      inOwnFolder(join(target, below), root, rmdirSync);
  } catch {
    // Something else lies in it.
  }
}

/** `undefined` where there is no file; a token that no copy has where something else is in its place. */
function ownStamp(path: string): string | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isFile() ? stampOf(found) : 'no file';
  } catch (error) {
    // A folder of its path is a file now.
    return errorCode(error) === 'ENOTDIR' ? 'no file' : undefined;
  }
}
