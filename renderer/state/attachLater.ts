import { invoke } from '../api.ts';
import { appState, onAppState } from './appState.ts';
import { attempt } from './notice.ts';

/** Attaches folders as soon as the engine runs: before the start it takes nothing. */
export function attachOnceRunning(candidateIds: readonly string[]): void {
  if (candidateIds.length === 0) return;
  const stop = onAppState(() => {
    const status = appState()?.connection.status;
    if (status !== 'own' && status !== 'other') return;
    stop();
    void attachEach(candidateIds);
  });
}

async function attachEach(candidateIds: readonly string[]): Promise<void> {
  for (const candidateId of candidateIds) await attempt(invoke('attach', { candidateId }));
}
