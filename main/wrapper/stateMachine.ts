/**
 * Where a wrapper stands.
 * `starting` and `restarting` last until Claude runs (again), `stopping` until all is cleaned up.
 */
export type Phase =
  | 'starting'
  | 'running'
  | 'restart-pending'
  | 'restarting'
  | 'stopping'
  | 'ended';

/** What Claude's hooks say of it. */
export type HookReport = 'idle' | 'busy' | 'attention' | 'idle-attention';

export type Input =
  | { readonly type: 'started' }
  | { readonly type: 'exited' }
  | { readonly type: 'restart'; readonly mode: 'graceful' | 'hard' }
  | { readonly type: 'stop' }
  | { readonly type: 'hook'; readonly report: HookReport };

export interface WrapperState {
  readonly phase: Phase;
  /** Whether Claude works on something. Without hooks it stays as it was at the start. */
  readonly activity: 'idle' | 'busy';
  /** Claude waits for an answer of the user's. */
  readonly attention: boolean;
  /** There is a conversation that a new Claude can continue; without one, `--continue` fails. */
  readonly conversation: boolean;
}

/** `terminate`: end the Claude that runs · `respawn`: start another · `end`: clean up and be gone. */
export type Effect = 'terminate' | 'respawn' | 'end';

export interface Step {
  readonly state: WrapperState;
  readonly effect: Effect | null;
}

/** @param busy whether Claude gets to work by itself, as a headless one does */
export function initialState(busy: boolean, conversation: boolean): WrapperState {
  return { phase: 'starting', activity: busy ? 'busy' : 'idle', attention: false, conversation };
}

/** What an input makes of a state, and what has to be done about it. Pure. */
export function step(state: WrapperState, input: Input): Step {
  switch (input.type) {
    case 'started':
      return state.phase === 'starting' || state.phase === 'restarting'
        ? stay({ ...state, phase: 'running', attention: false })
        : stay(state);
    case 'exited':
      return exited(state);
    case 'restart':
      return restart(state, input.mode);
    case 'stop':
      return stop(state);
    case 'hook':
      return hook(state, input.report);
  }
}

function exited(state: WrapperState): Step {
  switch (state.phase) {
    case 'ended':
      return stay(state);
    case 'restarting':
      // The new one waits for its user.
      return { state: { ...state, activity: 'idle', attention: false }, effect: 'respawn' };
    default:
      // Also while a restart is pending: the user has ended Claude, and gets what they asked for.
      return { state: { ...state, phase: 'ended', attention: false }, effect: 'end' };
  }
}

function restart(state: WrapperState, mode: 'graceful' | 'hard'): Step {
  if (state.phase !== 'running' && state.phase !== 'restart-pending') return stay(state);
  if (mode === 'hard' || state.activity === 'idle') return restartNow(state);
  return stay({ ...state, phase: 'restart-pending' });
}

function restartNow(state: WrapperState): Step {
  return { state: { ...state, phase: 'restarting' }, effect: 'terminate' };
}

function stop(state: WrapperState): Step {
  switch (state.phase) {
    case 'stopping':
    case 'ended':
      return stay(state);
    default: {
      const runs = state.phase === 'running' || state.phase === 'restart-pending';
      // A Claude that is being restarted was told to end already, or there is none just now.
      return { state: { ...state, phase: 'stopping' }, effect: runs ? 'terminate' : null };
    }
  }
}

function hook(state: WrapperState, report: HookReport): Step {
  if (state.phase === 'ended') return stay(state);
  const next: WrapperState = {
    ...state,
    ...(report !== 'attention' && { activity: report === 'busy' ? 'busy' : 'idle' }),
    attention: report === 'attention' || report === 'idle-attention',
    conversation: state.conversation || report === 'busy' || report === 'idle',
  };
  const due = next.phase === 'restart-pending' && next.activity === 'idle';
  return due ? restartNow(next) : stay(next);
}

function stay(state: WrapperState): Step {
  return { state, effect: null };
}
