import { join } from 'node:path';
import { type CreatedMission, type CreateProgress, createMission } from '../missions/create.ts';
import { dropPrompt, keptPrompt } from '../missions/firstPrompt.ts';
import { WORK_FOLDER } from '../missions/mission.ts';
import { refreshMissionConfig } from '../missions/missionConfig.ts';
import { requireOwnFolders } from '../missions/ownFolders.ts';
import { parseRepository } from '../missions/repository.ts';
import { markShared, unmarkShared } from '../missions/sharedMark.ts';
import { errorText } from '../system/errors.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { findClaude } from '../wrapper/findProgram.ts';
import type { WrapperMode, WrapperOptions } from '../wrapper/options.ts';
import { runWrapper } from '../wrapper/wrapper.ts';
import { askAnyEngine } from './anyEngine.ts';
import { livePid } from './controlMission.ts';
import { type MissionHost, missionOf, settingsOf, userConfig } from './missionHost.ts';
import { type AskUser, secretsDecided } from './secretsQuestion.ts';
import type { Settings } from './settings.ts';
import { decideSharing } from './sharedStore.ts';

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
    notesFolder: host.paths.missionNotes,
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
 * @param askUser asks the user yes or no; `null`: there is no terminal to do so
 * @returns Claude's exit code, as `runWrapper` has it
 * @throws UserError if it runs already, there is no `claude`, a headless run has no prompt, or nobody can be asked
 *   about its secrets
 */
export async function runMission(
  host: MissionHost,
  id: string,
  request: RunRequest,
  tell: (line: string) => void,
  askUser: AskUser | null,
): Promise<number> {
  const mission = missionOf(host, id);
  requireOwnFolders(mission.folder);
  const settings = settingsOf(host);
  const claude = findClaude(settings.claudePath, host.env);
  const mode = modeOf(request, request.prompt ?? keptPrompt(mission.folder));
  const workDir = join(mission.folder, WORK_FOLDER);
  // One that runs already is refused below.
  const approvedSecrets =
    livePid(mission) === null ? await secretsDecided(host.paths, mission, askUser) : null;
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
  const sharedDir = await sharedDirOf(host, settings, claude, tell);
  const run = (options: Pick<WrapperOptions, 'credentials' | 'onClaimed'>) =>
    runWrapper({
      mission: { ...mission, workDir },
      claude,
      mode,
      resume: request.resume,
      env: host.env,
      tokenPath: host.paths.oauthToken,
      sharedDir,
      approvedSecrets,
      tell,
      ...options,
    });
  if (sharedDir === null) {
    unmarkShared(mission.folder);
    return run({
      credentials: { clone: () => ask('clone'), writeBack: () => ask('writeBack') },
      onClaimed: () => dropPrompt(mission.folder),
    });
  }
  // Before the pid file is there, so that an engine which sees that one knows.
  if (livePid(mission) === null) markShared(mission.folder);
  try {
    return await run({
      credentials: { clone: () => giveOwn(ask, tell), writeBack: async () => undefined },
      onClaimed() {
        // Once more: of two that start at once the other may have marked last, and lost.
        markShared(mission.folder);
        dropPrompt(mission.folder);
      },
    });
  } finally {
    unmarkShared(mission.folder);
  }
}

/** What is left in the mission's own entry is carried up before its Claude turns to the global one. */
async function giveOwn(
  ask: (name: 'writeBack') => Promise<void>,
  tell: (line: string) => void,
): Promise<void> {
  try {
    await ask('writeBack');
  } catch (error) {
    tell(`What only this mission was signed in to was not carried up: ${errorText(error)}`);
  }
}

async function sharedDirOf(
  host: MissionHost,
  settings: Settings,
  claude: string,
  tell: (line: string) => void,
): Promise<string | null> {
  const sharing = await decideSharing(host, settings, claude);
  if (sharing.status === 'shared') return sharing.dir;
  if (!sharing.certain) tell(`This mission keeps an entry of its own: ${sharing.why}.`);
  return null;
}

function modeOf({ headless, timeoutMs }: RunRequest, prompt: string | null): WrapperMode {
  if (!headless) return { kind: 'interactive', ...(prompt !== null && { prompt }) };
  if (prompt === null || prompt.trim() === '')
    throw new UserError('A headless run needs a prompt; give it with --prompt.', ExitCode.usage);
  return { kind: 'headless', prompt, ...(timeoutMs !== undefined && { timeoutMs }) };
}
