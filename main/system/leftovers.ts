import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A writer finishes in milliseconds; what nobody touched for so long was left by a process that died. */
const ORPHAN_AGE_MS = 2_000;

/** Temporary files, by our own naming and the client's: `<name>.tmp.<8 hex>`. */
export const TEMPORARY = /\.tmp\.[0-9a-f]{8}$/;

/** Removes files and empty folders of a folder that are old enough to be nobody's. A missing folder holds none. */
export function removeLeftovers(folder: string, isLeftover: (name: string) => boolean): void {
  for (const name of namesIn(folder).filter(isLeftover)) {
    const path = join(folder, name);
    try {
      // Of a link, the link itself: what it leads to is nobody's leftover.
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || Date.now() - stat.mtimeMs < ORPHAN_AGE_MS) continue;
      if (stat.isDirectory()) rmdirSync(path);
      else rmSync(path, { force: true });
    } catch {
      // Gone by now, in use again, or not ours to remove: `doctor` tells of what stays.
    }
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No folder, or not ours to look into: nothing of ours is in there.
    return [];
  }
}
