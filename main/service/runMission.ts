import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claudeJsonPath } from '../missions/claudeJson.ts';
import { type CreatedMission, type CreateProgress, createMission } from '../missions/create.ts';
import { discoverMissions } from '../missions/discover.ts';
import { type Mission, pidPath, WORK_FOLDER } from '../missions/mission.ts';
import { refreshMissionConfig } from '../missions/missionConfig.ts';
import { isAlive, readPid } from '../missions/pid.ts';
import { parseRepository } from '../missions/repository.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { type Opened, openTerminal } from '../terminals/openTerminal.ts';
import { callWrapper, NoWrapper } from '../wrapper/client.ts';
import { findClaude } from '../wrapper/findProgram.ts';
import { withHooks } from '../wrapper/hookSettings.ts';
import type { WrapperMode } from '../wrapper/options.ts';
import { runWrapper } from '../wrapper/wrapper.ts';
import { askAnyEngine } from './anyEngine.ts';
import type { ServiceOptions } from './assemble.ts';
import { loadSettings, type Settings } from './settings.ts';

/** What making and running missions needs to know of the program that does it. */
export interface MissionHost extends ServiceOptions {
  readonly env: NodeJS.ProcessEnv;
  /** How this command is started, for a terminal and for Claude's hooks: program and first arguments. */
  readonly command: readonly string[];
}

export interface NewMission {
  readonly name: string;
  /** As people type it, see `parseRepository`; `null` for an empty work folder. */
  readonly repo: string | null;
  /** Where relative paths start. */
  readonly cwd: string;
  /** Whether git may ask for a password on the terminal. */
  readonly interactive: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CreateProgress) => void;
}

/** A wrapper answers a stop at once; Claude then has 30 s, and the write-back its own time. */
const STOP_PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/** Makes a mission. @throws UserError with git's own words if the repository cannot be had; nothing is left behind */
export function makeMission(host: MissionHost, wanted: NewMission): Promise<CreatedMission> {
  const { name, repo, cwd, interactive, signal, onProgress } = wanted;
  return createMission({
    missionsFolder: host.paths.missions,
    name,
    repository: repo === null ? null : parseRepository(repo, cwd),
    config: userConfig(host),
    interactive,
    env: host.env,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
}

/**
 * Runs a mission here, until Claude ends.
 * @param tell takes lines for people
 * @returns Claude's exit code, as `runWrapper` has it
 * @throws UserError if it runs already, or there is no `claude`
 */
export async function runMission(
  host: MissionHost,
  id: string,
  { mode, resume }: { readonly mode: WrapperMode; readonly resume: boolean },
  tell: (line: string) => void,
): Promise<number> {
  const mission = missionOf(host, id);
  const claude = findClaude(settingsOf(host).claudePath, host.env);
  const workDir = join(mission.folder, WORK_FOLDER);
  const { warnings } = await refreshMissionConfig({
    ...userConfig(host),
    workDir,
    target: mission.configDir,
    repo: mission.repo,
  });
  for (const warning of warnings) tell(warning);
  const ask = async (name: 'clone' | 'writeBack'): Promise<void> => {
    await askAnyEngine(host, name, { id: mission.id }, true);
  };
  return runWrapper({
    mission: { ...mission, workDir },
    claude,
    mode,
    resume,
    env: host.env,
    tokenPath: host.paths.oauthToken,
    credentials: { clone: () => ask('clone'), writeBack: () => ask('writeBack') },
    tell,
  });
}

/** Opens a mission in the user's terminal. @returns as soon as the terminal was started */
export function openMission(
  host: MissionHost,
  id: string,
  how: { readonly resume: boolean; readonly inTerminal: boolean },
): Promise<Opened> {
  const mission = missionOf(host, id);
  return openTerminal({
    setting: settingsOf(host).terminal,
    request: {
      argv: [...host.command, 'wrap', mission.id, ...(how.resume ? ['--resume'] : [])],
      cwd: join(mission.folder, WORK_FOLDER),
      env: { AGENC_DIRPATH: host.paths.root },
      title: mission.name,
    },
    env: host.env,
    inTerminal: how.inTerminal,
  });
}

/** Stops a mission, and waits until it has written back. @throws UserError if it does not run, or does not end */
export async function stopMission(host: MissionHost, id: string): Promise<void> {
  const mission = missionOf(host, id);
  const path = pidPath(mission);
  const pid = path === null ? null : readPid(path);
  if (path === null || pid === null || !isAlive(pid))
    throw new UserError(`Mission "${mission.name}" does not run.`);
  try {
    await callWrapper(mission, 'stop', {});
  } catch (error) {
    if (!(error instanceof NoWrapper)) throw error;
    // The wrapper of another program: it understands what every program does.
    process.kill(pid, 'SIGTERM');
  }
  const deadline = performance.now() + STOP_PATIENCE_MS;
  while (readPid(path) === pid && isAlive(pid)) {
    if (performance.now() > deadline)
      throw new UserError(
        `Mission "${mission.name}" (process ${pid}) does not end; look at ${join(dirname(path), 'wrapper.log')}.`,
      );
    await sleep(LOOK_MS);
  }
}

/** A mission of ours by its id, or by its name if only one has it. */
function missionOf({ paths }: ServiceOptions, id: string): Mission & { readonly folder: string } {
  const missions = discoverMissions(paths.missions);
  const named = missions.filter(({ name }) => name === id);
  const found =
    missions.find((mission) => mission.id === id) ?? (named.length === 1 ? named[0] : undefined);
  if (found === undefined || found.folder === null)
    throw new UserError(
      named.length > 1
        ? `${named.length} missions are called "${id}"; name one by its id.`
        : `There is no mission "${id}" to run; "agenc-bar mission ls" lists them.`,
      ExitCode.failed,
    );
  return { ...found, folder: found.folder };
}

function settingsOf({ paths, env }: MissionHost): Settings {
  return loadSettings(paths.settings, env).settings;
}

function userConfig(host: MissionHost) {
  const { globalConfigDir } = settingsOf(host);
  return {
    userConfigDir: globalConfigDir,
    homeClaudeJson: claudeJsonPath(globalConfigDir),
    hooks: (settings: object) => withHooks(settings, host.command) as Record<string, unknown>,
  };
}
