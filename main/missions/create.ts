import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../system/atomicFile.ts';
import { errorText } from '../system/errors.ts';
import { isoTime } from '../system/isoTime.ts';
import { writeJsonFile } from '../system/jsonFile.ts';
import { UserError } from '../system/userError.ts';
import { cloneRepository } from './cloneRepository.ts';
import { CONFIG_FOLDER, type Mission, plainName, WORK_FOLDER } from './mission.ts';
import { buildMissionConfig, type MissionConfigOptions } from './missionConfig.ts';
import { type MissionNote, removeMissionNote, writeMissionNote } from './missionNote.ts';
import { isAlive } from './pid.ts';
import type { Repository } from './repository.ts';

export type CreateStep = 'work' | 'config' | 'done';

export interface CreateProgress {
  readonly step: CreateStep;
  /** One line for people. */
  readonly detail: string;
  /** Of this step, from 0 to 1, where that is known. */
  readonly fraction?: number;
}

export interface CreateMissionOptions {
  /** `<AGENC_DIRPATH>/missions`; made if it is missing. */
  readonly missionsFolder: string;
  /** `<AGENC_DIRPATH>/bar/missions`; made if it is missing. */
  readonly notesFolder: string;
  /** What people call it. Empty: the repository's name. */
  readonly name: string;
  /** Where its work comes from, see `parseRepository`; `null` for an empty folder. */
  readonly repository: Repository | null;
  readonly config: Pick<MissionConfigOptions, 'userConfigDir' | 'homeClaudeJson' | 'hooks'>;
  /** Whether git may ask for a password on the terminal. */
  readonly interactive: boolean;
  /** git's environment. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the creation; nothing is left behind. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CreateProgress) => void;
}

export interface CreatedMission extends Mission {
  /** What of the user's config could not be brought over and why. The mission works without. */
  readonly warnings: readonly string[];
}

/** `.new-<mission's id>-<process>`: discovery passes over what begins with a dot. */
const UNFINISHED = /^\.new-[\da-f-]{36}-(?<pid>\d+)$/;
const LEFTOVER_AGE_MS = 60 * 60_000;

/**
 * Makes a mission: its work, its config, its `mission.json`, and the note of what was decided. It grows in a
 * hidden folder and takes its place in one step at the end, so that nobody ever sees half a mission; on failure
 * nothing is left behind.
 * @throws UserError that says what went wrong, in git's own words where it was git
 */
export async function createMission(options: CreateMissionOptions): Promise<CreatedMission> {
  const { repository, signal } = options;
  const name = plainName(options.name) || plainName(repository?.name ?? '') || 'mission';
  const id = randomUUID();
  let unfinished: string | null = null;
  let isNoted = false;
  try {
    signal?.throwIfAborted();
    await makePrivateFolder(options.missionsFolder);
    await sweep(options.missionsFolder);
    unfinished = join(options.missionsFolder, `.new-${id}-${process.pid}`);
    mkdirSync(unfinished, { mode: 0o700 });
    const mission = missionAt(options.missionsFolder, {
      id,
      name,
      repo: repository?.label ?? null,
    });
    const note: MissionNote = {
      name,
      created: isoTime(Date.now()),
      repo: mission.repo,
      kind: repository?.kind ?? 'blank',
    };
    const warnings = await build(mission, note, unfinished, options);
    signal?.throwIfAborted();
    await writeMissionNote(options.notesFolder, id, note);
    isNoted = true;
    await rename(unfinished, join(options.missionsFolder, id));
    options.onProgress?.({ step: 'done', detail: `"${name}" is ready`, fraction: 1 });
    return { ...mission, warnings };
  } catch (error) {
    if (unfinished !== null) await discard(unfinished);
    if (isNoted) removeMissionNote(options.notesFolder, id);
    if (signal?.aborted)
      throw new UserError(`Making the mission "${name}" was cancelled; nothing is left behind.`);
    if (error instanceof UserError) throw error;
    throw new UserError(
      `The mission "${name}" could not be made; nothing is left behind: ${errorText(error)}.`,
    );
  }
}

async function build(
  mission: Mission,
  note: MissionNote,
  folder: string,
  {
    missionsFolder,
    repository,
    config,
    interactive,
    env,
    signal,
    onProgress,
  }: CreateMissionOptions,
): Promise<readonly string[]> {
  const work = join(folder, WORK_FOLDER);
  mkdirSync(work, { mode: 0o700 });
  if (repository !== null) {
    onProgress?.({ step: 'work', detail: `Cloning ${repository.label}` });
    await cloneRepository(repository, {
      target: work,
      parent: folder,
      interactive,
      ...(env && { env }),
      ...(signal && { signal }),
      onProgress: (detail, fraction) => onProgress?.({ step: 'work', detail, fraction }),
    });
  }
  onProgress?.({ step: 'config', detail: "Bringing over the user's Claude config" });
  const { warnings } = await buildMissionConfig({
    ...config,
    workDir: join(realpathSync(missionsFolder), mission.id, WORK_FOLDER),
    target: join(folder, CONFIG_FOLDER),
    repo: mission.repo,
    ...(signal && { signal }),
  });
  // For people and other programs: the mission's Claude can change it.
  await writeJsonFile(join(folder, 'mission.json'), note);
  return warnings;
}

function missionAt(
  missionsFolder: string,
  { id, name, repo }: Pick<Mission, 'id' | 'name' | 'repo'>,
): Mission {
  const folder = join(missionsFolder, id);
  return { id, name, kind: 'agenc', folder, configDir: join(folder, CONFIG_FOLDER), repo };
}

/** Removes what a creation left that was killed. One that still runs, however slowly, is left alone. */
async function sweep(missionsFolder: string): Promise<void> {
  for (const name of readdirSync(missionsFolder)) {
    const pid = UNFINISHED.exec(name)?.groups?.pid;
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(missionsFolder, name);
    const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made >= LEFTOVER_AGE_MS) await discard(path);
  }
}

async function discard(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // What cannot be removed now is hidden, and is swept by a later creation.
  }
}
