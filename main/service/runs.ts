import type { Mission } from '../missions/mission.ts';
import type { Clock } from '../system/clock.ts';
import { callWrapper, followWrapper } from '../wrapper/client.ts';
import type { WrapperStatus } from '../wrapper/contract.ts';
import { findWrapper } from '../wrapper/files.ts';
import { type RunMessage, runSchema } from './contract/engine.ts';

/** What the missions' wrappers say of themselves, as it changes. */
export interface Runs {
  /** The run that goes on, or the last one whose end was seen. */
  get(missionId: string): RunMessage | null;
  /** A mission started, perhaps under a wrapper of ours: follows that until it ends. */
  started(mission: Mission): void;
  /** The mission is gone. */
  forget(missionId: string): void;
  /** Asks each wrapper once, without following it. */
  look(missions: readonly Mission[]): Promise<void>;
  dispose(): void;
}

/** A wrapper listens a moment after its pid file says that it runs; another program's never does. */
const RETRIES_MS = [20, 50, 100, 200, 400, 800, 1_600];

/**
 * @param onChange something that {@link Runs.get} gives is other than before
 * @param onHostile a mission's wrapper says what none of ours says: why, for people; `null`: not any more
 */
export function createRuns(
  clock: Clock,
  onChange: () => void,
  onHostile: (missionId: string, why: string | null) => void = () => undefined,
): Runs {
  const runs = new Map<string, RunMessage>();
  const following = new Map<string, AbortController>();

  function note(missionId: string, status: WrapperStatus): void {
    const { mode, phase, activity, attention, startedAt, exitCode } = status;
    // As those who are told will check it: what only they would refuse, they would refuse with all else.
    const run = runSchema.safeParse({ mode, phase, activity, attention, startedAt, exitCode });
    if (!run.success) return;
    runs.set(missionId, run.data);
    onChange();
  }

  async function follow(id: string, folder: string, ended: AbortController): Promise<void> {
    for (const delayMs of RETRIES_MS) {
      await pause(delayMs, ended.signal);
      if (ended.signal.aborted) return;
      if (!hasSocket(folder)) continue;
      const tell = (status: WrapperStatus): void => {
        if (!ended.signal.aborted) note(id, status);
      };
      const following = await followWrapper(folder, tell, ended.signal);
      if (following.status === 'hostile' && !ended.signal.aborted) onHostile(id, following.why);
      if (following.status !== 'silent') break;
    }
    if (following.get(id) === ended) following.delete(id);
    // One that was killed said nothing of its end: better nothing than an old story.
    if (!ended.signal.aborted && runs.get(id)?.exitCode === null && runs.delete(id)) onChange();
  }

  function pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      signal.addEventListener(
        'abort',
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  function stopFollowing(id: string): void {
    following.get(id)?.abort();
    following.delete(id);
  }

  return {
    get: (id) => runs.get(id) ?? null,

    started({ id, folder }) {
      stopFollowing(id);
      onHostile(id, null);
      if (runs.delete(id)) onChange();
      if (folder === null) return;
      const ended = new AbortController();
      following.set(id, ended);
      void follow(id, folder, ended);
    },

    forget(id) {
      stopFollowing(id);
      runs.delete(id);
    },

    async look(missions) {
      await Promise.all(
        missions.map(async (mission) => {
          const { id, folder } = mission;
          if (folder === null || !hasSocket(folder)) return;
          try {
            note(id, await callWrapper(mission, 'status', {}));
          } catch {
            // Another program's, one that ends just now, or one that hangs: nothing is known of it.
          }
        }),
      );
    },

    dispose() {
      for (const id of [...following.keys()]) stopFollowing(id);
    },
  };
}

/** Another program's wrapper has none; a failed connection for each of hundreds would cost more than this look. */
function hasSocket(folder: string): boolean {
  try {
    return findWrapper(folder) !== null;
  } catch {
    // Another user's.
    return false;
  }
}
