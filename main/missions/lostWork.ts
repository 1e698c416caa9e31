import { lstatSync } from 'node:fs';
import { errorText } from '../system/errors.ts';
import { linesOfWork } from './lostInRepository.ts';

/** What would be lost if a mission's work were deleted. */
export type LostWork =
  | { readonly kind: 'none' }
  /** One line each, for people. */
  | { readonly kind: 'work'; readonly lines: readonly string[] }
  /** It could not be found out. Nobody should delete it as if it were nothing. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface LostWorkOptions {
  /** Default: 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Finds out what is in a mission's `agent/` and nowhere else: files that are not committed or not tracked,
 * commits of any branch that no remote has (the remote of a local clone is the repository it came from),
 * stashes, the same in its submodules, and any file where there is no git. Files that git ignores do not count.
 * Changes nothing, not even git's index, and runs nothing that the repository names.
 * @param work the folder; a missing one holds nothing
 */
export async function findLostWork(
  work: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: LostWorkOptions = {},
): Promise<LostWork> {
  const limit = AbortSignal.timeout(timeoutMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  try {
    if (lstatSync(work, { throwIfNoEntry: false })?.isSymbolicLink())
      return { kind: 'unknown', reason: `${work} is a link, which is not followed` };
    const lines = await linesOfWork(work, work, ends);
    return lines.length === 0 ? { kind: 'none' } : { kind: 'work', lines };
  } catch (error) {
    const reason = limit.aborted
      ? `git needed more than ${timeoutMs / 1000} s for ${work}`
      : signal?.aborted
        ? 'it was cancelled'
        : errorText(error);
    return { kind: 'unknown', reason };
  }
}
