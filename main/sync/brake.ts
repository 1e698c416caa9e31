import type { Clock } from '../system/clock.ts';
import type { MissionOutcome } from './outcome.ts';

/**
 * How often something is looked at that changes again and again. The first changes are looked at when they
 * come, so that a sign-in moves within milliseconds. Who uses that up, by many changes or by costly ones, is
 * looked at in step with a slow beat, one and the same for all of that kind, until it has been calm for a while.
 */
export interface Brake {
  /** It changed. @returns whether to look at once; if not, `onDue` says when */
  allows(id: string): boolean;
  /** It changed once more while a look was under way, and is looked at after that anyway. */
  spend(id: string): void;
  /** The look at its changes took this much longer than one at a sign-in would have, ms. */
  charge(id: string, ms: number): void;
  /** Its changes cost so much that they are not looked at now, whoever asks; `onDue` will say when. */
  defers(id: string): boolean;
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
/** What looks at one may take of the time is a fifth: {@link REFILL_PER_MS} of these. */
const MS_PER_TOKEN = 50;
/** Nothing waits for longer than it takes to pay this back. */
const DEEPEST_DEBT = 32;
/** Who changes on and on, and whose looks took this long since it was braked, is a storm before its time is up. */
const COSTLY_MS = 1_000;

/** More fields than a client changes in one write. What a look at so few takes is no fault of the mission's. */
const ORDINARY_FIELDS = 8;

/**
 * Divides what a look took among those whose changes made it take longer than a sign-in does. Pure.
 * @param isOwn whether a mission was looked at because its own entry had changed
 * @returns ms for {@link Brake.charge}, by mission
 */
export function costsOf(
  missions: ReadonlyMap<string, Pick<MissionOutcome, 'up' | 'down' | 'tampered' | 'oversized'>>,
  isOwn: (id: string) => boolean,
  tookMs: number,
): readonly (readonly [id: string, ms: number])[] {
  const rising = [...missions.values()].reduce((sum, { up }) => sum + up.length, 0);
  const changes = [...missions].map(([id, { up, down, tampered, oversized }]) => {
    // What comes down is its own doing where it has changed what it had, and nobody else did.
    const undone = isOwn(id) ? Math.max(0, down.length + up.length - rising) : 0;
    return [id, up.length + tampered.length + oversized.length + undone] as const;
  });
  const all = changes.reduce((sum, [, count]) => sum + count, 0);
  return changes
    .filter(([, count]) => count > ORDINARY_FIELDS)
    .map(([id, count]) => [id, (tookMs * (count - ORDINARY_FIELDS)) / all]);
}

interface Braked {
  readonly since: number;
  changedAt: number;
  due: boolean;
  /** How often it has changed since, and what the looks at that took, ms. */
  changes: number;
  costMs: number;
  isStorm: boolean;
}

export function createBrake({ clock, costMs, onDue, onStorm }: BrakeOptions): Brake {
  const tokens = new Map<string, { left: number; at: number }>();
  const braked = new Map<string, Braked>();
  let beats = 0;
  let cancelBeat: (() => void) | null = null;

  /** Below zero: in debt. */
  function leftOf(id: string): number {
    const { left, at } = tokens.get(id) ?? { left: BURST, at: clock.monotonic() };
    return Math.min(BURST, left + (clock.monotonic() - at) * REFILL_PER_MS);
  }

  function take(id: string): boolean {
    const left = leftOf(id);
    // Many changes alone lead into no debt.
    tokens.set(id, { left: Math.max(Math.min(0, left), left - 1), at: clock.monotonic() });
    return left >= 1;
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
      const owes = leftOf(id) < 0;
      if (now - state.changedAt > CALM_MS) {
        // Its last change is yet to be looked at.
        if (state.due && owes) continue;
        braked.delete(id);
        if (state.isStorm) onStorm(id, false);
      } else if (
        !state.isStorm &&
        (now - state.since > STORM_MS || (state.costMs > COSTLY_MS && state.changes > BURST))
      ) {
        state.isStorm = true;
        onStorm(id, true);
      }
      if (!state.due || owes) continue;
      if (braked.has(id) && state.isStorm && beats % STORM_BEATS !== 0) continue;
      state.due = false;
      due.push(id);
    }
    cancelBeat = braked.size === 0 ? null : nextBeat();
    if (due.length > 0) onDue(due);
  }

  function begin(id: string, now: number): Braked {
    const state = { since: now, changedAt: now, due: false, changes: 0, costMs: 0, isStorm: false };
    braked.set(id, state);
    cancelBeat ??= nextBeat();
    return state;
  }

  return {
    allows(id) {
      const state = braked.get(id);
      const now = clock.monotonic();
      if (state !== undefined) {
        state.changedAt = now;
        state.changes += 1;
        state.due = true;
        return false;
      }
      if (take(id)) return true;
      begin(id, now).due = true;
      return false;
    },

    spend(id) {
      const state = braked.get(id);
      if (state === undefined) {
        take(id);
        return;
      }
      state.changedAt = clock.monotonic();
      state.changes += 1;
    },

    charge(id, ms) {
      const now = clock.monotonic();
      const left = leftOf(id) - ms / MS_PER_TOKEN;
      tokens.set(id, { left: Math.max(-DEEPEST_DEBT, left), at: now });
      if (left < 0) (braked.get(id) ?? begin(id, now)).costMs += ms;
    },

    defers(id) {
      const state = braked.get(id);
      if (state === undefined || leftOf(id) >= 0) return false;
      state.due = true;
      return true;
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
