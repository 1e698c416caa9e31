import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PID_FILE } from '../missions/mission.ts';
import { systemClock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { startWrapperServer } from './controlServer.ts';
import { ClaudeFailed, runCourse } from './course.ts';
import { WRAPPER_LOG_FILE, wrapperSocket } from './files.ts';
import type { WrapperOptions } from './options.ts';
import { noteWrapper } from './orphan.ts';
import { claimPidFile } from './pidFile.ts';
import { listenForSignals } from './signals.ts';
import { createSupervisor } from './supervisor.ts';
import { openWrapperLog } from './wrapperLog.ts';

/**
 * Runs one mission: `pid` file, clone, Claude, write-back, and away with the `pid` file, in this order
 * and whatever happens in between.
 * @returns Claude's exit code; 0 after a `stop`; 124 after a timeout; another if Claude's was 0 but the
 *   write-back failed
 * @throws UserError if another wrapper runs the mission, or Claude cannot be started
 * @throws ClaudeFailed if a headless Claude ended with an error by itself
 */
export async function runWrapper(options: WrapperOptions): Promise<number> {
  const { mission, mode, clock = systemClock, signals = process } = options;
  if (!existsSync(mission.workDir)) {
    throw new UserError(`The work folder ${mission.workDir} is not there: the mission is damaged.`);
  }
  const pidPath = join(mission.folder, PID_FILE);
  const socketPath = wrapperSocket(mission.folder);
  const log = openWrapperLog(join(mission.folder, WRAPPER_LOG_FILE), clock.now);
  const supervisor = createSupervisor({
    missionId: mission.id,
    mode: mode.kind,
    resume: options.resume,
    now: clock.now,
    log: log.append,
  });

  // What was started is ended in the reverse order, also if something after it could not be started:
  // the pid file goes last, and until then no signal ends this process.
  await using started = new AsyncDisposableStack();
  started.defer(listenForSignals(signals, mode.kind, supervisor));
  const claim = await claimPidFile(pidPath, socketPath);
  if (claim.status === 'held') {
    throw new UserError(
      `Mission ${mission.name} runs already (process ${claim.pid}); end that first. If that process is no wrapper, remove ${pidPath}.`,
    );
  }
  started.defer(() => claim.release());
  options.onClaimed?.();
  try {
    started.defer(await noteWrapper(mission.folder));
  } catch (error) {
    // A full disk: no reason not to run. It is then stopped through its socket only.
    log.append('warning', { text: `This run cannot be noted: ${errorText(error)}` });
  }
  try {
    log.append('start', { pid: process.pid, mode: mode.kind, resume: options.resume });
    const server = await startWrapperServer(socketPath, supervisor.handlers, supervisor.follow);
    started.defer(() => server.close());
    const code = await runCourse(options, log, supervisor);
    log.append('end', { code });
    supervisor.finish(code);
    return code;
  } catch (error) {
    const failed = error instanceof ClaudeFailed;
    // What Claude said is in its own log, or nowhere.
    const text = failed ? 'Claude ended with an error' : errorText(error);
    log.append('failed', { error: text, code: failed ? error.claudeCode : ExitCode.failed });
    supervisor.finish(failed ? error.claudeCode : ExitCode.failed);
    throw error;
  }
}
