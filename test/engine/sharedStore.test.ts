import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryFile, readText, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

/* Missions that run on the global entry itself, with a program that stands in for a client that can. */

let world: World;
beforeEach(() => {
  world = makeWorld();
  setSharing('auto');
});
afterEach(() => world.cleanup());

/** Keeps secrets where the variable says, as the client does; runs until the test, or its end, says "go". */
function setSharing(shareStore: 'auto' | 'off'): void {
  const claudePath = join(world.root, 'claude');
  writeFileSync(
    claudePath,
    `#!/bin/sh
[ "$1" = --version ] && echo "9.9.9 (Claude Code)" && exit
dir="\${CLAUDE_SECURESTORAGE_CONFIG_DIR:-$CLAUDE_CONFIG_DIR}"
[ "$1" = mcp ] && { echo "{\\"probe\\":\\"$MCP_CLIENT_SECRET\\"}" > "$dir/.credentials.json"; exit; }
cp "$CLAUDE_CONFIG_DIR/mcp-needs-auth-cache.json" "$CLAUDE_CONFIG_DIR/note-at-start" 2>/dev/null
echo "$dir" > "$CLAUDE_CONFIG_DIR/started.new"; mv "$CLAUDE_CONFIG_DIR/started.new" "$CLAUDE_CONFIG_DIR/started"
while [ -d "$CLAUDE_CONFIG_DIR" ] && [ ! -e "$CLAUDE_CONFIG_DIR/go" ]; do sleep 0.05; done
`,
    { mode: 0o755 },
  );
  world.writeSettings({ claudePath, shareStore });
}

const folderOf = (id: string): string => join(world.paths.missions, id);
const inConfig = (id: string, name: string): string => join(world.ref(id).configDir, name);
const mark = (id: string): string => join(folderOf(id), 'shared-store');
const NOTE = 'mcp-needs-auth-cache.json';
const noted = (id: string): string[] =>
  existsSync(inConfig(id, NOTE))
    ? Object.keys(JSON.parse(readFileSync(inConfig(id, NOTE), 'utf8')))
    : [];
const note = (id: string, ...names: string[]): void =>
  writeFileSync(
    inConfig(id, NOTE),
    JSON.stringify(Object.fromEntries(names.map((name) => [name, { timestamp: Date.now() }]))),
  );

/** Runs a mission until `end` is called. */
async function launch(id: string): Promise<{ entryDir: string; end(): Promise<void> }> {
  const run = world.run(['mission', 'run', id, '--headless', '--prompt', 'x']);
  await until('claude started', () => existsSync(inConfig(id, 'started')));
  return {
    entryDir: readFileSync(inConfig(id, 'started'), 'utf8').trim(),
    async end() {
      writeFileSync(inConfig(id, 'go'), '');
      expect(await run).toMatchObject({ code: 0, stderr: '' });
    },
  };
}

/** What tells one state of an entry's file from any other. */
function stampOf(id: string): string {
  const { ino, mtimeNs, size } = statSync(entryFile(world.ref(id)), { bigint: true });
  return `${ino} ${mtimeNs} ${size}`;
}

describe.each([['with an engine'], ['without one']])('a shared mission (%s)', (how) => {
  it('uses the global entry itself, says so, and leaves no mark', async () => {
    world.addMission('a', { running: false });
    await signIn(world.global, 'known');
    if (how === 'with an engine') await world.startEngine();
    const run = await launch('a');
    expect(run.entryDir).toBe(world.global.configDir);
    const { json } = await world.run(['status', '--json']);
    const { missions, global } = json as Awaited<ReturnType<World['status']>>;
    const { hash, servers } = global;
    expect(missions).toMatchObject([
      { id: 'a', state: 'running', shared: true, inSync: true, held: [], hash, servers },
    ]);
    expect(servers).toMatchObject([{ name: 'known' }]);
    expect((await world.run(['status'])).stdout).toMatch(
      /^a +running +[0-9a-f]{12} +shared +known/m,
    );
    await run.end();
    expect(existsSync(mark('a'))).toBe(false);
    const after = (await world.run(['status', '--json'])).json as typeof json & object;
    expect(after).toMatchObject({ missions: [{ shared: false, state: 'stopped' }] });
  });

  it('gives what its own entry still holds first', async () => {
    const own = world.addMission('a', { running: false });
    const [known, acquired] = [await signIn(world.global, 'known'), await signIn(own, 'acquired')];
    if (how === 'with an engine') await world.startEngine();
    const run = await launch('a');
    expect(serverIn(world.global, 'acquired')).toEqual(acquired);
    expect(serverIn(world.global, 'known')).toEqual(known);
    await run.end();
  });
});

it('is not written to while it runs, also by an engine that starts meanwhile; its sign-ins reach all others', async () => {
  world.addMission('a', { running: false });
  const other = world.addMission('b');
  await signIn(world.global, 'known');
  await world.startEngine();
  const run = await launch('a');
  const before = [readText(world.ref('a')), stampOf('a')];
  // The client writes the global entry for it.
  await world.untilHeld(await signIn(world.global, 'acquired'), [other]);
  expect([readText(world.ref('a')), stampOf('a')]).toEqual(before);

  await world.killAll();
  await world.startEngine();
  await world.untilHeld(await signIn(other, 'later'), [world.global]);
  expect((await world.ask('resync', {})).missions).toMatchObject([
    { missionId: 'a', status: 'done', up: [], down: [] },
    { missionId: 'b', status: 'done' },
  ]);
  expect([readText(world.ref('a')), stampOf('a')]).toEqual(before);
  const refused = await world.run(['mission', 'rm', 'a']);
  expect(refused.stderr).toMatch(/runs \(process \d+\)/);
  await run.end();
});

it('has its own entry again once sharing is switched off, with all that came meanwhile', async () => {
  world.addMission('a', { running: false });
  await signIn(world.global, 'known');
  await world.startEngine();
  const shared = await launch('a');
  const acquired = await signIn(world.global, 'acquired');
  await shared.end();
  setSharing('off');
  for (const name of ['go', 'started']) rmSync(inConfig('a', name));
  const own = await launch('a');
  expect(own.entryDir).toBe(world.ref('a').configDir);
  expect(serverIn(world.ref('a'), 'acquired')).toEqual(acquired);
  expect(await world.mission('a')).toMatchObject({ shared: false, state: 'running' });
  const back = await signIn(world.ref('a'), 'back');
  await world.untilHeld(back, [world.global]);
  await own.end();
});

it('counts as shared only for the very process that said so: one killed leaves a mark without a meaning', async () => {
  world.addMission('a', { running: false });
  await signIn(world.global, 'known');
  await world.startEngine();
  void world.run(['mission', 'run', 'a', '--headless', '--prompt', 'x']);
  await until('claude started', () => existsSync(inConfig('a', 'started')));
  process.kill(Number(readFileSync(join(folderOf('a'), 'pid'), 'utf8')), 'SIGKILL');
  // Another program's wrapper comes next, one that knows nothing of sharing.
  const foreign = await world.startWrapper();
  world.setRunning('a', foreign.pid);
  expect(existsSync(mark('a'))).toBe(true);
  const acquired = await signIn(world.global, 'acquired');
  await world.untilHeld(acquired, [world.ref('a')]);
  expect(await world.mission('a')).toMatchObject({ shared: false, state: 'running' });
  await world.untilHeld(await signIn(world.ref('a'), 'own'), [world.global]);
  await foreign.kill();
});

it('connects to a server that became usable, although its client noted a need', async () => {
  world.addMission('a', { running: false });
  await signIn(world.global, 'known');
  note('a', 'known', 'unknown');
  await world.startEngine();
  const run = await launch('a');
  const atStart = readFileSync(inConfig('a', 'note-at-start'), 'utf8');
  expect(Object.keys(JSON.parse(atStart))).toEqual(['unknown']);
  note('a', 'known', 'late', 'unknown');
  await signIn(world.global, 'late');
  await until('only the note of what became usable goes', () => !noted('a').includes('late'));
  expect(noted('a')).toEqual(['known', 'unknown']);
  await run.end();
});

it('doctor says whether sharing is used, and why not', async () => {
  const found = async () => (await world.run(['doctor'])).stdout;
  expect(await found()).toMatch(
    /keep entries of their own.*not known: the next launch finds it out/,
  );
  world.addMission('a', { running: false });
  await (await launch('a')).end();
  expect(await found()).toContain(`use the entry of ${world.global.configDir} itself`);
  setSharing('off');
  expect(await found()).toMatch(/keep entries of their own.*"shareStore" is "off"/);
});
