import { entryRef, type Mission, pidPath } from '../missions/mission.ts';
import type { CredentialStore } from '../stores/store.ts';
import type { PathWatcher } from '../system/pathWatcher.ts';

/** Watches each mission's `pid` file, and the entries of those that run. */
export interface MissionWatch {
  set(mission: Mission, active: boolean): void;
  forget(id: string): void;
}

export function createMissionWatch(
  watcher: PathWatcher,
  store: CredentialStore,
  on: { pid(mission: Mission): void; entry(mission: Mission): void },
): MissionWatch {
  const pids = new Map<string, () => void>();
  const entries = new Map<string, () => void>();

  function end(watches: Map<string, () => void>, id: string): void {
    watches.get(id)?.();
    watches.delete(id);
  }

  return {
    set(mission, active) {
      const pid = pidPath(mission);
      if (pid !== null && !pids.has(mission.id))
        pids.set(
          mission.id,
          watcher.watch(pid, () => on.pid(mission)),
        );
      const entry = store.watchPath(entryRef(mission));
      if (!active) end(entries, mission.id);
      else if (entry !== null && !entries.has(mission.id)) {
        entries.set(
          mission.id,
          watcher.watch(entry, () => on.entry(mission)),
        );
      }
    },
    forget(id) {
      end(pids, id);
      end(entries, id);
    },
  };
}
