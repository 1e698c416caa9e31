import type { ResyncMessage } from '../../main/service/contract/engine.ts';
import { errorText, invoke } from '../api.ts';
import { appState } from './appState.ts';
import { createValue, useValue } from './value.ts';

/** What the last force resync came to. */
export interface ResyncOutcome {
  readonly at: number;
  /** `null`: all of them. */
  readonly missionId: string | null;
  readonly results: readonly ResyncMessage[];
  readonly failure: string | null;
}

const running = createValue<string | null>(null);
const outcome = createValue<ResyncOutcome | null>(null);

/** Force resync, of all or of one mission. While one is under way, asking again changes nothing. */
export async function resync(missionId: string | null): Promise<void> {
  if (running.get() !== null || appState()?.resyncing != null) return;
  running.set(missionId ?? '*');
  outcome.set(null);
  try {
    const { missions } = await invoke('resync', missionId === null ? {} : { missionId });
    outcome.set({ at: Date.now(), missionId, results: missions, failure: null });
  } catch (error) {
    outcome.set({ at: Date.now(), missionId, results: [], failure: errorText(error) });
  } finally {
    running.set(null);
  }
}

/** Takes the last outcome away. */
export function dismissOutcome(): void {
  outcome.set(null);
}

/** Whether a resync that this page asked for is under way: `'*'`, or of which mission. */
export function useRunningResync(): string | null {
  return useValue(running);
}

/** What the last one came to, until it is dismissed. */
export function useResyncOutcome(): ResyncOutcome | null {
  return useValue(outcome);
}
