import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { calledMission } from '../missions/mission.ts';
import { copySecrets, dropSecretsCopy, readMissionSecrets } from '../missions/missionSecrets.ts';
import { type Clock, systemClock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { type ChildExit, startChild } from './child.ts';
import { type ChildCommand, childCommand } from './childCommand.ts';
import { OUTPUT_FILE } from './files.ts';
import { LIMITS, type WrapperLimits, type WrapperOptions } from './options.ts';
import { endOrphan, noteClaude } from './orphan.ts';
import { type OutputLog, openOutputLog } from './outputLog.ts';
import type { Supervisor } from './supervisor.ts';
import { noteTerminal } from './terminal.ts';
import type { WrapperLog } from './wrapperLog.ts';

/** A failure this soon closes the terminal before its user has read why. */
const AT_ONCE_MS = 5_000;
/** Claude's own words on it are swept away with its screen. */
const NO_CONVERSATION = ' If there is no conversation to resume yet, run it without --resume.';
/** As `timeout` has it. */
const TIMED_OUT = 124;

/** A headless Claude that ended with an error of its own. */
export class ClaudeFailed extends UserError {
  /** Claude's own exit code. */
  readonly claudeCode: number;
  /** What it printed last. */
  readonly lastLines: readonly string[];

  constructor(code: number, lastLines: readonly string[]) {
    const said = lastLines.length === 0 ? 'It printed nothing.' : lastLines.join('\n');
    super(`Claude ended with exit code ${code}: ${said}`);
    this.name = 'ClaudeFailed';
    this.claudeCode = code;
    this.lastLines = lastLines;
  }
}

/**
 * A mission's course while its pid file stands: clone, Claude, write-back, and all again for a restart.
 * What a killed wrapper left is merged by the clone, once the Claude that it left is gone.
 * @returns the wrapper's exit code · @throws UserError, ClaudeFailed
 */
export async function runCourse(
  options: WrapperOptions,
  log: WrapperLog,
  supervisor: Supervisor,
): Promise<number> {
  const { credentials, mode, clock = systemClock, tell = tellOnStderr } = options;
  const limits: WrapperLimits = { ...LIMITS, ...options.limits };
  const headless = mode.kind === 'headless';
  const output = headless
    ? openOutputLog(join(options.mission.folder, OUTPUT_FILE), limits.outputBytes, (error) =>
        warn(`Claude's output cannot be logged: ${errorText(error)}.`),
      )
    : null;
  let unwritten: unknown = null;

  function warn(text: string): void {
    log.append('warning', { text });
    tell(text);
  }

  /** Clones, runs one Claude if nobody has stopped it by then, and writes back. */
  async function once(
    command: ChildCommand,
    continued: boolean,
  ): Promise<{ exit: ChildExit | null; again: boolean }> {
    try {
      await within(limits.credentialsMs, clock, credentials.clone());
      log.append('cloned');
    } catch (error) {
      warn(
        `The sign-ins of other missions did not arrive: ${errorText(error)} Claude starts without.`,
      );
    }
    try {
      if (supervisor.stopReason() !== null) return { exit: null, again: false };
      const { exit, respawn } = await runClaude(command, continued);
      return { exit, again: respawn };
    } finally {
      try {
        await within(limits.credentialsMs, clock, credentials.writeBack());
        unwritten = null;
        log.append('written-back');
      } catch (error) {
        unwritten = error;
        warn(
          `What this mission signed in to was not carried to the others: ${errorText(error)} The engine does so once it can.`,
        );
      }
    }
  }

  /** The copy that `op` reads, of secrets that the user has approved; `null`: Claude starts without. */
  function approvedCopy(): string | null {
    const { folder, id } = options.mission;
    const secrets = readMissionSecrets(folder);
    if (secrets === null) return null;
    if (secrets.digest === options.approvedSecrets) return copySecrets(folder, id, secrets);
    warn(
      `Claude starts without what ${secrets.path} names: you have not approved it as it is. To be asked, end mission ${calledMission(options.mission)} and run "agenc-bar mission run ${id}" in a terminal.`,
    );
    return null;
  }

  function logNoNote(error: unknown): void {
    log.append('warning', { text: `Claude's process cannot be noted: ${errorText(error)}` });
  }

  async function note(pid: number, { throughOp }: ChildCommand): Promise<() => Promise<void>> {
    try {
      return await noteClaude(options.mission.folder, { pid, throughOp });
    } catch (error) {
      // A full disk: no reason to end a Claude that runs.
      logNoNote(error);
      return async () => undefined;
    }
  }

  async function runClaude(command: ChildCommand, continued: boolean) {
    const terminal = headless ? null : noteTerminal();
    const startedAt = clock.monotonic();
    const claude = await startChild({
      command,
      workDir: options.mission.workDir,
      pipes: output === null || !headless ? null : { prompt: mode.prompt, follow: output.follow },
      graceMs: limits.graceMs,
      clock,
      onKill: () => log.append('killed', { graceMs: limits.graceMs }),
    });
    const cancelTimeout =
      headless && mode.timeoutMs !== undefined
        ? clock.after(mode.timeoutMs, () => supervisor.stop({ by: 'timeout' }))
        : () => undefined;
    const forget = await note(claude.pid, command);
    const end = await supervisor.watch(claude);
    await forget().catch(logNoNote);
    cancelTimeout();
    terminal?.restore(end.exit.signal !== null);
    if (!headless && failedAtOnce(end.exit, clock.monotonic() - startedAt, supervisor))
      warn(
        `Claude ended at once, with exit code ${end.exit.code}.${continued ? NO_CONVERSATION : ''}`,
      );
    return end;
  }

  try {
    await endOrphan(options.mission.folder, limits.graceMs, warn);
    const prompt = mode.kind === 'interactive' ? mode.prompt : undefined;
    for (let starts = 1, continued = options.resume; ; starts += 1) {
      const { mission, claude, env, tokenPath, sharedDir = null } = options;
      // A conversation that is continued after a restart has the prompt in it.
      const isAsked = prompt !== undefined && (starts === 1 || !continued);
      const command = childCommand({
        mission,
        claude,
        headless,
        continued,
        env,
        tokenPath,
        sharedDir,
        secrets: approvedCopy(),
        ...(isAsked && { prompt }),
      });
      const { exit, again } = await once(command, continued);
      if (!again || supervisor.stopReason() !== null)
        return codeOf(exit, supervisor, output, unwritten);
      continued = supervisor.state().conversation;
    }
  } finally {
    dropSecretsCopy(options.mission.folder, options.mission.id);
    await output?.close();
  }
}

function failedAtOnce(exit: ChildExit, lastedMs: number, supervisor: Supervisor): boolean {
  return exit.code !== 0 && lastedMs < AT_ONCE_MS && supervisor.state().phase === 'ended';
}

/** @throws ClaudeFailed */
function codeOf(
  exit: ChildExit | null,
  supervisor: Supervisor,
  output: OutputLog | null,
  unwritten: unknown,
): number {
  const reason = supervisor.stopReason();
  if (reason?.by === 'timeout') return TIMED_OUT;
  if (reason === null && output !== null && exit !== null && exit.code !== 0)
    throw new ClaudeFailed(exit.code, output.lastLines());
  const fromSignal = reason?.by === 'signal' ? 128 + constants.signals[reason.signal] : 0;
  const code = reason?.by === 'command' ? 0 : (exit?.code ?? fromSignal);
  if (code !== 0 || unwritten === null) return code;
  return unwritten instanceof UserError ? unwritten.exitCode : ExitCode.failed;
}

/** @throws UserError if it takes longer */
function within(limitMs: number, clock: Clock, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () =>
      reject(new UserError(`it takes longer than ${Math.round(limitMs / 1000)} s.`)),
    );
    work.then(resolve, reject).finally(cancel);
  });
}

function tellOnStderr(line: string): void {
  try {
    writeSync(2, `agenc-bar: ${line}\n`);
  } catch {
    // The terminal was closed; the log has it too.
  }
}
