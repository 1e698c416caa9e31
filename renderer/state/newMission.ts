import type { Connection } from '../../main/service/contract/app.ts';
import type { FirstRun, Making } from '../../main/service/contract/missions.ts';
import { invoke } from '../api.ts';
import { appState } from './appState.ts';
import { attempt } from './notice.ts';
import { createValue, useValue } from './value.ts';

/** What the form for a new mission holds, as it was typed. */
export interface Draft {
  readonly name: string;
  readonly repo: string;
  readonly prompt: string;
  readonly run: FirstRun;
}

/** The form, and the failed making that it tries again, if any. */
export interface NewMissionForm {
  readonly draft: Draft;
  readonly insteadOf: string | null;
}

const EMPTY: Draft = { name: '', repo: '', prompt: '', run: 'terminal' };

const form = createValue<NewMissionForm | null>(null);
/** What was typed when the form was left without an answer: it is there again. */
const left = createValue<Draft>(EMPTY);
/** What each making was asked for, for another try. */
const asked = new Map<string, Draft>();

/** Opens the form, empty or as it was left; for a failed making, with what that was asked for. */
export function openNewMission(failed: Making | null = null): void {
  if (!isRunning(appState()?.connection)) return;
  if (failed === null) {
    form.set({ draft: left.get(), insteadOf: null });
    return;
  }
  const { id, name, repo } = failed;
  // A page that was loaded anew knows only what the state tells.
  const draft = asked.get(id) ?? { ...EMPTY, name, repo: repo ?? '' };
  form.set({ draft, insteadOf: id });
}

/** Closes the form. @param kept what a new one begins with the next time; `null`: nothing */
export function closeNewMission(kept: Draft | null): void {
  // Another try of a failed one leaves what was typed for a new one alone.
  if (form.get()?.insteadOf === null) left.set(kept ?? EMPTY);
  form.set(null);
}

/**
 * Has the mission made; how that goes is in the state.
 * @throws Error with main's words where it cannot even begin
 */
export async function makeMission(draft: Draft, insteadOf: string | null): Promise<void> {
  const { makingId } = await invoke('newMission', {
    name: draft.name.trim(),
    repo: draft.repo.trim() || null,
    prompt: draft.prompt.trim() === '' ? null : draft.prompt,
    run: draft.run,
  });
  asked.set(makingId, draft);
  if (insteadOf !== null) cancelMaking(insteadOf);
}

/** Ends a making, or takes a failed one off the list. */
export function cancelMaking(makingId: string): void {
  asked.delete(makingId);
  void attempt(invoke('cancelMaking', { makingId }));
}

/** The form that is open, if any. */
export function useNewMissionForm(): NewMissionForm | null {
  return useValue(form);
}

function isRunning(connection: Connection | undefined): boolean {
  return connection?.status === 'own' || connection?.status === 'other';
}
