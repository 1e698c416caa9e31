import { errorText } from '../api.ts';
import { createValue, useValue } from './value.ts';

/** What has no place of its own: shown in a bar at the bottom. */
export interface Notice {
  /** The same words again are a new notice, and are read out again. */
  readonly id: number;
  /** `failed` stays until it is dismissed; `done` goes by itself. */
  readonly tone: 'failed' | 'done';
  readonly message: string;
  /** Stays until it is dismissed, though it went well: there is something to do. */
  readonly stays: boolean;
  /** ms since the epoch */
  readonly at: number;
}

const current = createValue<Notice | null>(null);
let count = 0;

/** Runs a command; if it fails, its words go to the bar at the bottom. @returns whether it went well */
export async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    showNotice('failed', errorText(error));
    return false;
  }
}

/** Shows something in the bar at the bottom. */
export function showNotice(tone: Notice['tone'], message: string, stays = false): void {
  count += 1;
  current.set({ id: count, tone, message, stays, at: Date.now() });
}

/** Takes the notice away. */
export function dismissNotice(): void {
  current.set(null);
}

/** The notice that is shown, if any. */
export function useNotice(): Notice | null {
  return useValue(current);
}
