import { type FSWatcher, statSync, watch } from 'node:fs';

/** Sees files being replaced, by itself: with `fs.watch` on each file, not from what the engine says. */
export interface Arrival {
  /** When each file was replaced (`performance.now()`), by path, in the order of arrival. */
  readonly at: ReadonlyMap<string, number>;
  /** Resolves when all are in. @throws Error naming how many did not arrive in time */
  all(timeoutMs?: number): Promise<void>;
  dispose(): void;
}

/** One event at most comes from each file: its old inode loses its name. So the observer costs little. */
export function watchArrival(
  paths: readonly string[],
  onArrival?: (path: string, at: number) => void,
): Arrival {
  const at = new Map<string, number>();
  const watchers = new Map<string, FSWatcher>();
  let done: (() => void) | null = null;
  for (const path of paths) {
    const watcher = watch(path);
    const { ino } = statSync(path);
    watchers.set(path, watcher);
    watcher.on('change', () => {
      const now = performance.now();
      if (at.has(path) || statSync(path, { throwIfNoEntry: false })?.ino === ino) return;
      at.set(path, now);
      onArrival?.(path, now);
      if (at.size === paths.length) done?.();
    });
  }
  return {
    at,
    async all(timeoutMs = 20_000) {
      if (at.size === paths.length) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve, reject) => {
        done = resolve;
        const missing = () =>
          `${paths.length - at.size} of ${paths.length} files were not replaced`;
        timer = setTimeout(() => reject(new Error(missing())), timeoutMs);
      }).finally(() => clearTimeout(timer));
    },
    dispose() {
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
