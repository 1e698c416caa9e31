import { join } from 'node:path';
import { writeFileAtomicSync } from '../system/atomicFile.ts';
import { removeOwn } from '../system/ownFolder.ts';
import { missionsFolderOf } from './mission.ts';
import { isAlive, readPid } from './pid.ts';

/**
 * `missions/<id>/shared-store` names the wrapper process whose Claude keeps its credentials in the global
 * entry. It counts only together with a `pid` file that names the same process, so what a killed wrapper
 * left says nothing of the next one, whoever's that is.
 */
const MARK_FILE = 'shared-store';

/** Says that this process runs the mission on the shared store. @throws the system's error */
export function markShared(missionFolder: string): void {
  const path = join(missionFolder, MARK_FILE);
  writeFileAtomicSync(path, `${process.pid}\n`, 0o600, missionsFolderOf(missionFolder));
}

/** Takes the mark away, unless it is that of another process which lives. */
export function unmarkShared(missionFolder: string): void {
  const path = join(missionFolder, MARK_FILE);
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isAlive(pid))
    removeOwn(path, missionsFolderOf(missionFolder));
}

/** @param pid the process in the mission's `pid` file */
export function isMarkedShared(missionFolder: string, pid: number): boolean {
  return readPid(join(missionFolder, MARK_FILE)) === pid;
}
