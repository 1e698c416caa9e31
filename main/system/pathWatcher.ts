import { existsSync, type FSWatcher, statSync, watch as watchFolder } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errorCode, errorText } from './errors.ts';
import { linkBelow } from './ownPlace.ts';

export interface PathWatcher {
  /**
   * Calls `onChange` whenever the file or folder at `path` was made, replaced, written or removed, and
   * also when the folder that it lies in appears. Returns its own end.
   * @param path its last part may end in {@link ANY}: whatever in the folder has such a name
   * @param onChange is told the name; `null`: any of them
   */
  watch(path: string, onChange: OnChange): () => void;
  /** Looks for watched folders that were replaced or came back, and watches those. Cheap: one stat each. */
  check(): void;
  dispose(): void;
}

/** In place of a file's name, or at its end: whatever lies in the folder, or has a name that begins so. */
export const ANY = '*';

type OnChange = (name: string | null) => void;

interface Folder {
  readonly watcher: FSWatcher;
  /** Which folder it was: a new one may get the inode of the one that was removed. */
  readonly identity: string;
  readonly listeners: Map<string, Set<OnChange>>;
}

/**
 * Watches single paths for atomic replacement, with one `fs.watch` a folder however many paths lie in it.
 *
 * Plain `fs.watch` on purpose: for a thousand mission folders it reports a rename in 0.2 ms and costs
 * 11 MB, where a general watcher took 2 ms and 100 MB (docs/architecture.md has the figures). Where the
 * folder does not exist yet, its nearest existing ancestor is watched instead until it does.
 *
 * @param onTrouble told once per folder why it cannot be watched (the system's limit, no permission)
 * @param root below which a link in a folder's place counts as no folder (see `ownPlace.ts`)
 */
export function createPathWatcher(
  onTrouble: (folder: string, reason: string) => void,
  root?: string,
): PathWatcher {
  const folders = new Map<string, Folder>();
  const rearms = new Set<() => void>();
  const troubled = new Set<string>();
  let disposed = false;

  function openFolder(path: string): Folder | null {
    const known = folders.get(path);
    if (known !== undefined) return known;
    try {
      const identity = identityOf(path, root);
      if (identity === null) return null;
      const folder: Folder = { watcher: watchFolder(path), identity, listeners: new Map() };
      folder.watcher.on('change', (_, name) =>
        onEvent(path, folder, name === null ? null : String(name)),
      );
      folder.watcher.on('error', () => closeFolder(path));
      folders.set(path, folder);
      troubled.delete(path);
      return folder;
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && !troubled.has(path)) {
        troubled.add(path);
        onTrouble(path, errorText(error));
      }
      return null;
    }
  }

  function onEvent(path: string, folder: Folder, name: string | null): void {
    for (const [watched, listeners] of [...folder.listeners]) {
      if (name === null || fits(name, watched))
        for (const listener of [...listeners]) listener(name);
    }
    // The folder's own removal is reported under its own name.
    if ((name === null || name === basename(path)) && !isCurrent(path, folder)) {
      closeFolder(path);
      for (const rearm of [...rearms]) rearm();
    }
  }

  function isCurrent(path: string, folder: Folder): boolean {
    return identityOf(path, root) === folder.identity;
  }

  function closeFolder(path: string): void {
    folders.get(path)?.watcher.close();
    folders.delete(path);
  }

  function listen(path: string, name: string, listener: OnChange): (() => void) | null {
    const folder = openFolder(path);
    if (folder === null) return null;
    const listeners = folder.listeners.get(name) ?? new Set();
    folder.listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) folder.listeners.delete(name);
      if (folder.listeners.size === 0 && folders.get(path) === folder) closeFolder(path);
    };
  }

  return {
    watch(path, onChange) {
      // A watch would keep the process alive that is just ending.
      if (disposed) return () => undefined;
      let armed: { folder: string; end: () => void } | null = null;

      function arm(): boolean {
        for (let name = path, folder = dirname(path); ; name = folder, folder = dirname(folder)) {
          if (armed?.folder === folder && folders.has(folder)) return false;
          const end = listen(folder, basename(name), name === path ? onChange : rearm);
          if (end !== null) {
            armed?.end();
            armed = { folder, end };
            // It may have come between the look that missed it and the watch.
            if (name !== path && existsSync(name)) arm();
            return true;
          }
          if (folder === dirname(folder)) return false;
        }
      }

      function rearm(): void {
        if (arm()) onChange(null);
      }

      arm();
      rearms.add(rearm);
      return () => {
        rearms.delete(rearm);
        armed?.end();
        armed = null;
      };
    },

    check() {
      if (disposed) return;
      for (const [path, folder] of [...folders]) if (!isCurrent(path, folder)) closeFolder(path);
      for (const rearm of [...rearms]) rearm();
    },

    dispose() {
      disposed = true;
      for (const path of [...folders.keys()]) closeFolder(path);
      rearms.clear();
    },
  };
}

function fits(name: string, watched: string): boolean {
  return watched.endsWith(ANY) ? name.startsWith(watched.slice(0, -1)) : name === watched;
}

/** `null` where there is no such folder, or none that may be looked at. */
function identityOf(path: string, root: string | undefined): string | null {
  if (linkBelow(path, root) !== null) return null;
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.ino} ${stat.birthtimeMs}`;
  } catch {
    // No permission any more: it is watched again once there is.
    return null;
  }
}
