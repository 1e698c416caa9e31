import { type Dirent, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, errorText } from '../system/errors.ts';
import { readForeignText } from '../system/foreignFile.ts';
import type { AgencPaths } from '../system/paths.ts';
import { CONFIG_FOLDER, likeName, type Mission, plainName } from './mission.ts';
import { type MissionNote, openMissionNotes } from './missionNote.ts';

/** Where missions are, and what was noted of them. */
export type MissionFolders = Pick<AgencPaths, 'missions' | 'missionNotes'>;

/** What lies among the missions and cannot be looked into. Both texts are harmless to show. */
export interface OddEntry {
  readonly name: string;
  readonly why: string;
}

export interface FoundMissions {
  /** By id. */
  readonly missions: readonly Mission[];
  readonly odd: readonly OddEntry[];
  /** Names of the odd entries, as they are: nothing is known to have become of missions of these names. */
  readonly unknown: ReadonlySet<string>;
}

/**
 * `mission.json` lies in the mission's folder, for people and other programs: what it says is shown, and
 * decides nothing. It may be missing; what does not fit is ignored, never an error.
 */
const missionFile = z.object({ name: z.string() });
const MAX_FILE_BYTES = 64 * 1024;
const LINKED =
  'it is a link, and what lies elsewhere is neither read nor written: put the folder itself there, or link the whole missions folder, or attach its config directory';

/**
 * The missions under a `missions/` folder. A missing folder holds none, and what cannot be looked into is
 * one odd entry, and nothing to the others. None goes by what is another's id or name.
 * @param others missions from elsewhere, whose names are taken
 * @throws the system's error if the folder itself is there but cannot be read
 */
export function findMissions(
  folders: MissionFolders,
  others: readonly Mission[] = [],
): FoundMissions {
  const noteOf = openMissionNotes(folders.missionNotes);
  const missions: Named[] = [];
  const odd: OddEntry[] = [];
  const unknown = new Set<string>();
  for (const entry of entriesOf(folders.missions)) {
    if (entry.name.startsWith('.')) continue;
    try {
      if (!isFolder(entry, folders.missions)) continue;
      missions.push(readMission(folders.missions, entry.name, noteOf(entry.name)));
    } catch (error) {
      unknown.add(entry.name);
      odd.push({ name: plainName(entry.name), why: plainName(errorText(error)) });
    }
  }
  const named = withOwnNames(missions, others);
  return { missions: named.sort((a, b) => (a.id < b.id ? -1 : 1)), odd, unknown };
}

/** The same without what is odd. @throws as {@link findMissions} */
export function discoverMissions(folders: MissionFolders): readonly Mission[] {
  return findMissions(folders).missions;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** @param note what was decided when it was made; `null` for one of another program, or of before there were notes */
function readMission(missionsFolder: string, id: string, note: MissionNote | null): Named {
  const folder = join(missionsFolder, id);
  const configDir = join(folder, CONFIG_FOLDER);
  const said = note?.name == null ? nameInFile(missionsFolder, id) : null;
  const name = plainName(note?.name ?? said ?? id) || id;
  const mission = { id, name, kind: 'agenc', folder, configDir, repo: note?.repo ?? null } as const;
  return { mission, isItsOwnWord: said !== null };
}

interface Named {
  readonly mission: Mission;
  /** The mission itself may have written its name. */
  readonly isItsOwnWord: boolean;
}

/** Whoever calls itself as another one is called goes by its id: people name missions to stop and to remove them. */
function withOwnNames(found: readonly Named[], others: readonly Mission[]): Mission[] {
  const all = [...found.map(({ mission }) => mission), ...others];
  const owners = new Map<string, Set<string>>();
  for (const { id, name } of all)
    for (const each of [id, name]) {
      const like = likeName(each);
      owners.set(like, (owners.get(like) ?? new Set()).add(id));
    }
  return found.map(({ mission, isItsOwnWord }) => {
    const isTaken = (owners.get(likeName(mission.name))?.size ?? 0) > 1;
    return isItsOwnWord && isTaken ? { ...mission, name: mission.id } : mission;
  });
}

function nameInFile(missionsFolder: string, id: string): string | null {
  const path = join(missionsFolder, id, 'mission.json');
  const text = readForeignText(path, MAX_FILE_BYTES, { below: missionsFolder });
  if (text === null) return null;
  try {
    return missionFile.parse(JSON.parse(text)).name || null;
  } catch {
    // Torn, or of another form: the mission goes by its id.
    return null;
  }
}

/** @throws Error if it is one under a name that nothing can be done with, or cannot be looked at */
function isFolder(entry: Dirent, parent: string): boolean {
  const path = join(parent, entry.name);
  const isOne = entry.isSymbolicLink()
    ? (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)
    : entry.isDirectory();
  if (!isOne) return false;
  if (entry.isSymbolicLink()) throw new Error(LINKED);
  // A name stands in messages, terminals' titles and environments, where these do harm.
  if (/\p{Cc}/u.test(entry.name))
    throw new Error('its name holds a line break or another control character; rename it');
  // Bytes that are no UTF-8 were replaced by this sign; there is nothing of the resulting name.
  const isThere = !entry.name.includes('\uFFFD') || lstatSync(path, { throwIfNoEntry: false });
  if (!isThere) throw new Error('its name is not valid UTF-8; rename it');
  return true;
}
