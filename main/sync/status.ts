import { entryRef, type Mission } from '../missions/mission.ts';
import { isActive, type MissionRegistry } from '../missions/registry.ts';
import type { CredentialStore } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Inspection } from './outcome.ts';
import type { Reconciler } from './reconciler.ts';
import { type Seen, type SeenEntry, seenNow } from './seen.ts';
import type { WorkLoop } from './workLoop.ts';

export interface MissionStatus extends SeenEntry {
  readonly inSync: boolean;
  /** Names of what vanished and waits for the user's answer. */
  readonly held: readonly string[];
  /** ms since the epoch. */
  readonly lastSyncAt: number | null;
}

export interface EngineStatus {
  readonly global: SeenEntry;
  readonly missions: ReadonlyMap<string, MissionStatus>;
  readonly paused: boolean;
  readonly busy: boolean;
}

export interface FreshStatus extends EngineStatus {
  readonly inspection: Inspection;
}

/** What the engine says of itself: read afresh, or as last seen. */
export interface StatusView {
  fresh(): Promise<FreshStatus>;
  lastKnown(): EngineStatus;
  lookAtStopped(): Promise<void>;
}

export interface StatusDeps {
  readonly store: CredentialStore;
  readonly registry: MissionRegistry;
  readonly reconciler: Reconciler;
  readonly seen: Seen;
  readonly loop: WorkLoop;
  readonly clock: Clock;
  readonly lastSyncAt: (mission: Mission) => number | null;
  readonly onProgress: () => void;
}

/** Stopped missions are read in small groups, so that no sync waits for all of them. */
const STOPPED_AT_ONCE = 16;

export function createStatusView(deps: StatusDeps): StatusView {
  const { store, registry, reconciler, seen, loop, clock } = deps;
  const allMissions = (): Mission[] => registry.all().map(({ mission }) => mission);
  const isStopped = (id: string): boolean => {
    const known = registry.get(id);
    return !isActive(known) && known?.bare !== true;
  };

  function statusOf(
    global: SeenEntry,
    look: (id: string) => Omit<MissionStatus, 'lastSyncAt'> | null,
  ): EngineStatus {
    const missions = allMissions().flatMap((mission): [string, MissionStatus][] => {
      const found = look(mission.id);
      return found === null
        ? []
        : [[mission.id, { ...found, lastSyncAt: deps.lastSyncAt(mission) }]];
    });
    return { global, missions: new Map(missions), paused: loop.isPaused(), busy: loop.isBusy() };
  }

  /** Whether its entry may be other than when it was last seen, or than the global one now. */
  async function mayDiffer(mission: Mission): Promise<boolean> {
    const stamp = await store.stamp(entryRef(mission));
    return (
      stamp === null || stamp !== seen.mission(mission.id)?.stamp || !seen.isInSync(mission.id)
    );
  }

  return {
    async fresh() {
      const inspection = await loop.exclusively(() => reconciler.inspect(allMissions()));
      const at = clock.now();
      const status = statusOf(seenNow(inspection.global.view, at), (id) => {
        const mission = inspection.missions.get(id);
        if (mission === undefined) return null;
        const { view, inSync, held } = mission;
        return { ...seenNow(view, at), inSync, held };
      });
      return { ...status, inspection };
    },

    lastKnown: () =>
      statusOf(seen.global(), (id) => {
        const mission = seen.mission(id);
        return mission === undefined ? null : { ...mission, inSync: seen.isInSync(id) };
      }),

    async lookAtStopped() {
      const stopped = allMissions().filter(({ id }) => isStopped(id));
      for (let from = 0; from < stopped.length; from += STOPPED_AT_ONCE) {
        const group = stopped.slice(from, from + STOPPED_AT_ONCE);
        const differ = await Promise.all(group.map(mayDiffer));
        const wanted = group.filter((_, index) => differ[index]);
        if (wanted.length === 0) continue;
        const stamps = await Promise.all(wanted.map((mission) => store.stamp(entryRef(mission))));
        const { missions } = await loop.exclusively(() => reconciler.inspect(wanted));
        wanted.forEach(({ id }, index) => {
          const mission = missions.get(id);
          // One that started meanwhile is followed by now.
          if (mission === undefined || !isStopped(id)) return;
          seen.noteMission(id, { ...mission, stamp: stamps[index] ?? null }, mission.inSync);
        });
        deps.onProgress();
      }
    },
  };
}
