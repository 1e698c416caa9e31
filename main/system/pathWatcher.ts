import { existsSync, type FSWatcher, statSync, watch as watchFolder } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errorCode } from './errors.ts';
import { linkBelow } from './ownPlace.ts';

export interface PathWatcher {
  /**
   * Calls `onChange` whenever the file or folder at `path` was made, replaced, written or removed, and
   * also when the folder that it lies in appears.
   * @param path its last part may end in {@link ANY}: whatever in the folder has such a name
   * @param onChange is told the name; `null`: any of them
   * @returns how to stop
   */
  watch(path: string, onChange: OnChange): () => void;
  /** Looks for watched folders that were replaced or came back, and watches those. Cheap: one stat each. */
  check(): void;
  dispose(): void;
}

/** In place of a file's name, or at its end: whatever lies in the folder, or has a name that begins so. */
export const ANY = '*';

type OnChange = (name: string | null) => void;

export interface PathWatcherOptions {
  /** Below it a link in a folder's place counts as no folder (see `ownPlace.ts`). */
  readonly root?: string;
  /** A folder changes without a pause, or has come to rest. */
  readonly onFlood?: (folder: string, goesOn: boolean) => void;
}

/** Of one folder within {@link REST_MS}; what a build or a checkout does in one folder is less. */
const FLOOD_EVENTS = 2_000;
/** How long the events of a folder are not listened to after that, and within which it must be calm to be well again. */
const REST_MS = 1_000;

interface Folder {
  watcher: FSWatcher;
  /** Events since a moment, monotonic ms. */
  events: number;
  since: number;
  /** It has been flooded; `timer`: until it is listened to again, or counts as calm. */
  flooded: boolean;
  timer: NodeJS.Timeout | null;
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
 * Whoever changes a folder a hundred thousand times a second would keep this process busy with nothing else, and
 * have the system drop the events of other folders. So such a folder is looked at once a second until that ends.
 *
 * @param onTrouble told once per folder why it cannot be watched (the system's limit, no permission); with `null` once
 *   it can be, or is gone, or nobody wants it watched any more
 */
export function createPathWatcher(
  onTrouble: (folder: string, why: unknown) => void,
  { root, onFlood = () => undefined }: PathWatcherOptions = {},
): PathWatcher {
  const folders = new Map<string, Folder>();
  const rearms = new Set<() => void>();
  const troubled = new Set<string>();
  /** By folder, how many of its paths are to be watched. */
  const wanted = new Map<string, number>();
  let disposed = false;

  function openFolder(path: string): Folder | null {
    const known = folders.get(path);
    if (known !== undefined) return known;
    try {
      const identity = identityOf(path, root);
      if (identity === null) return null;
      const watcher = watchFolder(path);
      const calm = { events: 0, since: performance.now(), flooded: false, timer: null };
      const folder: Folder = { watcher, ...calm, identity, listeners: new Map() };
      attend(path, folder);
      folders.set(path, folder);
      well(path);
      return folder;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') well(path);
      else if (!troubled.has(path)) {
        troubled.add(path);
        onTrouble(path, error);
      }
      return null;
    }
  }

  function well(path: string): void {
    if (troubled.delete(path)) onTrouble(path, null);
  }

  function want(folder: string, change: 1 | -1): void {
    const count = (wanted.get(folder) ?? 0) + change;
    if (count > 0) {
      wanted.set(folder, count);
      return;
    }
    wanted.delete(folder);
    well(folder);
  }

  function attend(path: string, folder: Folder): void {
    folder.watcher.on('change', (_, name) => {
      if (!isFlood(folder)) onEvent(path, folder, name === null ? null : String(name));
      else rest(path, folder);
    });
    folder.watcher.on('error', () => closeFolder(path));
  }

  function isFlood(folder: Folder): boolean {
    const now = performance.now();
    if (now - folder.since > REST_MS) Object.assign(folder, { events: 0, since: now });
    folder.events += 1;
    return folder.events > FLOOD_EVENTS;
  }

  /** Does not listen for a while, then looks. */
  function rest(path: string, folder: Folder): void {
    folder.watcher.close();
    if (!folder.flooded) onFlood(path, true);
    folder.flooded = true;
    wait(folder, () => {
      try {
        folder.watcher = watchFolder(path);
      } catch {
        closeFolder(path);
        for (const rearm of [...rearms]) rearm();
        return;
      }
      folder.events = 0;
      attend(path, folder);
      wait(folder, () => calm(path, folder));
      onEvent(path, folder, null);
    });
  }

  function calm(path: string, folder: Folder): void {
    if (folder.flooded) onFlood(path, false);
    folder.flooded = false;
  }

  function wait(folder: Folder, then: () => void): void {
    if (folder.timer !== null) clearTimeout(folder.timer);
    folder.timer = setTimeout(then, REST_MS).unref();
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
    const folder = folders.get(path);
    if (folder === undefined) return;
    folder.watcher.close();
    if (folder.timer !== null) clearTimeout(folder.timer);
    calm(path, folder);
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
      const home = dirname(path);
      want(home, 1);
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
        if (rearms.delete(rearm)) want(home, -1);
        armed?.end();
        armed = null;
      };
    },

    check() {
      if (disposed) return;
      for (const [path, folder] of [...folders]) if (!isCurrent(path, folder)) closeFolder(path);
      // Nobody asks for one that is not there.
      for (const path of [...troubled]) if (identityOf(path, root) === null) well(path);
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
