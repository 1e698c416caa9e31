import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../system/errors.ts';
import { readForeignText } from '../system/foreignFile.ts';
import { writeJsonFile } from '../system/jsonFile.ts';
import { namesIn } from '../system/leftovers.ts';
import { removeApproval } from './missionSecrets.ts';

/**
 * `bar/missions/<id>.json`: what was decided when a mission was made. It decides what a launch brings, so it
 * does not lie in the mission's folder, where that mission's Claude could change it.
 */
const noteSchema = z.object({
  name: z.string().min(1),
  /** As `Repository.label` has it. */
  repo: z.string().nullable(),
  /** Where the work came from: `local`, `github`, `url`, `blank`. */
  kind: z.string(),
  created: z.iso.datetime(),
});

export type MissionNote = Readonly<z.infer<typeof noteSchema>>;

const SUFFIX = '.json';
const MAX_BYTES = 64 * 1024;

/** @param notesFolder `AgencPaths.missionNotes` @throws the system's error */
export async function writeMissionNote(
  notesFolder: string,
  id: string,
  note: MissionNote,
): Promise<void> {
  await writeJsonFile(notePath(notesFolder, id), note);
}

/**
 * The notes that there are, for a look at many missions.
 * @returns reads a mission's; `null` where there is none or it is damaged: then nothing is known to have
 *   been decided
 */
export function openMissionNotes(notesFolder: string): (id: string) => MissionNote | null {
  // Missions that others made have none, and an exception for each of hundreds would be dear.
  const names = new Set(namesIn(notesFolder));
  return (id) => (names.has(id + SUFFIX) ? readNote(notePath(notesFolder, id)) : null);
}

/** The mission is gone, and with it what was approved for it. @throws the system's error */
export function removeMissionNote(notesFolder: string, id: string): void {
  try {
    rmSync(notePath(notesFolder, id), { force: true });
    removeApproval(notesFolder, id);
  } catch (error) {
    // None that we made has a name that long.
    if (errorCode(error) !== 'ENAMETOOLONG') throw error;
  }
}

function readNote(path: string): MissionNote | null {
  const text = readForeignText(path, MAX_BYTES);
  if (text === null) return null;
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch {
    // Torn or of another form: the mission goes by its id, and nothing is brought for a repository.
    return null;
  }
}

function notePath(notesFolder: string, id: string): string {
  return join(notesFolder, id + SUFFIX);
}
