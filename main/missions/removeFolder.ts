import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../system/errors.ts';
import { inOwnFolder } from '../system/ownFolder.ts';
import { missionsFolderOf } from './mission.ts';

/** Of a path below the folder: far below what systems take (macOS 1,024 bytes in all, Linux 4,096). */
const LONGEST = 500;

/**
 * Removes a mission's folder with all that is in it, however deep: whoever makes folders in folders can go where no path
 * leads. No link is followed.
 * @throws LinkInTheWay; the system's error
 */
export async function removeMissionFolder(folder: string): Promise<void> {
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (errorCode(error) !== 'ENAMETOOLONG') throw error;
    liftDeepFolders(folder);
    await remove();
  }
}

/** Moves what lies too deep to the top of the folder. */
function liftDeepFolders(folder: string): void {
  const root = missionsFolderOf(folder);
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(next, entry.name);
      if (Buffer.byteLength(path) - Buffer.byteLength(folder) <= LONGEST) open.push(path);
      else {
        const lifted = join(folder, `lifted-${randomBytes(8).toString('hex')}`);
        inOwnFolder(path, root, (real) => renameSync(real, lifted));
        open.push(lifted);
      }
    }
  }
}
