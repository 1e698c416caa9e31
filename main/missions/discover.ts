import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../system/errors.ts';
import { CONFIG_FOLDER, type Mission } from './mission.ts';

/** `mission.json` is ours and may be missing; what does not fit is ignored, never an error. */
const missionFile = z.object({ name: z.string().min(1), repo: z.string().nullable() }).partial();

/**
 * The missions under a `missions/` folder, by id. A missing folder holds none.
 * @throws the system's error if the folder is there but cannot be read
 */
export function discoverMissions(missionsFolder: string): Mission[] {
  let found: Dirent[];
  try {
    found = readdirSync(missionsFolder, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return found
    .filter((entry) => !entry.name.startsWith('.') && isFolder(entry, missionsFolder))
    .map((entry) => readMission(missionsFolder, entry.name))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function readMission(missionsFolder: string, id: string): Mission {
  const folder = join(missionsFolder, id);
  const { name = id, repo = null } = readMissionFile(join(folder, 'mission.json'));
  return { id, name, kind: 'agenc', folder, configDir: join(folder, CONFIG_FOLDER), repo };
}

function readMissionFile(path: string): z.infer<typeof missionFile> {
  try {
    return missionFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing, unreadable or of another form: the mission goes by its id.
    return {};
  }
}

function isFolder(entry: Dirent, parent: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(parent, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
