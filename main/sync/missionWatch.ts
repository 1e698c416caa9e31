import { join } from 'node:path';
import { entryRef, type Mission, pidPath } from '../missions/mission.ts';
import { isSynced, type KnownMission } from '../missions/registry.ts';
import { REFRESH_LOCK_PREFIX } from '../refresh/refreshLocks.ts';
import type { CredentialStore } from '../stores/store.ts';
import { ANY, type PathWatcher } from '../system/pathWatcher.ts';

/**
 * Watches each mission's `pid` file, the entries and refresh locks of those that are synced, and whether one without a
 * config directory gets one.
 */
export interface MissionWatch {
  set(mission: Mission, known: KnownMission | undefined): void;
  forget(id: string): void;
}

export function createMissionWatch(
  watcher: PathWatcher,
  store: CredentialStore,
  on: {
    pid(mission: Mission): void;
    entry(mission: Mission): void;
    refreshLock(folder: string, name: string | null): void;
  },
): MissionWatch {
  const pids = new Map<string, () => void>();
  const entries = new Map<string, () => void>();
  const locks = new Map<string, () => void>();
  const folders = new Map<string, () => void>();

  function end(watches: Map<string, () => void>, id: string): void {
    watches.get(id)?.();
    watches.delete(id);
  }

  return {
    set(mission, known) {
      if (known?.bare !== true) end(folders, mission.id);
      else if (!folders.has(mission.id))
        folders.set(
          mission.id,
          watcher.watch(mission.configDir, () => on.pid(mission)),
        );
      const pid = pidPath(mission);
      if (pid !== null && !pids.has(mission.id))
        pids.set(
          mission.id,
          watcher.watch(pid, () => on.pid(mission)),
        );
      const entry = store.watchPath(entryRef(mission));
      if (!isSynced(known)) {
        end(entries, mission.id);
        end(locks, mission.id);
        return;
      }
      if (entry !== null && !entries.has(mission.id)) {
        entries.set(
          mission.id,
          watcher.watch(entry, () => on.entry(mission)),
        );
      }
      if (!locks.has(mission.id)) {
        locks.set(mission.id, watchRefreshLocks(watcher, mission.configDir, on.refreshLock));
      }
    },
    forget(id) {
      end(pids, id);
      end(entries, id);
      end(locks, id);
      end(folders, id);
    },
  };
}

/** Tells of the clients' refresh locks in a credential directory; of those that are there already, too. */
export function watchRefreshLocks(
  watcher: PathWatcher,
  folder: string,
  onLock: (folder: string, name: string | null) => void,
): () => void {
  const end = watcher.watch(join(folder, `${REFRESH_LOCK_PREFIX}${ANY}`), (name) =>
    onLock(folder, name),
  );
  onLock(folder, null);
  return end;
}
