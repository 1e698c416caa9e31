import { lstatSync, realpathSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { errorCode, errorText } from '../system/errors.ts';
import { readGitFile } from './gitFolder.ts';
import { type OwnRepository, withOwnRepository } from './ownRepository.ts';

const NAMED = 3;
/** Whoever loses that many commits need not know how many more. */
const COUNTED = 1_000;
const SUBMODULE = '160000 ';

/**
 * What is in a folder and nowhere else, one line each, for people: by its repository, if it has one, else
 * every file.
 * @param root the folder that will be deleted, in which all of it must lie
 * @throws Error that says in words why it cannot be found out
 */
export async function linesOfWork(
  work: string,
  root: string,
  signal: AbortSignal,
): Promise<string[]> {
  // Asked here, not of git: git would look for a repository in the folders above, too.
  const gitFolder = gitFolderOf(work, root);
  if (gitFolder === null) return linesOfFolder(work);
  return withOwnRepository(gitFolder, work, signal, async (repository) => {
    // Side by side: on a big repository each may take a while.
    const [files, commits, submodules] = await Promise.all([
      linesOfFiles(repository),
      // HEAD too, which may be on no branch; without a commit it names none, which `--all` does not mind.
      repository.git([
        ...['log', '--format=%h %s', `--max-count=${COUNTED}`],
        ...['--exclude=refs/remotes/*', '--all', '--not', '--remotes', '--'],
      ]),
      submodulesOf(repository),
    ]);
    const own = [
      ...files,
      line(linesIn(commits), 'commit that no remote has', 'commits that no remote has'),
      line(repository.stashes, 'stash', 'stashes'),
    ].filter((text) => text !== '');
    for (const path of submodules) own.push(...(await linesOfSubmodule(work, path, root, signal)));
    return own;
  });
}

/** @returns `null` where there is none */
function gitFolderOf(work: string, root: string): string | null {
  const path = join(work, '.git');
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isDirectory()) return stat === undefined ? null : path;
  const target = /^gitdir: *(.+?)\s*$/.exec(
    readGitFile(path, 4_096)?.bytes.toString('utf8') ?? '',
  )?.[1];
  if (target === undefined) throw new Error(`${path} cannot be understood`);
  // A submodule's lies in the repository that it is part of. One that is elsewhere is somebody else's.
  const folder = realpathSync(resolve(work, target));
  if (!folder.startsWith(realpathSync(root) + sep))
    throw new Error(`${path} leads to another folder (${folder})`);
  return folder;
}

/**
 * Without the filters of its settings (git-lfs is one) git cannot tell whether a file that was written again
 * is another one, so such files are counted apart.
 */
async function linesOfFiles({ git }: OwnRepository): Promise<string[]> {
  const status = await git([
    ...['status', '--porcelain=v1', '-z', '--untracked-files=normal'],
    // Not more than which commit a submodule is at: the rest would be git's look into another repository,
    // with that one's settings. Renames only of what is the same: objects may be missing in a partial clone.
    ...['--ignore-submodules=dirty', '--find-renames=100%'],
  ]);
  const { changed, untracked } = readStatus(status);
  const written = changed.filter(({ code }) => code === ' M').map(({ name }) => name);
  const filtered = await filteredOf(git, written);
  const names = changed.map(({ name }) => name);
  return [
    line(
      names.filter((name) => !filtered.has(name)),
      'uncommitted change',
      'uncommitted changes',
    ),
    line(
      [...filtered],
      'file that may have changed (git filters it, and filters are not run here)',
      'files that may have changed (git filters them, and filters are not run here)',
    ),
    line(untracked, 'untracked file or folder', 'untracked files or folders'),
  ];
}

/** Which files have a filter. */
async function filteredOf(
  git: OwnRepository['git'],
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const input = names.map((name) => `${name}\0`).join('');
  const parts = (await git(['check-attr', '--stdin', '-z', 'filter'], { input })).split('\0');
  const found = new Set<string>();
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [name = '', , value = ''] = parts.slice(at, at + 3);
    if (value !== 'unspecified' && value !== 'unset') found.add(name);
  }
  return found;
}

/** The paths at which the index has another repository's commit, whether `.gitmodules` names it or not. */
async function submodulesOf({ git }: OwnRepository): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let rest = '';
  await git(['ls-files', '--stage', '-z'], {
    onStdout(chunk) {
      const entries = (rest + chunk).split('\0');
      rest = entries.pop() ?? '';
      for (const entry of entries)
        if (entry.startsWith(SUBMODULE)) found.add(entry.slice(entry.indexOf('\t') + 1));
    },
  });
  return found;
}

async function linesOfSubmodule(
  work: string,
  path: string,
  root: string,
  signal: AbortSignal,
): Promise<string[]> {
  const name = plain(path);
  try {
    if (!isFolderBelow(work, path)) return [];
    const lines = await linesOfWork(join(work, path), root, signal);
    return lines.map((text) => `in the submodule ${name}: ${text}`);
  } catch (error) {
    signal.throwIfAborted();
    return [`the submodule ${name}, which cannot be looked into: ${plain(errorText(error))}`];
  }
}

/** Whether there is a folder of that path, with no link on the way to it. */
function isFolderBelow(work: string, path: string): boolean {
  let at = work;
  for (const part of path.split('/')) {
    // git has no such names in an index, but this index is anybody's.
    if (['', '.', '..', '.git'].includes(part.toLowerCase())) throw new Error('its path is odd');
    at = join(at, part);
    if (lstatSync(at, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  }
  return true;
}

/** `XY name`, ended by NUL; a renamed file is followed by its former name. */
function readStatus(text: string): {
  changed: { code: string; name: string }[];
  untracked: string[];
} {
  const changed: { code: string; name: string }[] = [];
  const untracked: string[] = [];
  const parts = text.split('\0');
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    if (part === '') continue;
    const name = part.slice(3);
    if (part.startsWith('??')) untracked.push(name);
    else changed.push({ code: part.slice(0, 2), name });
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
  const named = items.slice(0, NAMED).map((item) => plain(item).slice(0, 100));
  const more = items.length > NAMED ? ', …' : '';
  const count = items.length < COUNTED ? items.length : `${items.length} or more`;
  return `${count} ${items.length === 1 ? one : many}: ${named.join(', ')}${more}`;
}

function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
