import { existsSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorText } from '../system/errors.ts';
import { type GitResult, lastWords, runGit } from './git.ts';

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
const NAMED = 3;
/** Whoever loses that many commits need not know how many more. */
const COUNTED = 1_000;

/**
 * Finds out what is in a mission's `agent/` and nowhere else: files that are not committed or not tracked,
 * commits of any branch that no remote has (the remote of a local clone is the repository it came from),
 * stashes, and any file where there is no git. Files that git ignores do not count. Changes nothing, not
 * even git's index.
 * @param work the folder; a missing one holds nothing
 */
export async function findLostWork(
  work: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: LostWorkOptions = {},
): Promise<LostWork> {
  const limit = AbortSignal.timeout(timeoutMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  try {
    // Asked here, not of git: git would look for a repository in the folders above, too.
    const lines = existsSync(join(work, '.git'))
      ? await linesOfGit(work, ends)
      : await linesOfFolder(work);
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

async function linesOfGit(work: string, signal: AbortSignal): Promise<string[]> {
  const git = async (...args: string[]): Promise<string> => {
    const where = [`--git-dir=${join(work, '.git')}`, `--work-tree=${work}`];
    // What a program noted in the repository's config is not run just to look.
    const harmless = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
    const options = ['--no-optional-locks', ...where, ...harmless];
    return stdoutOf(await runGit([...options, ...args], { cwd: work, signal }));
  };
  // Side by side: on a big repository each may take a while.
  const [status, commits, stashes] = await Promise.all([
    git('status', '--porcelain=v1', '-z', '--untracked-files=normal', '--ignore-submodules=none'),
    // HEAD too, which may be on no branch; without a commit it names none, which `--all` does not mind.
    // Tags came with the clone, and many lie on no branch.
    git(
      'log',
      '--format=%h %s',
      `--max-count=${COUNTED}`,
      '--exclude=refs/stash',
      '--exclude=refs/tags/*',
      '--exclude=refs/remotes/*',
      '--all',
      '--not',
      '--remotes',
      '--',
    ),
    git('stash', 'list', '--format=%gd %gs'),
  ]);
  const { changed, untracked } = readStatus(status);
  return [
    line(changed, 'uncommitted change', 'uncommitted changes'),
    line(untracked, 'untracked file or folder', 'untracked files or folders'),
    line(linesIn(commits), 'commit that no remote has', 'commits that no remote has'),
    line(linesIn(stashes), 'stash', 'stashes'),
  ].filter((text) => text !== '');
}

function stdoutOf({ code, stdout, stderr }: GitResult): string {
  if (code === 0) return stdout;
  throw new Error(`git says: ${lastWords(stderr) || `it ended with ${code ?? 'a signal'}`}`);
}

/** `XY name`, ended by NUL; a renamed file is followed by its former name. */
function readStatus(text: string): { changed: string[]; untracked: string[] } {
  const changed: string[] = [];
  const untracked: string[] = [];
  const parts = text.split('\0');
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    if (part === '') continue;
    const name = part.slice(3);
    if (part.startsWith('??')) untracked.push(name);
    else changed.push(name);
    if (/^.?[RC]/.test(part)) at += 1;
  }
  return { changed, untracked };
}

async function linesOfFolder(work: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const entry of await opendir(work)) names.push(entry.name);
    return [line(names.sort(), 'file or folder', 'files or folders')]
      .filter((text) => text !== '')
      .map((text) => `${text}; there is no git repository`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function linesIn(text: string): string[] {
  return text.split('\n').filter((one) => one !== '');
}

/** `3 stashes: a, b, c`; nothing for none. */
function line(items: readonly string[], one: string, many: string): string {
  if (items.length === 0) return '';
  const named = items
    .slice(0, NAMED)
    .map((item) => item.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 100));
  const more = items.length > NAMED ? ', …' : '';
  const count = items.length < COUNTED ? items.length : `${items.length} or more`;
  return `${count} ${items.length === 1 ? one : many}: ${named.join(', ')}${more}`;
}
