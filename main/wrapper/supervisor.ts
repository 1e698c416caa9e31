import { isDeepStrictEqual } from 'node:util';
import { isoTime } from '../system/isoTime.ts';
import { UserError } from '../system/userError.ts';
import type { ChildExit, ClaudeChild } from './child.ts';
import type { WrapperHandlers, WrapperParams, WrapperStatus } from './contract.ts';
import {
  type HookReport,
  type Input,
  initialState,
  step,
  type WrapperState,
} from './stateMachine.ts';
import type { LogDetails } from './wrapperLog.ts';

export interface SupervisorOptions {
  readonly missionId: string;
  readonly mode: 'interactive' | 'headless';
  /** Whether there is a conversation to continue from the start. */
  readonly resume: boolean;
  /** ms since the epoch */
  readonly now: () => number;
  readonly log: (event: string, details?: LogDetails) => void;
}

/** Why Claude is ended for good. */
export type StopReason =
  | { readonly by: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly by: 'timeout' | 'command' };

/** The state machine with the Claude that it is about. */
export interface Supervisor {
  readonly handlers: WrapperHandlers;
  state(): WrapperState;
  /** Tells a follower the status, now and whenever it changes. @returns its own unsubscribe */
  follow(tell: (status: WrapperStatus) => void): () => void;
  /** All is cleaned up but for the pid file. @param exitCode what the wrapper ends with */
  finish(exitCode: number): void;
  /** Ends Claude for good, with the signal that this process got if it got one. */
  stop(reason: StopReason): void;
  /** The first reason there was. */
  stopReason(): StopReason | null;
  /** Takes on a Claude that was started; resolves once it is gone. */
  watch(child: ClaudeChild): Promise<{ readonly exit: ChildExit; readonly respawn: boolean }>;
}

/** Commands, hooks and signals come in, and Claude is ended or left alone accordingly. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { mode, log } = options;
  const startedAt = options.now();
  let state = initialState(mode === 'headless', options.resume);
  let stopReason: StopReason | null = null;
  let exitCode: number | null = null;
  const followers = new Set<(status: WrapperStatus) => void>();
  let child: { readonly claude: ClaudeChild; readonly startedAt: number } | null = null;

  function feed(input: Input, signal: NodeJS.Signals = 'SIGTERM'): boolean {
    const { state: next, effect } = step(state, input);
    if (next.phase !== state.phase) log('phase', { from: state.phase, to: next.phase });
    const changed = !isDeepStrictEqual(next, state);
    state = next;
    if (changed) tellFollowers();
    if (effect === 'terminate') child?.claude.terminate(signal);
    return effect === 'respawn';
  }

  function tellFollowers(): void {
    for (const tell of followers) tell(status());
  }

  function stop(reason: StopReason): void {
    const signal = reason.by === 'signal' ? reason.signal : 'SIGTERM';
    log('stop', { by: reason.by, signal });
    stopReason ??= reason;
    // Claude is told again if it was told before: whoever repeats it means it.
    const again = state.phase === 'stopping' || state.phase === 'restarting';
    if (again) child?.claude.terminate(signal);
    feed({ type: 'stop' }, signal);
  }

  const status = (): WrapperStatus => ({
    missionId: options.missionId,
    pid: process.pid,
    claudePid: child?.claude.pid ?? null,
    mode,
    phase: state.phase,
    activity: state.activity,
    attention: state.attention,
    startedAt: isoTime(startedAt),
    claudeStartedAt: child === null ? null : isoTime(child.startedAt),
    exitCode,
  });

  return {
    handlers: {
      status,
      restart(params) {
        if (mode === 'headless')
          throw new UserError('A headless mission is not restarted: stop it, and run it again.');
        if (state.phase === 'stopping' || state.phase === 'ended')
          throw new UserError('The mission is stopping: launch it again once it has.');
        log('restart', { mode: params.mode });
        feed({ type: 'restart', mode: params.mode });
        return status();
      },
      stop() {
        stop({ by: 'command' });
        return status();
      },
      hook(params) {
        const report = reportOf(params);
        log('hook', { name: params.event, type: params.notificationType ?? null });
        if (report !== null) feed({ type: 'hook', report });
        return status();
      },
    },
    state: () => state,

    follow(tell) {
      followers.add(tell);
      tell(status());
      return () => followers.delete(tell);
    },

    finish(code) {
      exitCode = code;
      tellFollowers();
    },

    stop,
    stopReason: () => stopReason,

    async watch(claude) {
      child = { claude, startedAt: options.now() };
      log('claude-started', { pid: claude.pid });
      feed({ type: 'started' });
      // The stop came while it was being started.
      if (state.phase === 'stopping') claude.terminate('SIGTERM');
      const exit = await claude.exited;
      child = null;
      log('claude-ended', { code: exit.code, signal: exit.signal });
      return { exit, respawn: feed({ type: 'exited' }) };
    },
  };
}

/** What a hook means; `null` if nothing for us. */
function reportOf({ event, notificationType }: WrapperParams<'hook'>): HookReport | null {
  if (event === 'Stop') return 'idle';
  if (event === 'UserPromptSubmit') return 'busy';
  // A limit that was reached, a login that ran out: it waits for its user.
  if (event === 'StopFailure') return 'idle-attention';
  switch (notificationType) {
    case 'idle_prompt':
      // Also after an interruption, of which no Stop tells.
      return 'idle-attention';
    case 'permission_prompt':
    case 'elicitation_dialog':
    case 'elicitation_url_dialog':
    // Older clients name no type.
    case undefined:
      return 'attention';
    default:
      return null;
  }
}
