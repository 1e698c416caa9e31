import { useSyncExternalStore } from 'react';
import { invoke } from '../api.ts';
import { attempt, showNotice } from './notice.ts';
import { createValue } from './value.ts';

/** What the user asked of a mission and main has not answered yet. */
export type Asked = 'opening' | 'stopping' | 'restarting' | 'removing';

/** Compared by identity: the later of two that overlap is the one that counts. */
type Asking = { readonly what: Asked };

const asked = createValue<ReadonlyMap<string, Asking>>(new Map());

/** What was asked of a mission and is not answered yet; its component renders again only when that changes. */
export function useAsked(missionId: string): Asked | null {
  return useSyncExternalStore(asked.subscribe, () => askedOf(missionId));
}

/** The same as it is now. */
export function askedOf(missionId: string): Asked | null {
  return asked.get().get(missionId)?.what ?? null;
}

/** Opens Claude in the user's terminal; where is told at the bottom. */
export function launch(missionId: string, resume: boolean): void {
  ask(missionId, 'opening', async () => {
    const { opened } = await invoke('launch', { missionId, resume });
    showNotice('done', opened);
  });
}

/** Ends a mission's run, gracefully. */
export function stop(missionId: string): void {
  ask(missionId, 'stopping', () => invoke('stopMission', { missionId }));
}

/** Has a mission's Claude start anew. `graceful`: once it is idle; the mission's own state tells of that. */
export function restart(missionId: string, mode: 'graceful' | 'hard'): void {
  const work = (): Promise<unknown> => invoke('restartMission', { missionId, mode });
  if (mode === 'graceful') void attempt(work());
  else ask(missionId, 'restarting', work);
}

/** Deletes a mission; it is stopped first if it runs. */
export function remove(missionId: string): void {
  ask(missionId, 'removing', () => invoke('removeMission', { missionId }));
}

/** The same asked twice is one; what fails goes to the bar at the bottom. */
function ask(missionId: string, what: Asked, work: () => Promise<unknown>): void {
  if (askedOf(missionId) === what) return;
  const mine: Asking = { what };
  asked.set(new Map(asked.get()).set(missionId, mine));
  void attempt(work()).then(() => {
    if (asked.get().get(missionId) !== mine) return;
    const left = new Map(asked.get());
    left.delete(missionId);
    asked.set(left);
  });
}
