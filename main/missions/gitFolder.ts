import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../system/errors.ts';
import { type ForeignFile, readForeign } from '../system/foreignFile.ts';

/** What a repository's `.git` folder says of its commits, read without git. All are object ids. */
export interface GitFolder {
  /** The commit that is checked out; `null`: a branch without one; `undefined`: there is no `HEAD`. */
  readonly head: string | null | undefined;
  /** What branches, other work trees and the like are at. Tags came with the clone, and many lie on no branch. */
  readonly local: readonly string[];
  /** What the remotes were at when they were last asked. */
  readonly remote: readonly string[];
  /** The newest first, as `git stash list` names them. */
  readonly stashes: readonly string[];
}

/** An object id of SHA-1 or SHA-256, or the name of another reference. */
type Refs = Map<string, string>;

const MAX_REFS = 100_000;
const MAX_LINKS = 5;
const ID = /^(?:[\da-f]{40}|[\da-f]{64})$/;
const LINK = /^ref: *(\S+)\s*$/;

/**
 * Reads a `.git` folder, of which nothing is trusted: pipes and links in it are not followed, and what cannot
 * be understood is an error, because a reference that was passed over could be all that leads to somebody's work.
 * @throws Error that says in words what cannot be read
 */
export async function readGitFolder(folder: string, signal: AbortSignal): Promise<GitFolder> {
  refuseOtherForms(folder);
  const refs: Refs = new Map();
  readPackedRefs(folder, refs);
  await readLooseRefs(folder, 'refs', refs, signal);
  const head = readRef(join(folder, 'HEAD'));
  if (head !== null) refs.set('HEAD', head);
  for (const name of await foldersIn(join(folder, 'worktrees'))) {
    const other = readRef(join(folder, 'worktrees', name, 'HEAD'));
    if (other !== null) refs.set(`worktrees/${name}/HEAD`, other);
  }
  const idsOf = (wanted: (name: string) => boolean): string[] => {
    const names = [...refs.keys()].filter(wanted);
    return [...new Set(names.map((name) => resolveRef(refs, name)).filter((id) => id !== null))];
  };
  const isRemote = (name: string) => name.startsWith('refs/remotes/');
  const isApart = (name: string) => name === 'refs/stash' || name.startsWith('refs/tags/');
  return {
    head: head === null ? undefined : resolveRef(refs, 'HEAD'),
    local: idsOf((name) => !isRemote(name) && !isApart(name)),
    remote: idsOf(isRemote),
    stashes: readStashes(folder, refs.has('refs/stash')),
  };
}

function textOf(path: string, maxBytes: number): string | null {
  return readGitFile(path, maxBytes)?.bytes.toString('utf8') ?? null;
}

/** A file of a repository's, or `null` where there is none. @throws Error if something else lies in its place */
export function readGitFile(
  path: string,
  maxBytes: number,
): Extract<ForeignFile, { status: 'found' }> | null {
  const read = readForeign(path, maxBytes);
  if (read.status === 'unusable') throw new Error(read.detail);
  return read.status === 'found' ? read : null;
}

/** Forms of a repository that are not read here. None is what `git clone` makes. */
function refuseOtherForms(folder: string): void {
  for (const name of ['objects', 'refs', 'logs', 'worktrees']) {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stat?.isDirectory() === false) throw new Error(`${join(folder, name)} is not a folder`);
  }
  for (const [name, what] of [
    ['commondir', 'is a part of another repository'],
    ['reftable', 'keeps its branches in a form that is not read here (reftable)'],
  ] as const)
    if (lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined)
      throw new Error(`${folder} ${what}`);
}

function readPackedRefs(folder: string, refs: Refs): void {
  const text = textOf(join(folder, 'packed-refs'), 64_000_000) ?? '';
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#') || line.startsWith('^')) continue;
    const [id = '', name = ''] = line.split(' ', 2);
    if (!ID.test(id) || !name.startsWith('refs/'))
      throw new Error(`${join(folder, 'packed-refs')} cannot be understood`);
    refs.set(name, id);
    refuseTooMany(folder, refs);
  }
}

/** These win over packed ones of the same name. */
async function readLooseRefs(
  folder: string,
  under: string,
  refs: Refs,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const entry of await opendir(join(folder, under))) {
      signal.throwIfAborted();
      const name = `${under}/${entry.name}`;
      if (entry.isDirectory()) await readLooseRefs(folder, name, refs, signal);
      // git is about to write one, or was killed over it.
      else if (!entry.name.endsWith('.lock')) {
        const value = readRef(join(folder, name));
        if (value !== null) refs.set(name, value);
        refuseTooMany(folder, refs);
      }
    }
  } catch (error) {
    // All are packed, or one went while it was looked for.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function refuseTooMany(folder: string, refs: Refs): void {
  if (refs.size > MAX_REFS) throw new Error(`${folder} has more than ${MAX_REFS} branches`);
}

/** @returns an object id or `ref: <name>`; `null` where there is no such file */
function readRef(path: string): string | null {
  const text = textOf(path, 4_096)?.trimEnd();
  if (text === undefined) return null;
  if (!ID.test(text) && !LINK.test(text)) throw new Error(`${path} cannot be understood`);
  return text;
}

/** @returns `null` for a reference that leads to none: a branch without a commit, a remote's that is gone */
function resolveRef(refs: Refs, name: string): string | null {
  let value = refs.get(name);
  for (let links = 0; value !== undefined && links < MAX_LINKS; links += 1) {
    if (ID.test(value)) return value;
    value = refs.get(LINK.exec(value)?.[1] ?? '');
  }
  return null;
}

/** Stashes are the lines of a log, the newest last: `<old> <new> <who> <when>`, a tab, and what it says. */
function readStashes(folder: string, isNamed: boolean): string[] {
  const log = textOf(join(folder, 'logs', 'refs', 'stash'), 16_000_000) ?? '';
  const lines = log.split('\n').filter((line) => line !== '');
  if (lines.length === 0 && isNamed) return ['refs/stash'];
  return lines.reverse().map((line, at) => {
    const tab = line.indexOf('\t');
    return `stash@{${at}} ${tab === -1 ? '' : line.slice(tab + 1)}`.trimEnd();
  });
}

async function foldersIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(folder))
      if (entry.isDirectory()) names.push(entry.name);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return names;
}
