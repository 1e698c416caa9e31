import type { AppState } from '../../main/service/contract/app.ts';
import { type Summary, summaryOf } from '../../main/service/contract/summary.ts';
import { msOf } from './time.ts';

/** What the second line of the header says; `at` is a time that is shown as an age. */
export interface Detail {
  readonly text: string;
  readonly at: number | null;
}

/** The header in words: how all of it stands, and since when. */
export function summary(state: AppState): Summary & { readonly detail: Detail } {
  return { ...summaryOf(state), detail: detailOf(state) };
}

function detailOf({ connection, snapshot }: AppState): Detail {
  if (connection.status === 'failed') return words('It is tried again by itself');
  if (snapshot === null) return words('Looking at your missions');
  if (snapshot.activity.paused) return words('Nothing is written until you resume');
  const at = msOf(snapshot.global.lastBroadcastAt);
  return at === null ? words('Nothing broadcast yet') : { text: 'Last broadcast', at };
}

function words(text: string): Detail {
  return { text, at: null };
}
