import type { Clock } from '../system/clock.ts';

/** A client that starts takes and leaves one lock for each of its servers. */
const BURST = 100;
const PER_SECOND = 20;
const DELAY_MS = 250;
/** Names of locks that wait to be looked at; a folder has no more servers than that in need of one at once. */
const MOST_WAITING = 500;

interface Folder {
  credit: number;
  at: number;
  readonly waiting: Set<string>;
  cancel: (() => void) | null;
}

/** Looks at refresh locks as they come and go, and at those of a folder that makes a storm of it a few times a second. */
export interface LockLooks {
  look(folder: string, name: string): void;
  dispose(): void;
}

/** @param look looks at one lock, now */
export function createLockLooks(
  clock: Clock,
  look: (folder: string, name: string) => void,
): LockLooks {
  const folders = new Map<string, Folder>();

  function folderOf(path: string): Folder {
    const now = clock.monotonic();
    let folder = folders.get(path);
    if (folder === undefined) {
      folder = { credit: BURST, at: now, waiting: new Set(), cancel: null };
      folders.set(path, folder);
    }
    folder.credit = Math.min(BURST, folder.credit + ((now - folder.at) * PER_SECOND) / 1_000);
    folder.at = now;
    return folder;
  }

  function lookAtWaiting(path: string, folder: Folder): void {
    folder.cancel = null;
    const names = [...folder.waiting];
    folder.waiting.clear();
    folder.credit -= names.length;
    for (const name of names) look(path, name);
  }

  return {
    look(path, name) {
      const folder = folderOf(path);
      // In their order: one that waits is not overtaken by what happens to it next.
      if (folder.credit >= 1 && folder.waiting.size === 0) {
        folder.credit -= 1;
        look(path, name);
        return;
      }
      if (folder.waiting.size < MOST_WAITING) folder.waiting.add(name);
      folder.cancel ??= clock.after(DELAY_MS, () => lookAtWaiting(path, folder));
    },

    dispose() {
      for (const { cancel } of folders.values()) cancel?.();
      folders.clear();
    },
  };
}
