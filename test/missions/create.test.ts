import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CreateMissionOptions,
  type CreateProgress,
  createMission,
} from '../../main/missions/create.ts';
import { discoverMissions } from '../../main/missions/discover.ts';
import { parseRepository } from '../../main/missions/repository.ts';
import { UserError } from '../../main/system/userError.ts';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/smallDisk.ts';
import {
  git,
  makeHome,
  makeRepository,
  readJson,
  type TestHome,
  treeOf,
  withTestHook,
} from './makeHome.ts';

let home: TestHome;
beforeEach(() => {
  home = makeHome();
  home.put('home/.claude/CLAUDE.md', 'be kind');
});
afterEach(() => home.dispose());

type Options = Partial<CreateMissionOptions> & { readonly repo?: string };

function create({ repo, ...more }: Options = {}) {
  return createMission({
    missionsFolder: home.missions,
    notesFolder: home.missionNotes,
    name: 'fix login',
    repository: repo === undefined ? null : parseRepository(repo, home.root),
    config: { userConfigDir: home.claude, homeClaudeJson: home.claudeJson, hooks: withTestHook },
    interactive: false,
    ...more,
  });
}
const failureOf = async (making: Promise<unknown>): Promise<string> => {
  const error = await making.then(
    () => 'it was made',
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UserError);
  return error instanceof UserError ? error.message : '';
};
const notes = () => (existsSync(home.missionNotes) ? readdirSync(home.missionNotes) : []);
const nothingLeft = () => expect([...readdirSync(home.missions), ...notes()]).toEqual([]);
const workOf = (mission: { folder: string | null }) => join(mission.folder ?? '', 'agent');

describe('a new mission', () => {
  it('without a repository is an empty folder, a config and a mission.json, all private', async () => {
    const before = Date.now();
    const { warnings, ...mission } = await create();
    expect(warnings).toEqual([]);
    expect(discoverMissions(home)).toEqual([mission]);
    expect(mission).toMatchObject({ name: 'fix login', kind: 'agenc', repo: null });
    expect(mission.id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(readdirSync(mission.folder ?? '').sort()).toEqual([
      'agent',
      'claude-config',
      'mission.json',
    ]);
    expect(readdirSync(workOf(mission))).toEqual([]);
    for (const folder of ['.', 'agent', 'claude-config'])
      expect(statSync(join(mission.folder ?? '', folder)).mode & 0o777).toBe(0o700);
    const noted = readJson(join(mission.folder ?? '', 'mission.json'));
    expect(noted).toMatchObject({ name: 'fix login', repo: null, kind: 'blank' });
    expect(Date.parse(String(noted.created))).toBeGreaterThanOrEqual(before);
    expect(readFileSync(join(mission.configDir, 'CLAUDE.md'), 'utf8')).toBe('be kind');
    expect(readJson(join(mission.configDir, '.claude.json')).projects).toHaveProperty([
      workOf(mission),
    ]);
  });

  it.each([
    ['', 'mission'],
    ['  \n', 'mission'],
    ['fix\nlogin\t now\u0007', 'fix login now'],
    ['it\'s "a" $HOME `b` \\ 🎉', 'it\'s "a" $HOME `b` \\ 🎉'],
    ['../../../etc', '../../../etc'],
    ['x'.repeat(500), 'x'.repeat(200)],
  ])('named %j is called %j', async (name, called) => {
    await create({ name });
    expect(discoverMissions(home).map((mission) => mission.name)).toEqual([called]);
  });

  it('tells what it does while it does it', async () => {
    const steps: CreateProgress[] = [];
    const repo = makeRepository(join(home.root, 'app'));
    await create({ repo: `file://${repo}`, onProgress: (step) => steps.push(step) });
    expect(steps.map(({ step }) => step).filter((step, at, all) => step !== all[at - 1])).toEqual([
      'work',
      'config',
      'done',
    ]);
    expect(steps.at(-1)).toEqual({ step: 'done', detail: '"fix login" is ready', fraction: 1 });
  });
});

describe('the work of a new mission', () => {
  it('is a clone of a local repository, with the branch that is checked out there', async () => {
    const repo = makeRepository(join(home.root, 'src', 'my "app" 🎉 $HOME'));
    writeFileSync(join(repo, 'untracked.txt'), 'stays there');
    const before = treeOf(repo);
    const mission = await create({ repo: './src/my "app" 🎉 $HOME', name: '' });
    expect(treeOf(repo)).toEqual(before);
    expect(mission).toMatchObject({ name: 'my "app" 🎉 $HOME', repo });
    expect(readdirSync(workOf(mission)).sort()).toEqual([
      '.git',
      'one.txt',
      'three.txt',
      'two.txt',
    ]);
    expect(git(workOf(mission), 'branch', '--show-current').trim()).toBe('topic');
    expect(git(workOf(mission), 'remote', 'get-url', 'origin').trim()).toBe(repo);
    expect(git(workOf(mission), 'status', '--porcelain')).toBe('');
    expect(readJson(join(mission.folder ?? '', 'mission.json'))).toMatchObject({
      repo,
      kind: 'local',
    });
  });

  it('is a clone of a bare repository', async () => {
    makeRepository(join(home.root, 'app'));
    git(home.root, 'clone', '--bare', 'app', 'app.git');
    const mission = await create({ repo: 'app.git', name: '' });
    expect(mission.name).toBe('app');
    expect(existsSync(join(workOf(mission), 'three.txt'))).toBe(true);
  });

  it('is a clone of a repository without a commit', async () => {
    mkdirSync(join(home.root, 'new'));
    git(join(home.root, 'new'), 'init');
    expect(readdirSync(workOf(await create({ repo: './new' })))).toEqual(['.git']);
  });

  it("is cloned by git as it is configured, but not in a hook's or script's repository", async () => {
    const repo = makeRepository(join(home.root, 'app'));
    const other = makeRepository(join(home.root, 'other'));
    const before = treeOf(other);
    const env = {
      ...process.env,
      GIT_DIR: join(other, '.git'),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, '.git', 'index'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'clone.defaultRemoteName',
      GIT_CONFIG_VALUE_0: 'upstream',
    };
    const mission = await create({ repo, env });
    expect(git(workOf(mission), 'remote').trim()).toBe('upstream');
    expect(treeOf(other)).toEqual(before);
  });
});

describe('a mission that cannot be made', () => {
  it("says so in git's words: a folder without a repository", async () => {
    mkdirSync(join(home.root, 'plain'));
    const message = await failureOf(create({ repo: './plain' }));
    expect(message).toMatch(
      /plain could not be cloned; nothing is left behind\. git says: fatal: .*plain/,
    );
    nothingLeft();
  });

  it("says so in git's words: no such folder", async () => {
    expect(await failureOf(create({ repo: './no/such' }))).toMatch(/does not exist/);
    nothingLeft();
  });

  it("says so in git's words: nobody listens there; without the user's name", async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const repo = `https://FAKE-SECRET-1@127.0.0.1:${port}/app.git`;
    const message = await failureOf(create({ repo }));
    expect(message).toMatch(/git says: fatal: unable to access .*127\.0\.0\.1.*connect/i);
    expect(message).not.toContain('FAKE');
    expect(message).not.toContain('\n');
    nothingLeft();
  });

  it('says that there is no git', async () => {
    const repo = makeRepository(join(home.root, 'app'));
    const message = await failureOf(create({ repo, env: { PATH: join(home.root, 'nothing') } }));
    expect(message).toMatch(/git was not found on PATH.*Install/);
    nothingLeft();
  });

  it('says that the missions folder is a file', async () => {
    home.put('agenc/missions', 'a file');
    expect(await failureOf(create())).toMatch(/could not be made; nothing is left behind: E/);
    expect(readdirSync(home.agenc)).toEqual(['missions']);
  });

  it('because it was cancelled before it began leaves nothing', async () => {
    expect(await failureOf(create({ signal: AbortSignal.abort() }))).toMatch(/was cancelled/);
    expect(existsSync(home.missions)).toBe(false);
  });

  it.each([false, true])(
    'because it was cancelled while git waits for the other side leaves nothing, and no git (terminal: %j)',
    async (interactive) => {
      const silent = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const connected = new Promise<void>((resolve) => {
        silent.once('connection', (socket) => {
          socket.on('error', () => undefined).resume();
          resolve();
        });
      });
      const cancel = new AbortController();
      const making = failureOf(
        create({ repo: `http://127.0.0.1:${port}/app`, signal: cancel.signal, interactive }),
      );
      await connected;
      // Half made, it is not to be seen.
      expect(readdirSync(home.missions)).toEqual([expect.stringMatching(/^\.new-/)]);
      expect(discoverMissions(home)).toEqual([]);
      const open = new Promise((resolve) => silent.close(resolve));
      cancel.abort();
      expect(await making).toMatch(/was cancelled/);
      nothingLeft();
      await open; // All connections have ended: the helper of git's is gone, too.
    },
  );

  it('because it was cancelled at its last step leaves nothing', async () => {
    const cancel = new AbortController();
    const onProgress = ({ step }: CreateProgress) => {
      if (step === 'config') cancel.abort();
    };
    expect(await failureOf(create({ signal: cancel.signal, onProgress }))).toMatch(/cancelled/);
    nothingLeft();
  });
});

describe('what a killed creation left', () => {
  const old = new Date(Date.now() - 2 * 60 * 60_000);
  const leave = (pid: number, when: Date) => {
    const name = `.new-${crypto.randomUUID()}-${pid}`;
    home.put(`agenc/missions/${name}/agent/x`, 'x');
    chmodSync(join(home.missions, name, 'agent', 'x'), 0o400);
    utimesSync(join(home.missions, name), when, when);
    return name;
  };

  it('is swept by the next one after an hour, unless its process lives', async () => {
    const gone = await new Promise<number>((resolve) => {
      const child = spawn('true');
      child.once('close', () => resolve(child.pid ?? 0));
    });
    leave(gone, old);
    const kept = [leave(gone, new Date()), leave(process.pid, old)];
    home.put('agenc/missions/.other/x', 'not ours');
    utimesSync(join(home.missions, '.other'), old, old);
    const { id } = await create();
    expect(readdirSync(home.missions).sort()).toEqual([...kept, '.other', id].sort());
    expect(discoverMissions(home).map((mission) => mission.id)).toEqual([id]);
  });
});

const why = whyNoSmallDisk();
describe.skipIf(why !== null)(`a small disk${why ? ` (${why})` : ''}`, () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = mountSmallDisk(home.missions, 256);
  });
  afterEach(() => disk.unmount());

  it('is not needed to clone a repository of another one', async () => {
    const repo = makeRepository(join(home.root, 'app'));
    expect(readdirSync(workOf(await create({ repo })))).toContain('three.txt');
  });

  it("is told in git's words while it clones, and nothing is left behind", async () => {
    const repo = makeRepository(join(home.root, 'app'));
    writeFileSync(join(repo, 'large.bin'), crypto.getRandomValues(new Uint8Array(60_000)));
    for (let part = 0; part < 8; part += 1) {
      writeFileSync(join(repo, `${part}.bin`), crypto.getRandomValues(new Uint8Array(60_000)));
    }
    git(repo, 'add', '.');
    git(repo, 'commit', '-m', 'large');
    expect(await failureOf(create({ repo }))).toMatch(/git says: .*No space left/);
    nothingLeft();
  });

  it('is told while the config is built, and nothing is left behind', async () => {
    home.put('home/.claude/skills/large.bin', 'x'.repeat(400_000));
    expect(await failureOf(create())).toMatch(/nothing is left behind: ENOSPC/);
    nothingLeft();
    rmSync(join(home.claude, 'skills'), { recursive: true });
    await create();
    expect(discoverMissions(home)).toHaveLength(1);
  });

  it('before anything is made, too', async () => {
    disk.fill();
    expect(await failureOf(create())).toMatch(/nothing is left behind: ENOSPC/);
    disk.free();
    nothingLeft();
  });
});
