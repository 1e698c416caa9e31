import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dropPrompt, keepPrompt } from '../missions/firstPrompt.ts';
import { calledMission, WORK_FOLDER } from '../missions/mission.ts';
import { requireOwnFolders } from '../missions/ownFolders.ts';
import { runningPid } from '../missions/pid.ts';
import { liveWrapper } from '../missions/runFile.ts';
import { sendSignal } from '../system/processes.ts';
import { UserError } from '../system/userError.ts';
import { type Opened, openTerminal } from '../terminals/openTerminal.ts';
import { runDetached } from '../terminals/start.ts';
import { callWrapper, NoWrapper } from '../wrapper/client.ts';
import { findClaude } from '../wrapper/findProgram.ts';
import { LIMITS } from '../wrapper/options.ts';
import { endOrphan } from '../wrapper/orphan.ts';
import { askAnyEngine } from './anyEngine.ts';
import { type MissionHost, missionOf, type OwnMission, settingsOf } from './missionHost.ts';

/** A wrapper answers a stop at once; Claude then has 30 s, and the write-back its own time. */
const STOP_PATIENCE_MS = 60_000;
/** A wrapper that was asked to stop has killed its Claude by then: one that still runs has perhaps not been asked. */
const SECOND_WORD_MS = LIMITS.graceMs + 5_000;
const LOOK_MS = 50;

/** Opens a mission in the user's terminal. @returns as soon as the terminal was started */
export function openMission(
  host: MissionHost,
  id: string,
  how: { readonly resume: boolean; readonly inTerminal: boolean },
): Promise<Opened> {
  const mission = missionOf(host, id);
  requireOwnFolders(mission.folder);
  refuseRunning(mission);
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

/**
 * Runs a mission headless in the background, by a process that outlives this one.
 * @param prompt `null`: the one that is kept for this run
 * @returns once it runs @throws UserError with its words if it fails at once
 */
export async function runInBackground(
  host: MissionHost,
  id: string,
  how: { readonly prompt: string | null; readonly resume: boolean },
): Promise<void> {
  const mission = missionOf(host, id);
  requireOwnFolders(mission.folder);
  refuseRunning(mission);
  findClaude(settingsOf(host).claudePath, host.env);
  if (how.prompt !== null) await keepPrompt(mission.folder, how.prompt);
  const resume = how.resume ? ['--resume'] : [];
  const { failure, said } = await runDetached(
    { argv: [...host.command, 'wrap', mission.id, '--headless', ...resume] },
    {
      cwd: join(mission.folder, WORK_FOLDER),
      env: { ...host.env, AGENC_DIRPATH: host.paths.root },
    },
    async () => (await callWrapper(mission, 'status', {})).phase === 'running',
  );
  if (failure === null) return;
  // It would else be what the next run starts with, of which the user thinks as another one.
  if (how.prompt !== null) dropPrompt(mission.folder);
  const words = said.trim().replaceAll(/^agenc-bar: /gm, '');
  throw new UserError(words === '' ? `The run failed at once: ${failure}.` : words);
}

/** Has a mission's wrapper end Claude and start it again. @throws UserError if it runs under none of ours */
export async function restartMission(
  host: MissionHost,
  id: string,
  mode: 'graceful' | 'hard',
): Promise<void> {
  await callWrapper(missionOf(host, id), 'restart', { mode });
}

/**
 * Stops a mission, and waits until it has written back. Ends also a Claude whose wrapper was killed.
 * @param tell takes lines for people
 * @param secondWordMs when a wrapper of ours that has not ended by then is sent a signal, whoever answered for it
 * @throws UserError if it does not run, or does not end
 */
export async function stopMission(
  host: MissionHost,
  id: string,
  tell: (line: string) => void,
  secondWordMs = SECOND_WORD_MS,
): Promise<void> {
  const mission = missionOf(host, id);
  const pid = livePid(mission);
  if (pid === null) {
    if (!(await endOrphan(mission.folder, LIMITS.graceMs, tell)))
      throw new UserError(`Mission ${calledMission(mission)} does not run.`);
    await askAnyEngine(host, 'writeBack', { id: mission.id }, true);
    return;
  }
  await askToStop(mission, pid);
  const from = performance.now();
  let isTold = false;
  while (livePid(mission) === pid) {
    const passedMs = performance.now() - from;
    if (!isTold && passedMs > secondWordMs) {
      isTold = true;
      signalWrapper(liveWrapper(mission.folder));
    }
    if (passedMs > STOP_PATIENCE_MS)
      throw new UserError(
        `Mission ${calledMission(mission)} (process ${pid}) does not end; look at ${join(mission.folder, 'wrapper.log')}.`,
      );
    await sleep(LOOK_MS);
  }
}

/**
 * Has a mission's wrapper end. What answers on its socket may be anybody whom the mission put there, and
 * its `pid` file may name anybody: a signal goes only to a wrapper that is noted in `bar/`.
 * @throws UserError if it cannot be reached, or is none of ours
 */
async function askToStop(mission: OwnMission, pid: number): Promise<void> {
  const wrapper = liveWrapper(mission.folder);
  try {
    const answer = await callWrapper(mission, 'stop', {});
    if (wrapper === null || answer.pid === wrapper) return;
  } catch (error) {
    if (wrapper === null && error instanceof NoWrapper)
      throw new UserError(
        `Mission ${calledMission(mission)} runs under process ${pid}, which is no wrapper of AgenC Bar as far as it can be proven; nothing was sent to it. End it where it runs.`,
      );
    if (wrapper === null) throw error;
  }
  signalWrapper(wrapper);
}

function signalWrapper(wrapper: number | null): void {
  if (wrapper === null) return;
  sendSignal(wrapper, 'SIGTERM');
  // One that was suspended would take no notice.
  sendSignal(wrapper, 'SIGCONT');
}

/** The process that runs a mission, or `null`. The mission can take its `pid` file away, but not our own note. */
export function livePid(mission: OwnMission): number | null {
  return runningPid(mission.folder) ?? liveWrapper(mission.folder);
}

function refuseRunning(mission: OwnMission): void {
  const pid = livePid(mission);
  if (pid !== null)
    throw new UserError(
      `Mission ${calledMission(mission)} runs already (process ${pid}); it is in the terminal where it was opened.`,
    );
}
