import { existsSync } from 'node:fs';
import {
  type CredentialStore,
  type EntryRef,
  type Unavailable,
  unavailable,
} from '../stores/store.ts';
import type { PathWatcher } from '../system/pathWatcher.ts';

/** Tells when the lock goes for which a mission's entry waits. Only while it waits: our own writes take locks, too. */
export interface LockWatch {
  /** @param onFree the lock was there, and is gone */
  watch(id: string, kept: EntryRef, onFree: () => void): void;
  end(id: string): void;
  dispose(): void;
}

export function createLockWatch(
  store: CredentialStore,
  watcher: Pick<PathWatcher, 'watch'>,
): LockWatch {
  const watched = new Map<string, { readonly path: string; readonly end: () => void }>();

  function end(id: string): void {
    watched.get(id)?.end();
    watched.delete(id);
  }

  return {
    watch(id, kept, onFree) {
      const path = store.lockPath(kept);
      if (watched.get(id)?.path === path) return;
      end(id);
      if (path === null) return;
      const onChange = (): void => {
        if (!existsSync(path)) onFree();
      };
      watched.set(id, { path, end: watcher.watch(path, onChange) });
    },
    end,
    dispose() {
      for (const id of [...watched.keys()]) end(id);
    },
  };
}

/** What is said of an entry whose lock somebody keeps. */
export function lockedOut(store: CredentialStore, ref: EntryRef): Unavailable {
  const lock = store.lockPath(ref) ?? store.describe(ref);
  return unavailable('busy', `another process keeps ${lock}`);
}
