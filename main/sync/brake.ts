import type { Clock } from '../system/clock.ts';

/**
 * How often something is looked at that changes again and again. The first changes are looked at when they
 * come, so that a sign-in moves within milliseconds. Who uses that up is looked at in step with a slow beat,
 * one and the same for all of that kind, until it has been calm for a while.
 */
export interface Brake {
  /** It changed. @returns whether to look at once; if not, `onDue` says when */
  allows(id: string): boolean;
  /** It changed once more while a look was under way, and is looked at after that anyway. */
  spend(id: string): void;
  forget(id: string): void;
  dispose(): void;
}

export interface BrakeOptions {
  readonly clock: Clock;
  /** How long the last look took, ms: the slower the machine, the rarer the beat. */
  readonly costMs: () => number;
  /** It is these ones' turn. */
  readonly onDue: (ids: readonly string[]) => void;
  /** One goes on and on (`true`), or has come to rest (`false`). */
  readonly onStorm: (id: string, goesOn: boolean) => void;
}

/** What a client does in its busiest moment is less: a sign-in is three writes, a refresh one. */
const BURST = 8;
const REFILL_PER_MS = 4 / 1_000;
const BEAT_MS = 250;
/** Of the time that looks take, three quarters are the others'; but nothing waits for longer than this. */
const REST = 3;
const LONGEST_BEAT_MS = 1_000;
/** One that is a storm by now gets every fourth beat: its values move as the others', only later. */
const STORM_BEATS = 4;
const STORM_MS = 5_000;
const CALM_MS = 2_000;

interface Braked {
  readonly since: number;
  changedAt: number;
  due: boolean;
  isStorm: boolean;
}

export function createBrake({ clock, costMs, onDue, onStorm }: BrakeOptions): Brake {
  const tokens = new Map<string, { left: number; at: number }>();
  const braked = new Map<string, Braked>();
  let beats = 0;
  let cancelBeat: (() => void) | null = null;

  function take(id: string): boolean {
    const now = clock.monotonic();
    const { left, at } = tokens.get(id) ?? { left: BURST, at: now };
    const full = Math.min(BURST, left + (now - at) * REFILL_PER_MS);
    tokens.set(id, { left: Math.max(0, full - 1), at: now });
    return full >= 1;
  }

  function nextBeat(): () => void {
    const rest = Math.min(REST * costMs(), LONGEST_BEAT_MS);
    return clock.after(Math.max(BEAT_MS, rest), beat);
  }

  function beat(): void {
    beats += 1;
    const now = clock.monotonic();
    const due: string[] = [];
    for (const [id, state] of braked) {
      if (now - state.changedAt > CALM_MS) {
        braked.delete(id);
        if (state.isStorm) onStorm(id, false);
      } else if (!state.isStorm && now - state.since > STORM_MS) {
        state.isStorm = true;
        onStorm(id, true);
      }
      if (!state.due || (braked.has(id) && state.isStorm && beats % STORM_BEATS !== 0)) continue;
      state.due = false;
      due.push(id);
    }
    cancelBeat = braked.size === 0 ? null : nextBeat();
    if (due.length > 0) onDue(due);
  }

  return {
    allows(id) {
      const state = braked.get(id);
      const now = clock.monotonic();
      if (state !== undefined) {
        state.changedAt = now;
        state.due = true;
        return false;
      }
      if (take(id)) return true;
      braked.set(id, { since: now, changedAt: now, due: true, isStorm: false });
      cancelBeat ??= nextBeat();
      return false;
    },

    spend(id) {
      const state = braked.get(id);
      if (state === undefined) take(id);
      else state.changedAt = clock.monotonic();
    },

    forget(id) {
      tokens.delete(id);
      const state = braked.get(id);
      braked.delete(id);
      if (state?.isStorm) onStorm(id, false);
    },

    dispose() {
      cancelBeat?.();
      cancelBeat = null;
    },
  };
}
