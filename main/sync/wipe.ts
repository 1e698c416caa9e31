import { shortDigest } from '../credentials/digest.ts';
import type { FieldId } from '../credentials/fields.ts';
import type { LoadedEntry } from './entryView.ts';
import type { WipeAnswer } from './plan.ts';

/** What the user says to a wipe. It counts only while just that is missing which they have read of. */
export interface WipeVerdict {
  readonly say: WipeAnswer;
  /** The end of the alert's id: {@link wipeDigest} of what it told. */
  readonly about: string;
}

/** What is missing from an unreadable entry: all of it. */
export const ALL_OF_IT = shortDigest(['unreadable']);

/** Names what has vanished: by the fields themselves, since servers may share a name. 12 hex digits. */
export function wipeDigest(held: Iterable<FieldId>): string {
  return shortDigest([...held].sort());
}

/** Whether an entry still lacks just what the user has read of. @param held what a plan without the answer waits with */
export function isStillAbout(
  { about }: WipeVerdict,
  loaded: LoadedEntry,
  held: ReadonlySet<FieldId> | undefined,
): boolean {
  if (loaded.status === 'malformed') return about === ALL_OF_IT;
  return held !== undefined && held.size > 0 && about === wipeDigest(held);
}
