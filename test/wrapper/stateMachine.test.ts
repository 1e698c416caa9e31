import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Effect,
  type Input,
  initialState,
  step,
  type WrapperState,
} from '../../main/wrapper/stateMachine.ts';

const started: Input = { type: 'started' };
const exited: Input = { type: 'exited' };
const stop: Input = { type: 'stop' };
const graceful: Input = { type: 'restart', mode: 'graceful' };
const hard: Input = { type: 'restart', mode: 'hard' };
const idle: Input = { type: 'hook', report: 'idle' };
const busy: Input = { type: 'hook', report: 'busy' };
const attention: Input = { type: 'hook', report: 'attention' };
const idleAttention: Input = { type: 'hook', report: 'idle-attention' };

/** Runs inputs through a fresh interactive wrapper. */
function run(...inputs: Input[]): { state: WrapperState; effects: (Effect | null)[] } {
  let state = initialState(false, false);
  const effects = inputs.map((input) => {
    const next = step(state, input);
    state = next.state;
    return next.effect;
  });
  return { state, effects };
}

describe('the state machine', () => {
  it('starts, runs, ends', () => {
    expect(run(started).state.phase).toBe('running');
    const { state, effects } = run(started, exited);
    expect(state.phase).toBe('ended');
    expect(effects).toEqual([null, 'end']);
  });

  it('restarts an idle Claude at once, also gracefully', () => {
    const { state, effects } = run(started, graceful, exited, started);
    expect(effects).toEqual([null, 'terminate', 'respawn', null]);
    expect(state).toMatchObject({ phase: 'running', activity: 'idle' });
  });

  it('a graceful restart of a busy Claude waits until it is idle', () => {
    expect(run(started, busy, graceful)).toMatchObject({
      state: { phase: 'restart-pending' },
      effects: [null, null, null],
    });
    expect(run(started, busy, graceful, attention).effects.at(-1)).toBeNull();
    expect(run(started, busy, graceful, idle).effects.at(-1)).toBe('terminate');
    expect(run(started, busy, graceful, idleAttention).effects.at(-1)).toBe('terminate');
  });

  it('a hard restart waits for nothing', () => {
    expect(run(started, busy, hard).effects.at(-1)).toBe('terminate');
    expect(run(started, busy, graceful, hard).effects.at(-1)).toBe('terminate');
  });

  it('a Claude that its user ends while a restart is pending is not restarted', () => {
    expect(run(started, busy, graceful, exited).effects.at(-1)).toBe('end');
  });

  it('a stop ends it in every phase', () => {
    expect(run(started, stop, exited).effects).toEqual([null, 'terminate', 'end']);
    expect(run(started, hard, stop, exited).effects).toEqual([null, 'terminate', null, 'end']);
    expect(run(stop, started)).toMatchObject({ state: { phase: 'stopping' } });
    expect(run(started, hard, exited, stop).state.phase).toBe('stopping');
  });

  it('knows whether there is a conversation to continue', () => {
    expect(run(started).state.conversation).toBe(false);
    expect(run(started, idleAttention).state.conversation).toBe(false);
    expect(run(started, busy, hard, exited, started).state.conversation).toBe(true);
  });

  it('shows that Claude needs attention until something happens', () => {
    expect(run(started, busy, attention).state).toMatchObject({
      attention: true,
      activity: 'busy',
    });
    expect(run(started, busy, attention, idle).state.attention).toBe(false);
    expect(run(started, idleAttention, busy).state.attention).toBe(false);
  });
});

const inputs = fc.array(
  fc.constantFrom(started, exited, stop, graceful, hard, idle, busy, attention, idleAttention),
);

describe('whatever comes in which order', () => {
  it('keeps its promises', () => {
    fc.assert(
      fc.property(inputs, fc.boolean(), (sequence, headless) => {
        let state = initialState(headless, false);
        let lives = false;
        let told = false;
        let restartAsked = false;
        let stopped = false;
        for (const input of sequence) {
          // Claude starts and exits only as the world allows.
          const mayStart = state.phase === 'starting' || state.phase === 'restarting';
          if (input === started && (lives || !mayStart)) continue;
          if (input === exited && !lives) continue;
          const before = state;
          const next = step(state, input);
          state = next.state;
          if (input === started) lives = true;
          if (input === exited) lives = false;
          if (input.type === 'restart') restartAsked = true;
          if (input === stop) stopped = true;

          if (before.phase === 'ended') expect(next).toEqual({ state: before, effect: null });
          if (next.effect === 'terminate') {
            // Told once, while it lives, and a busy one only by a stop or a hard restart.
            expect(lives && !told).toBe(true);
            if (state.activity === 'busy') expect([stop, hard]).toContain(input);
          }
          if (next.effect === 'respawn') expect(restartAsked && !stopped).toBe(true);
          if (next.effect === 'end') expect(lives).toBe(false);
          told = input === exited ? false : told || next.effect === 'terminate';
          if (input === started) restartAsked = false;
          // What is pending is pending on a busy Claude only; who is to end was told to.
          if (state.phase === 'restart-pending') expect(state.activity).toBe('busy');
          if (lives && ['restarting', 'stopping'].includes(state.phase)) expect(told).toBe(true);
          if (stopped) expect(['stopping', 'ended']).toContain(state.phase);
        }
      }),
      { numRuns: 500 },
    );
  });
});
