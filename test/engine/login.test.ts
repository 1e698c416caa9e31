import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { invalidate, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { CLI } from '../support/engineProcess.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';
import { until } from '../support/until.ts';

/* `mission login`, with a program that stands in for `claude mcp login`. */

const PAGE = 'https://id.example.test/authorize?client_id=x&state=secret-of-the-request';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** Notes how it was started, prints the page's address, and does what the test says. */
function fakeClaude(does: string, page = PAGE): void {
  const claudePath = join(world.root, 'claude');
  writeFileSync(
    claudePath,
    `#!/bin/sh
{ echo "$@"; pwd; tty; echo "\${CLAUDE_SECURESTORAGE_CONFIG_DIR-own}"; } > "${world.root}/seen"
echo $$ > "${world.root}/pid"
dir="\${CLAUDE_SECURESTORAGE_CONFIG_DIR:-$CLAUDE_CONFIG_DIR}"
printf 'Visit this URL to authorize:\\n  ${page}\\n'
${does}
`,
    { mode: 0o755 },
  );
  world.writeSettings({ claudePath });
}

/** A sign-in that the stand-in saves. */
function tokens(): string {
  const server = fakeServer('loop');
  writeFileSync(join(world.root, 'tokens'), fakeEntry([server]), { mode: 0o600 });
  return `cp -p "${world.root}/tokens" "$dir/saved"; mv "$dir/saved" "$dir/.credentials.json"`;
}

const tokenIn = (place: { configDir: string }) => serverIn(place, 'loop')?.accessToken;
const seen = (): string[] => readFileSync(join(world.root, 'seen'), 'utf8').split('\n');
const login = (...options: string[]) => world.run(['mission', 'login', 'a', 'loop', ...options]);

/** The address is for whoever asked, and lies in no file. */
function expectUnlogged(): void {
  const files = readdirSync(world.paths.root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(world.paths.root, name))
    .filter((path) => /\.(log|json)$/.test(path) && existsSync(path));
  for (const path of files) expect(readFileSync(path, 'utf8'), path).not.toContain('secret-of-the');
}

describe.each([['running'], ['stopped']])('in a %s mission', (state) => {
  it.each([['with an engine'], ['without one']])('signs all in (%s)', async (how) => {
    world.addMission('a', { running: state === 'running' });
    world.addMission('b');
    if (how === 'with an engine') await world.startEngine();
    fakeClaude(tokens());
    const done = await login();
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toBe(`Open this page to sign in:\n${PAGE}\nSigned in to "loop".\n`);
    const token = tokenIn(world.ref('a'));
    expect(token).toBeTruthy();
    await until('the sign-in in the global entry and in b', () =>
      [world.global, world.ref('b')].every((place) => tokenIn(place) === token),
    );
    const [args, cwd, tty, sharedDir] = seen();
    expect(args).toBe('mcp login --no-browser -- loop');
    expect(cwd).toBe(join(world.paths.missions, 'a', 'agent'));
    expect(tty).toMatch(/^\/dev\/pts\//);
    expect(sharedDir).toBe('own');
    expectUnlogged();
    expect(world.leftovers()).toEqual([]);
  });
});

it('names the running missions whose sessions have to reconnect', async () => {
  world.addMission('a');
  world.addMission('b');
  await signIn(world.ref('b'), 'loop');
  await invalidate(world.ref('b'), 'loop');
  fakeClaude(tokens());
  expect((await login()).stdout).toContain('in "b", type there: /mcp reconnect loop');
  const again = await login('--json');
  expect(
    again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([{ url: PAGE }, { status: 'signed-in', reconnect: [], warning: null }]);
});

describe('a sign-in fails, and says why,', () => {
  it.each([
    [
      'in the client’s own words',
      'echo "No MCP server named loop."; exit 1',
      /No MCP server named loop/,
    ],
    ['where nothing was saved', 'exit 0', /kept no sign-in/],
  ])('%s', async (_, does, words) => {
    world.addMission('a');
    fakeClaude(does);
    const failed = await login();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(words);
    expect(failed.stderr).not.toContain('://');
    expect(world.leftovers()).toEqual([]);
  });

  it('where the page is not encrypted, which is then not shown', async () => {
    world.addMission('a');
    fakeClaude('sleep 1000', 'http://id.example.test/authorize?client_id=x&state=s');
    const failed = await login();
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(failed.stderr).toMatch(/id\.example\.test is not encrypted/);
    await untilEnded();
  });

  it('where there is no such mission', async () => {
    fakeClaude('');
    expect((await login()).stderr).toMatch(/no mission "a"/);
  });
});

it('ends with Ctrl-C, and the client with it; a second one to the same server waits for no one', async () => {
  world.addMission('a');
  fakeClaude('sleep 1000');
  const child = spawn(process.execPath, [CLI, 'mission', 'login', 'a', 'loop'], {
    env: { ...world.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  const second = await login();
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(new RegExp(`under way already \\(process ${child.pid}\\)`));
  child.kill('SIGINT');
  expect(await text(child.stderr)).toBe('agenc-bar: The sign-in was cancelled.\n');
  await until('it ends with 1', () => child.exitCode === 1);
  await untilEnded();
  expect(world.leftovers()).toEqual([]);
});

async function untilEnded(): Promise<void> {
  const pid = Number(readFileSync(join(world.root, 'pid'), 'utf8'));
  await until('the client ended', () => !existsSync(`/proc/${pid}`));
}
