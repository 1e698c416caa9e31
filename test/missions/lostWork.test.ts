import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLostWork } from '../../main/missions/lostWork.ts';
import { git, makeHome, makeRepository, type TestHome, treeOf } from './makeHome.ts';

let home: TestHome;
let work: string;
beforeEach(() => {
  home = makeHome();
  makeRepository(join(home.root, 'app'));
  work = join(home.root, 'my "work" 🎉');
  git(home.root, 'clone', '--local', '--', 'app', work);
});
afterEach(() => home.dispose());

const put = (name: string, text = 'x') => writeFileSync(join(work, name), text);
const commit = (message: string) => {
  git(work, 'add', '.');
  git(work, 'commit', '-m', message);
};

describe('what would be lost', () => {
  it('is nothing in a fresh clone, an empty folder, or none', async () => {
    expect(await findLostWork(work)).toEqual({ kind: 'none' });
    mkdirSync(join(home.root, 'empty'));
    expect(await findLostWork(join(home.root, 'empty'))).toEqual({ kind: 'none' });
    expect(await findLostWork(join(home.root, 'none'))).toEqual({ kind: 'none' });
  });

  it('is what is neither committed nor tracked; what git ignores does not count', async () => {
    put('.gitignore', 'ignored.txt\n');
    put('ignored.txt');
    put('one.txt', 'changed');
    git(work, 'mv', 'two.txt', 'moved.txt');
    mkdirSync(join(work, 'new'));
    put('new/a');
    put('new/b');
    put('-rf "x"\n🎉');
    expect(await findLostWork(work)).toEqual({
      kind: 'work',
      lines: [
        '2 uncommitted changes: moved.txt, one.txt',
        '3 untracked files or folders: -rf "x" 🎉, .gitignore, new/',
      ],
    });
  });

  it('is what no remote has, of any branch and of none', async () => {
    put('a');
    commit('on topic');
    git(work, 'checkout', '-b', 'other');
    put('b');
    commit('on other');
    git(work, 'checkout', '--detach');
    put('c');
    commit('on no branch');
    git(work, 'tag', 'v1', 'origin/topic');
    const found = await findLostWork(work);
    expect(found).toMatchObject({ kind: 'work', lines: [expect.stringMatching(/^3 commits/)] });
    for (const where of ['on no branch', 'on other', 'on topic'])
      expect(JSON.stringify(found)).toContain(where);
    git(work, 'push', 'origin', 'HEAD:refs/heads/all');
    git(work, 'checkout', 'topic');
    expect(await findLostWork(work)).toEqual({ kind: 'none' });
  });

  it('is a stash', async () => {
    put('one.txt', 'changed');
    git(work, 'stash', 'push', '-m', 'for later');
    expect(await findLostWork(work)).toEqual({
      kind: 'work',
      lines: ['1 stash: stash@{0} On topic: for later'],
    });
  });

  it('is all there is in a folder without git, even inside another repository', async () => {
    const inner = join(home.root, 'app', 'blank');
    mkdirSync(inner);
    for (const name of ['d', 'b', 'a', 'c']) writeFileSync(join(inner, name), 'x');
    expect(await findLostWork(inner)).toEqual({
      kind: 'work',
      lines: ['4 files or folders: a, b, c, …; there is no git repository'],
    });
  });

  it('is every commit of a repository without a remote, and nothing of one without a commit', async () => {
    const own = join(home.root, 'own');
    mkdirSync(own);
    git(own, 'init');
    expect(await findLostWork(own)).toEqual({ kind: 'none' });
    rmSync(own, { recursive: true });
    makeRepository(own);
    expect(await findLostWork(own)).toMatchObject({
      lines: [expect.stringMatching(/^3 commits that no remote has/)],
    });
  });

  it('is looked for without changing anything', async () => {
    put('one.txt', 'changed');
    put('new');
    const before = treeOf(work);
    await findLostWork(work);
    expect(treeOf(work)).toEqual(before);
  });

  it('is looked for without running what the repository names', async () => {
    const ran = join(home.root, 'ran');
    const monitor = home.put('monitor.sh', `#!/bin/sh\ntouch '${ran}'\n`, 0o755);
    git(work, 'config', 'core.fsmonitor', monitor);
    put('one.txt', 'changed');
    expect(await findLostWork(work)).toMatchObject({ kind: 'work' });
    expect(Object.keys(treeOf(home.root))).not.toContain('ran');
  });

  it('is not known if git cannot tell, or not in time', async () => {
    expect(await findLostWork(work, { timeoutMs: 1 })).toEqual({
      kind: 'unknown',
      reason: expect.stringContaining('git needed more than 0.001 s'),
    });
    expect(await findLostWork(work, { signal: AbortSignal.abort() })).toEqual({
      kind: 'unknown',
      reason: 'it was cancelled',
    });
    rmSync(join(work, '.git', 'HEAD'));
    expect(await findLostWork(work)).toEqual({
      kind: 'unknown',
      reason: expect.stringMatching(/git says: fatal: not a git repository/),
    });
  });
});
