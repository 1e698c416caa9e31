import { join } from 'node:path';
import { type CreatedMission, type CreateProgress, createMission } from '../missions/create.ts';
import { dropPrompt, keptPrompt } from '../missions/firstPrompt.ts';
import { WORK_FOLDER } from '../missions/mission.ts';
import { refreshMissionConfig } from '../missions/missionConfig.ts';
import { parseRepository } from '../missions/repository.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { findClaude } from '../wrapper/findProgram.ts';
import type { WrapperMode } from '../wrapper/options.ts';
import { runWrapper } from '../wrapper/wrapper.ts';
import { askAnyEngine } from './anyEngine.ts';
import { type MissionHost, missionOf, settingsOf, userConfig } from './missionHost.ts';

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

/** Makes a mission. @throws UserError with git's own words if the repository cannot be had; nothing is left behind */
export async function makeMission(host: MissionHost, wanted: NewMission): Promise<CreatedMission> {
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

/** How a mission is to be run. */
export interface RunRequest {
  readonly headless: boolean;
  /** What Claude starts with. `null`: the prompt that is kept for this run, if any. */
  readonly prompt: string | null;
  readonly resume: boolean;
  /** Of a headless run. */
  readonly timeoutMs?: number;
}

/**
 * Runs a mission here, until Claude ends.
 * @param tell takes lines for people
 * @returns Claude's exit code, as `runWrapper` has it
 * @throws UserError if it runs already, there is no `claude`, or a headless run has no prompt
 */
export async function runMission(
  host: MissionHost,
  id: string,
  request: RunRequest,
  tell: (line: string) => void,
): Promise<number> {
  const mission = missionOf(host, id);
  const claude = findClaude(settingsOf(host).claudePath, host.env);
  const mode = modeOf(request, request.prompt ?? keptPrompt(mission.folder));
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
    resume: request.resume,
    env: host.env,
    tokenPath: host.paths.oauthToken,
    credentials: { clone: () => ask('clone'), writeBack: () => ask('writeBack') },
    onClaimed: () => dropPrompt(mission.folder),
    tell,
  });
}

function modeOf({ headless, timeoutMs }: RunRequest, prompt: string | null): WrapperMode {
  if (!headless) return { kind: 'interactive', ...(prompt !== null && { prompt }) };
  if (prompt === null || prompt.trim() === '')
    throw new UserError('A headless run needs a prompt; give it with --prompt.', ExitCode.usage);
  return { kind: 'headless', prompt, ...(timeoutMs !== undefined && { timeoutMs }) };
}
