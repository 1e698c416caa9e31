import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloneRepository } from '../../main/missions/cloneRepository.ts';
import { findLostWork } from '../../main/missions/lostWork.ts';
import { parseRepository } from '../../main/missions/repository.ts';
import { git, makeHome, makeRepository, type TestHome } from './makeHome.ts';

/*
 * A mission writes into its own `.git` whatever it likes, and the user looks into it with their own rights, when
 * they remove the mission. A program that leaves a mark stands for what they would lose by that.
 */

let home: TestHome;
let work: string;
let mark: string;
let program: string;
beforeEach(() => {
  home = makeHome();
  makeRepository(join(home.root, 'app'));
  work = join(home.root, 'agent');
  git(home.root, 'clone', '--', 'app', work);
  mark = join(home.root, 'mark');
  program = home.put('program.sh', `#!/bin/sh\necho ran >> '${mark}'\nexit 1\n`, 0o755);
});
afterEach(() => home.dispose());

const config = (name: string, value = program) => git(work, 'config', name, value);
const put = (name: string, text: string) => writeFileSync(join(work, name), text);
const filter = (attributes = '.gitattributes') => {
  config('filter.x.clean');
  put(attributes, '* filter=x\n');
};
const object = (type: string, content: string, folder = work) =>
  execFileSync('git', ['hash-object', '-t', type, '-w', '--stdin'], {
    cwd: folder,
    input: content,
    encoding: 'utf8',
  }).trim();
/** A commit on a branch of its own, with whatever stands in its head. */
const oddCommit = (head: string) => {
  const tree = git(work, 'rev-parse', 'HEAD^{tree}').trim();
  const who = 'a <a@example.test> 1 +0000';
  const text = `tree ${tree}\n${head.replace('@', `author ${who}\ncommitter ${who}\n`)}\nodd\n`;
  git(work, 'update-ref', 'refs/heads/odd', object('commit', text));
};
/** Its parent is missing, so that git asks a remote that promised to have it. */
const promised = () => {
  config('remote.x.promisor', 'true');
  oddCommit(`parent ${'1234567890'.repeat(4)}\n@`);
};
const submodule = () => {
  const folder = makeRepository(join(work, 'sub'));
  git(work, 'add', 'sub');
  git(work, 'commit', '-m', 'sub');
  return folder;
};

/** Each of these has plain git run the program. */
const ATTACKS: Readonly<Record<string, () => void>> = {
  'a file system monitor': () => config('core.fsmonitor'),
  'a filter by .gitattributes': () => filter(),
  'a filter that stays': () => {
    config('filter.x.process');
    put('.gitattributes', '* filter=x\n');
  },
  'a filter by info/attributes': () => filter('.git/info/attributes'),
  'a filter in an included file': () => {
    put('settings', `[filter "x"]\nclean = ${program}\n`);
    config('include.path', '../settings');
    put('.gitattributes', '* filter=x\n');
  },
  "a filter in the work tree's own config": () => {
    config('extensions.worktreeConfig', 'true');
    git(work, 'config', '--worktree', 'filter.x.clean', program);
    put('.gitattributes', '* filter=x\n');
  },
  'a checker of signatures': () => {
    config('log.showSignature', 'true');
    config('gpg.program');
    const signature = '-----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n';
    oddCommit(`@gpgsig ${signature}`);
  },
  'a remote that is a command': () => {
    config('protocol.ext.allow', 'always');
    config('remote.x.url', `ext::${program} x`);
    promised();
  },
  'a remote with an ssh of its own': () => {
    config('core.sshCommand');
    config('remote.x.url', 'ssh://host.invalid/x');
    promised();
  },
  'a remote with a server of its own': () => {
    config('remote.x.uploadpack');
    config('remote.x.url', '../app');
    promised();
  },
  'a .git that leads to a folder with a filter': () => {
    filter();
    renameSync(join(work, '.git'), join(home.root, 'elsewhere'));
    put('.git', 'gitdir: ../elsewhere\n');
  },
  'a .git that is a link to a folder with a filter': () => {
    filter();
    renameSync(join(work, '.git'), join(home.root, 'elsewhere'));
    symlinkSync('../elsewhere', join(work, '.git'));
  },
  'a .git whose config lies elsewhere': () => {
    filter();
    cpSync(join(work, '.git'), join(home.root, 'common'), { recursive: true });
    git(work, 'config', '--unset', 'filter.x.clean');
    put('.git/commondir', '../../common\n');
  },
  'a submodule with a filter': () => {
    const sub = submodule();
    git(sub, 'config', 'filter.x.clean', program);
    put('sub/.gitattributes', '* filter=x\n');
    put('sub/one.txt', 'eno\n');
  },
  'a submodule with a monitor': () => {
    git(submodule(), 'config', 'core.fsmonitor', program);
  },
};

describe('looking for lost work', () => {
  it.each(Object.entries(ATTACKS))(
    'runs nothing that a mission put into its repository: %s',
    async (_, attack) => {
      attack();
      put('one.txt', 'eno\n');
      rmSync(mark, { force: true });
      const found = await findLostWork(work);
      expect(existsSync(mark)).toBe(false);
      // The work that is there is told, or that nobody knows.
      if (found.kind === 'work') expect(found.lines.join()).toContain('one.txt');
      else expect(found.kind).toBe('unknown');
      // The attack is one.
      for (const args of [['status'], ['log', '--all']]) spawnSync('git', args, { cwd: work });
      expect(existsSync(mark)).toBe(true);
    },
  );

  it('does not wait for pipes in the place of files, nor follow links', async () => {
    for (const name of ['HEAD', 'config', 'index', 'packed-refs', 'refs/heads/topic']) {
      const path = join(work, '.git', name);
      rmSync(path, { force: true });
      execFileSync('mkfifo', [path]);
      expect(await findLostWork(work)).toMatchObject({ kind: 'unknown' });
      rmSync(path);
      symlinkSync(join(home.root, 'app', '.git', name), path);
      expect(await findLostWork(work)).toMatchObject({ kind: 'unknown' });
    }
  });

  it('leaves no folder behind', async () => {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('agenc-bar-git-'));
    const before = left();
    put('one.txt', 'changed');
    await findLostWork(work);
    put('.git/packed-refs', 'odd');
    await findLostWork(work);
    await findLostWork(work, { timeoutMs: 1 });
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('work is not lost', () => {
  const linesOf = async () => {
    const found = await findLostWork(work);
    return found.kind === 'work' ? found.lines : found.kind;
  };

  it('in files that the index calls unchanged, or not to be looked at', async () => {
    git(work, 'update-index', '--assume-unchanged', 'one.txt');
    git(work, 'update-index', '--skip-worktree', 'two.txt');
    expect(await linesOf()).toEqual('none');
    put('one.txt', 'eno\n');
    put('two.txt', 'owt\n');
    expect(await linesOf()).toEqual(['2 uncommitted changes: one.txt, two.txt']);
  });

  it('in a file that was changed in the moment in which the index was written', async () => {
    for (let times = 0; times < 5; times += 1) {
      put('one.txt', 'one\n');
      git(work, 'add', 'one.txt');
      put('one.txt', 'eno\n');
      expect(await linesOf()).toEqual(['1 uncommitted change: one.txt']);
    }
  });

  it('in another work tree, on a packed branch, in a packed stash', async () => {
    git(work, 'worktree', 'add', '--detach', join(home.root, 'other'));
    git(join(home.root, 'other'), 'commit', '--allow-empty', '-m', 'on no branch elsewhere');
    git(work, 'branch', 'kept');
    git(work, 'checkout', 'kept');
    git(work, 'commit', '--allow-empty', '-m', 'on kept');
    git(work, 'checkout', 'topic');
    put('one.txt', 'changed');
    git(work, 'stash');
    git(work, 'pack-refs', '--all');
    const lines = await linesOf();
    expect(lines).toEqual([
      expect.stringMatching(/^2 commits that no remote has: /),
      expect.stringMatching(/^1 stash: stash@\{0\} WIP on topic/),
    ]);
    expect(String(lines)).toMatch(/on no branch elsewhere/);
    expect(String(lines)).toMatch(/on kept/);
    rmSync(join(work, '.git', 'logs'), { recursive: true });
    expect(await linesOf()).toContain('1 stash: refs/stash');
  });

  it('in a submodule: its changes, its commits, its stashes, and files where it has no repository', async () => {
    const sub = join(work, 'sub');
    git(work, '-c', 'protocol.file.allow=always', 'submodule', 'add', '../app', 'sub');
    git(work, 'commit', '-m', 'sub');
    git(work, 'push', 'origin', 'HEAD:refs/heads/all');
    expect(await linesOf()).toEqual('none');
    put('sub/one.txt', 'changed');
    git(sub, 'stash');
    put('sub/two.txt', 'changed');
    git(sub, 'checkout', '-b', 'own');
    git(sub, 'commit', '--allow-empty', '-m', 'only here');
    expect(await linesOf()).toEqual([
      '1 uncommitted change: sub',
      'in the submodule sub: 1 uncommitted change: two.txt',
      expect.stringMatching(/^in the submodule sub: 1 commit that no remote has: \w+ only here$/),
      expect.stringMatching(/^in the submodule sub: 1 stash: stash@\{0\} WIP on topic/),
    ]);
    put('sub/.git', 'gitdir: ../../app/.git\n');
    expect(String(await linesOf())).toMatch(
      /the submodule sub, which cannot be looked into: .* leads to another folder/,
    );
    rmSync(join(sub, '.git'));
    expect(await linesOf()).toEqual([
      'in the submodule sub: 3 files or folders: one.txt, three.txt, two.txt; there is no git repository',
    ]);
  });

  it('where branches are kept in a form that is not known', async () => {
    mkdirSync(join(work, '.git', 'reftable'));
    expect(await findLostWork(work)).toEqual({
      kind: 'unknown',
      reason: expect.stringMatching(/not read here \(reftable\)/),
    });
  });
});

describe('nothing is called changed', () => {
  it('in shallow, partial, sparse, SHA-256 and CRLF clones', async () => {
    const app = join(home.root, 'app');
    git(app, 'config', 'uploadpack.allowFilter', 'true');
    const clones: Readonly<Record<string, readonly string[]>> = {
      shallow: ['--depth=1', `file://${app}`],
      partial: ['--filter=blob:none', '--no-checkout', `file://${app}`],
      sparse: ['--sparse', app],
      crlf: ['-c', 'core.autocrlf=true', app],
      mode: ['-c', 'core.fileMode=false', app],
    };
    for (const [name, args] of Object.entries(clones)) {
      const folder = join(home.root, name);
      git(home.root, 'clone', ...args, folder);
      if (name === 'partial') git(folder, 'checkout', 'topic');
      if (name === 'mode') spawnSync('chmod', ['755', join(folder, 'one.txt')]);
      // As if every file had been written again.
      spawnSync('touch', [
        '-d',
        '2001-01-01T00:00:00',
        ...readdirSync(folder).map((one) => join(folder, one)),
      ]);
      expect([name, await findLostWork(folder)]).toEqual([name, { kind: 'none' }]);
    }
    const long = join(home.root, 'sha256');
    git(home.root, 'init', '--object-format=sha256', long);
    expect(await findLostWork(long)).toEqual({ kind: 'none' });
    writeFileSync(join(long, 'a'), 'x');
    git(long, 'add', 'a');
    git(long, 'commit', '-m', 'a');
    expect(await findLostWork(long)).toMatchObject({ lines: [expect.stringMatching(/^1 commit/)] });
  });

  it('by what the user ignores everywhere', async () => {
    const ignored = home.put('ignored', '*.mine\n');
    const file = home.put('gitconfig', `[core]\nexcludesFile = "${ignored}"\n`);
    put('.git/info/exclude', '*.own\n');
    put('a.mine', 'x');
    put('a.own', 'x');
    const before = process.env.GIT_CONFIG_GLOBAL;
    process.env.GIT_CONFIG_GLOBAL = file;
    try {
      expect(await findLostWork(work)).toEqual({ kind: 'none' });
    } finally {
      if (before === undefined) delete process.env.GIT_CONFIG_GLOBAL;
      else process.env.GIT_CONFIG_GLOBAL = before;
    }
  });

  it('because of a filter; it may have changed, and is told so in words', async () => {
    put('.gitattributes', '*.bin filter=lfs\n');
    put('a.bin', 'pointer\n');
    git(work, 'add', '.');
    git(work, 'commit', '-m', 'large');
    git(work, 'push', 'origin', 'HEAD:refs/heads/all');
    put('a.bin', 'the large file itself\n');
    expect(await findLostWork(work)).toEqual({
      kind: 'work',
      lines: ['1 file that may have changed (git filters it, and filters are not run here): a.bin'],
    });
  });
});

describe('a clone of a repository that a mission wrote', () => {
  it('runs nothing that lies in it', async () => {
    for (const attack of Object.values(ATTACKS).slice(0, 4)) attack();
    for (const name of ['filter.x.smudge', 'uploadpack.packObjectsHook', 'core.sshCommand'])
      config(name);
    for (const name of ['post-checkout', 'reference-transaction', 'post-index-change'])
      cpSync(program, join(work, '.git', 'hooks', name));
    config('remote.x.promisor', 'true');
    config('protocol.ext.allow', 'always');
    config('remote.x.url', `ext::${program} x`);
    rmSync(mark, { force: true });
    const target = join(home.root, 'target');
    const repository = parseRepository(work, home.root);
    await cloneRepository(repository, { target, parent: home.root, interactive: false });
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(join(target, 'one.txt'))).toBe(true);
  });
});
