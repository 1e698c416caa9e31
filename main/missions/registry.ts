import { lstatSync } from 'node:fs';
import type { AttachedMissions } from './attached.ts';
import { findMissions, type MissionFolders, type OddEntry } from './discover.ts';
import type { Mission, MissionState } from './mission.ts';
import { isAlive, runningPid } from './pid.ts';
import { isMarkedShared } from './sharedMark.ts';

export interface KnownMission {
  readonly mission: Mission;
  readonly state: MissionState;
  /** The process that runs it. For people: its `pid` file is the mission's to write. */
  readonly pid: number | null;
  /** Its Claude keeps its credentials in the global entry: its own, if there is one, is not looked at. */
  readonly shared: boolean;
  /** Shared, and without a config directory: another program's, whose Claude uses the user's own. */
  readonly bare: boolean;
}

export interface MissionChange {
  readonly change: 'added' | 'started' | 'stopped' | 'removed';
  readonly mission: Mission;
}

/** Which missions there are and which of them run, as of the last look. */
export interface MissionRegistry {
  all(): readonly KnownMission[];
  /** Those that are kept in step with an entry of their own ({@link isSynced}). */
  synced(): readonly Mission[];
  get(id: string): KnownMission | undefined;
  /** What of the missions folder could not be looked into at the last look. */
  odd(): readonly OddEntry[];
  /** Reads everything again. @throws the system's error or UserError; what was known stays known */
  rescan(): MissionChange[];
  /** Reads one mission's `pid` file again. */
  recheck(id: string): MissionChange[];
  /** Asks only whether the processes known to run still live; reads nothing. */
  checkAlive(): MissionChange[];
}

export function isActive(known: KnownMission | undefined): boolean {
  return known !== undefined && known.state !== 'stopped';
}

/** Whether it runs with an entry of its own, which is to be kept in step. */
export function isSynced(known: KnownMission | undefined): boolean {
  return isActive(known) && known?.shared === false;
}

/** @param isKnown whether a mission had an entry of its own: what is missing of that is missing, and not another program's way */
export function createMissionRegistry(
  folders: MissionFolders,
  attached: AttachedMissions,
  isKnown: (id: string) => boolean,
): MissionRegistry {
  let odd: readonly OddEntry[] = [];
  const known = new Map<string, KnownMission>();

  /** Takes in one mission's state and says what changed: a new wrapper under the same id is a new start. */
  function update(mission: Mission): MissionChange[] {
    const before = known.get(mission.id);
    const now = look(mission, isKnown);
    known.set(mission.id, now);
    const changes: MissionChange[] = before === undefined ? [{ change: 'added', mission }] : [];
    const isOther = before?.pid !== now.pid || before.shared !== now.shared;
    const started = isActive(now) && (!isActive(before) || isOther);
    if (started) changes.push({ change: 'started', mission });
    else if (isActive(before) && !isActive(now)) changes.push({ change: 'stopped', mission });
    return changes;
  }

  return {
    all: () => [...known.values()],
    synced: () => [...known.values()].filter(isSynced).map(({ mission }) => mission),
    get: (id) => known.get(id),
    odd: () => odd,

    rescan() {
      const own = attached.list();
      const found = findMissions(folders, own);
      const missions = [...found.missions, ...own];
      odd = found.odd;
      const ids = new Set([...missions.map(({ id }) => id), ...found.unknown]);
      const removed = [...known.values()].filter(({ mission }) => !ids.has(mission.id));
      for (const { mission } of removed) known.delete(mission.id);
      return [
        ...removed.map(({ mission }): MissionChange => ({ change: 'removed', mission })),
        ...missions.flatMap(update),
      ];
    },

    recheck(id) {
      const mission = known.get(id)?.mission;
      return mission === undefined ? [] : update(mission);
    },

    checkAlive() {
      return [...known.values()].flatMap(({ mission, pid }) =>
        pid === null || isAlive(pid) ? [] : update(mission),
      );
    },
  };
}

function look(mission: Mission, isKnown: (id: string) => boolean): KnownMission {
  const { id, folder, configDir } = mission;
  if (folder === null) return { mission, state: 'attached', pid: null, shared: false, bare: false };
  const pid = runningPid(folder);
  const bare = !isThere(configDir) && !isKnown(id);
  if (pid === null) return { mission, state: 'stopped', pid: null, shared: bare, bare };
  return { mission, state: 'running', pid, shared: bare || isMarkedShared(folder, pid), bare };
}

/** Whatever it is: a link or a file in its place is told where the entry is read. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // No permission: it cannot be said to be missing.
    return true;
  }
}
