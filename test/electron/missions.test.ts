import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { makeRepository } from '../missions/makeHome.ts';
import { serverIn, signIn } from '../support/clientWrites.ts';
import { fakeEntry, fakeServer, MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { type AppWorld, ask, openAppWorld, untilConnected } from './support/appWorld.ts';

/* Missions made and run by the app: real git, real wrappers, a program that stands in for `claude`. */

const SIGN_IN_PAGE = 'https://id.example.test/authorize?client_id=x&state=of-the-request';
const TOKEN = `sk-ant-oat01-${MARK}claude_login-0123456789`;

async function start(): Promise<{ world: AppWorld; page: Page }> {
  // A tmux server of the test's own.
  const sockets = mkdtempSync(join(tmpdir(), 'agenc-bar-tmux-'));
  const tmux = { TMUX_TMPDIR: sockets };
  onTestFinished(() => {
    spawnSync('tmux', ['kill-server'], { env: { ...process.env, ...tmux }, stdio: 'ignore' });
    rmSync(sockets, { recursive: true, force: true });
  });
  const world = await openAppWorld({
    prepare: (w) => w.writeSettings({ claudePath: claudeOf(w.root) }),
    env: tmux,
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const { root } = world.world;
  // Says what it was asked, and works until it is let go.
  writeFileSync(
    claudeOf(root),
    `#!/bin/sh
# \`claude mcp login\`: saves what the test has laid out, once that is there.
if [ "$1" = mcp ]; then
  printf 'Visit this URL:\\n  ${SIGN_IN_PAGE}\\n'
  while [ ! -e "${root}/tokens" ]; do sleep 0.05; done
  mv "${root}/tokens" "$CLAUDE_CONFIG_DIR/.credentials.json"
  exit
fi
trap 'echo stopped; exit 0' TERM
[ -t 0 ] || echo "asked: $(cat)"
while [ ! -e "${root}/end" ]; do sleep 0.05; done
echo "all done"
exit "$(cat "${root}/end")"
`,
    { mode: 0o755 },
  );
  const page = await world.open();
  await untilConnected(world, page);
  return { world, page };
}

const claudeOf = (root: string) => join(root, 'claude');
const end = ({ world }: AppWorld, code: number) =>
  writeFileSync(join(world.root, 'end'), String(code));

interface Wanted {
  readonly name?: string;
  readonly repo?: string | null;
  readonly prompt?: string | null;
  readonly run?: 'none' | 'terminal' | 'headless';
}

const wanted = (change: Wanted) => ({
  name: 'fix login',
  repo: null,
  prompt: null,
  run: 'none',
  ...change,
});

type Mission = NonNullable<AppState['snapshot']>['missions'][number];

/** Makes a mission, and waits until it is listed. */
async function make({ world, page }: { world: AppWorld; page: Page }, change: Wanted) {
  await ask(page, 'newMission', wanted(change));
  await until('the mission is listed, and no more on its way', async () => {
    const { making, snapshot } = await world.state(page);
    return making.length === 0 && snapshot?.missions.length === 1;
  });
  return (await theMission(world, page)).id;
}

async function theMission(world: AppWorld, page: Page): Promise<Mission> {
  const [mission] = (await world.state(page)).snapshot?.missions ?? [];
  if (mission === undefined) throw new Error('there is no mission');
  return mission;
}

/** What is pushed of a run's output from now on. */
async function listen(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    window.agencBar.on('output', ({ output, notes }) =>
      heard.push(output ?? '', ...notes.map(({ text }) => `[${text}]`)),
    );
  });
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard.join(''));
}

describe('a new mission', () => {
  it('is cloned, listed, and remembered for the next one', async () => {
    const { world, page } = await start();
    const repo = makeRepository(join(world.world.root, 'app'));
    const id = await make({ world, page }, { repo });
    const folder = join(world.world.paths.missions, id);
    expect(readdirSync(join(folder, 'agent'))).toContain('three.txt');
    expect(await theMission(world, page)).toMatchObject({
      name: 'fix login',
      repo,
      state: 'stopped',
    });
    expect((await world.state(page)).recentRepos).toEqual([repo]);
  });

  it('that cannot be cloned leaves nothing but git’s words, until they are dismissed', async () => {
    const { world, page } = await start();
    const repo = join(world.world.root, 'nowhere');
    await ask(page, 'newMission', wanted({ repo }));
    await until('it has failed', async () => {
      return (await world.state(page)).making[0]?.failure?.includes('nowhere') === true;
    });
    const { making } = await world.state(page);
    expect(making).toMatchObject([{ name: 'fix login', repo }]);
    expect(readdirSync(world.world.paths.missions)).toEqual([]);
    await ask(page, 'cancelMaking', { makingId: making[0]?.id });
    expect((await world.state(page)).making).toEqual([]);
  });

  it('takes a folder that the user chose, in the field where one can type', async () => {
    const { world, page } = await start();
    await world.app.answerDialog({ canceled: false, filePaths: ['/home/sam/app'] });
    expect(await ask(page, 'chooseRepository', {})).toEqual({ repo: '/home/sam/app' });
    await world.app.answerDialog({ canceled: true });
    expect(await ask(page, 'chooseRepository', {})).toEqual({ repo: null });
  });

  it.each([
    ['an option', '--upload-pack=touch /tmp/x'],
    ['a helper that runs a command', 'ext::sh -c touch% /tmp/x'],
    ['an address with a password', 'https://me:secret@example.com/app'],
  ])('from %s is refused', async (_, repo) => {
    const { world, page } = await start();
    await ask(page, 'newMission', wanted({ repo }));
    await until('it has failed', async () => (await world.state(page)).making[0]?.failure != null);
    expect((await world.state(page)).making[0]?.failure).not.toContain('secret');
  });
});

describe('a headless run', () => {
  it('starts with what all others have; its output is seen as it comes, and its end', async () => {
    const { world, page } = await start();
    const known = await signIn(world.world.global, 'known');
    const id = await make({ world, page }, { prompt: 'Fix the login.', run: 'headless' });
    await until('it runs', async () => (await theMission(world, page)).run?.phase === 'running');
    expect(await theMission(world, page)).toMatchObject({
      state: 'running',
      run: { mode: 'headless' },
    });
    await world.world.untilHeld(known);

    const heard = await listen(page);
    const read = async () =>
      (await ask(page, 'readOutput', { missionId: id })) as { output: string };
    await until('its first words are there', async () => {
      return (await read()).output?.includes('asked: Fix the login.');
    });
    end(world, 4);
    await until('what it says is seen as it comes', async () =>
      (await heard()).includes('all done'),
    );
    await until('its end is noted', async () =>
      /exit code 4\].*Gave the others/s.test(await heard()),
    );
    await until('it has stopped', async () => (await theMission(world, page)).state === 'stopped');
    expect((await theMission(world, page)).run).toMatchObject({ phase: 'ended', exitCode: 4 });
    await ask(page, 'closeOutput', {});
  });

  it('that fails at once says why', async () => {
    const { world, page } = await start();
    const missionId = await make({ world, page }, {});
    writeFileSync(claudeOf(world.world.root), '#!/bin/sh\necho "Invalid API key" >&2\nexit 1\n');
    const run = (resume: boolean) => ask(page, 'runHeadless', { missionId, prompt: 'x', resume });
    await expect(run(false)).rejects.toThrow('Invalid API key');
    world.world.writeSettings({ claudePath: '/nowhere/claude' });
    await expect(run(true)).rejects.toThrow(/no claude at \/nowhere\/claude: set "claudePath"/);
    expect(existsSync(join(world.world.paths.missions, missionId, 'prompt'))).toBe(false);
  });

  it('goes on when the app quits, and is found again by the next one', async () => {
    const first = await start();
    const { world } = first.world;
    const id = await make(first, { prompt: 'Wait.', run: 'headless' });
    await until('it runs', () => existsSync(join(world.paths.missions, id, 'claude-output.log')));
    await first.world.app.close();
    const pid = Number(readFileSync(join(world.paths.missions, id, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0), 'the wrapper lives').not.toThrow();
    const status = await world.run(['status', '--json']);
    expect(status.json).toMatchObject({ missions: [{ id, state: 'running' }] });
    expect((await world.run(['mission', 'stop', id])).code).toBe(0);
    const output = readFileSync(join(world.paths.missions, id, 'claude-output.log'), 'utf8');
    expect(output).toContain('stopped');
  });
});

describe('a mission', () => {
  it('is stopped gracefully, and removed only with what the user was told', async () => {
    const { world, page } = await start();
    const repo = makeRepository(join(world.world.root, 'app'));
    const missionId = await make({ world, page }, { repo, prompt: 'Wait.', run: 'headless' });
    await until('it runs', async () => (await theMission(world, page)).run?.phase === 'running');
    await expect(ask(page, 'restartMission', { missionId, mode: 'hard' })).rejects.toThrow(
      'A headless mission is not restarted',
    );
    await ask(page, 'stopMission', { missionId });
    await until('it has stopped', async () => (await theMission(world, page)).state === 'stopped');

    const folder = join(world.world.paths.missions, missionId);
    writeFileSync(join(folder, 'agent', 'draft'), 'unsaved');
    expect(await ask(page, 'lostWork', { missionId })).toEqual({
      lines: [expect.stringContaining('draft')],
      unknown: null,
    });
    const acquired = await signIn({ configDir: join(folder, 'claude-config') }, 'acquired');
    await ask(page, 'removeMission', { missionId });
    expect(existsSync(folder)).toBe(false);
    await world.world.untilHeld(acquired, [world.world.global]);
  });

  it('is launched in a terminal, once, with the prompt that it was made with', async () => {
    const { world, page } = await start();
    const missionId = await make({ world, page }, { prompt: 'Fix it.', run: 'none' });
    const launch = () => ask(page, 'launch', { missionId, resume: false });
    const claudePath = claudeOf(world.world.root);
    world.world.writeSettings({ claudePath, terminal: 'wezterm' });
    await expect(launch()).rejects.toThrow(/WezTerm/);
    world.world.writeSettings({ claudePath, terminal: 'tmux' });
    expect(await launch()).toEqual({ opened: expect.stringMatching(/^Opened in tmux\. .*attach/) });
    await until('it runs', async () => (await theMission(world, page)).run?.phase === 'running');
    expect((await theMission(world, page)).run).toMatchObject({ mode: 'interactive' });
    expect(existsSync(join(world.world.paths.missions, missionId, 'prompt'))).toBe(false);
    await expect(launch()).rejects.toThrow(/runs already/);
    await ask(page, 'restartMission', { missionId, mode: 'graceful' });
    await until('it was restarted', async () => {
      const read = (await ask(page, 'readOutput', { missionId })) as { notes: { text: string }[] };
      return read.notes.filter(({ text }) => text.startsWith('Claude runs')).length === 2;
    });
    await ask(page, 'stopMission', { missionId });
  });
});

describe('the token', () => {
  it('comes from the clipboard, which is then empty; the page never sees it', async () => {
    const { world, page } = await start();
    const { app } = world;
    await app.evaluate(({ clipboard }, text) => clipboard.writeText(text), `${TOKEN}\n`);
    await ask(page, 'pasteToken', {});
    expect(readFileSync(world.world.paths.oauthToken, 'utf8')).toBe(TOKEN);
    expect(await app.clipboardText()).toBe('');
    const state = await world.state(page);
    expect(state.hasOauthToken).toBe(true);
    expect(JSON.stringify(state)).not.toContain(TOKEN);

    await app.evaluate(({ clipboard }) => clipboard.writeText('not a token'));
    const refused = await ask(page, 'pasteToken', {}).catch((error: Error) => error.message);
    expect(refused).toMatch(/not a token of Claude/);
    expect(refused).not.toContain('"not a token"');
    await ask(page, 'removeToken', {});
    expect((await world.state(page)).hasOauthToken).toBe(false);
  });
});

describe('a sign-in', () => {
  /** A mission, and a server that everybody has. */
  async function startSignedIn() {
    const { world, page } = await start();
    const id = await make({ world, page }, {});
    await signIn(world.world.global, 'loop');
    await until('the server is listed', async () => {
      return (await world.state(page)).snapshot?.global.servers[0]?.name === 'loop';
    });
    const signingIn = async () => (await world.state(page)).signingIn;
    return { world, page, id, signingIn };
  }
  const opened = async ({ app }: AppWorld) =>
    (await app.calls('shell.openExternal')).map(([, url]) => url);

  it('opens its page in the browser, and what comes of it goes to all', async () => {
    const { world, page, id, signingIn } = await startSignedIn();
    const done = ask(page, 'signIn', { name: 'loop', missionId: id });
    await until('its page is opened', async () => (await opened(world)).length > 0);
    expect(await opened(world)).toEqual([SIGN_IN_PAGE]);
    expect(await signingIn()).toBe('loop');
    await expect(ask(page, 'signIn', { name: 'loop', missionId: null })).rejects.toThrow(
      'A sign-in to "loop" is under way',
    );
    const server = fakeServer('loop');
    const tokens = join(world.world.root, 'tokens');
    writeFileSync(`${tokens}.new`, fakeEntry([server]), { mode: 0o600 });
    renameSync(`${tokens}.new`, tokens);
    expect(await done).toEqual({ outcome: 'signed-in', reconnect: [], warning: null });
    expect(serverIn(world.world.global, 'loop')).toEqual(server);
    expect(await signingIn()).toBe(null);
  });

  it('is cancelled', async () => {
    const { world, page, id, signingIn } = await startSignedIn();
    const done = ask(page, 'signIn', { name: 'loop', missionId: id });
    await until('its page is opened', async () => (await opened(world)).length > 0);
    await ask(page, 'cancelSignIn', {});
    expect(await done).toEqual({ outcome: 'cancelled', reconnect: [], warning: null });
    expect(await signingIn()).toBe(null);
  });

  it('is none of a server that the page was not shown', async () => {
    const { page } = await startSignedIn();
    await expect(ask(page, 'signIn', { name: '--help', missionId: null })).rejects.toThrow(
      'There is no server "--help"',
    );
  });
});
