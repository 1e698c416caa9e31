import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunFile } from '../../main/missions/runFile.ts';
import { stopMission } from '../../main/service/controlMission.ts';
import { processStart } from '../../main/system/processStart.ts';
import { callWrapper } from '../../main/wrapper/client.ts';
import { HOOK_EVENTS } from '../../main/wrapper/contract.ts';
import { makeRepository } from '../missions/makeHome.ts';
import { serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { CLI } from '../support/engineProcess.ts';
import { until } from '../support/until.ts';

/* Missions made and run by the command, with a program that stands in for `claude`. */

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** Notes that it started, does what the test says, and answers. */
function fakeClaude(does: string): void {
  const program = join(world.root, 'claude');
  writeFileSync(
    program,
    `#!/bin/sh\ncp "$CLAUDE_CONFIG_DIR/.credentials.json" "${world.root}/at-start.json" 2>/dev/null\n` +
      `touch "${world.root}/started"\ncat > "${world.root}/prompt"\n${does}\n`,
    { mode: 0o755 },
  );
  world.writeSettings({ claudePath: program });
}

async function make(...options: string[]): Promise<string> {
  const made = await world.run(['mission', 'new', 'fix login', ...options, '--json']);
  expect([made.code, made.stderr]).toEqual([0, '']);
  return (made.json as { id: string }).id;
}

const folderOf = (id: string): string => join(world.paths.missions, id);
const placeOf = (id: string) => ({ configDir: join(folderOf(id), 'claude-config') });

describe('mission new', () => {
  it('clones a repository, brings the user’s config and our hooks, and touches nothing else', async () => {
    writeFileSync(join(world.global.configDir, 'CLAUDE.md'), 'Be kind.');
    writeFileSync(world.paths.broadcast, '0.000000');
    await signIn(world.global, 'loop');
    const before = readdirSync(world.global.configDir).sort();
    const id = await make('--repo', makeRepository(join(world.root, 'app')));
    expect(readFileSync(join(folderOf(id), 'agent', 'three.txt'), 'utf8')).toBe('three\n');
    expect(readFileSync(join(placeOf(id).configDir, 'CLAUDE.md'), 'utf8')).toBe('Be kind.');
    const settings = readFileSync(join(placeOf(id).configDir, 'settings.json'), 'utf8');
    for (const event of HOOK_EVENTS) {
      expect(settings).toContain(`hook ${event}`);
    }
    // Entries come by the clone at its start, never by copying.
    expect(serverIn(placeOf(id), 'loop')).toBe(undefined);
    expect(readFileSync(world.paths.broadcast, 'utf8')).toBe('0.000000');
    expect(readdirSync(world.global.configDir).sort()).toEqual(before);
    expect(readdirSync(world.paths.missions)).toEqual([id]);
  });

  it('of the packed app, whose program is Node only if told so, gives hooks that tell it', async () => {
    const made = await world.run(['mission', 'new', 'x', '--json'], { ELECTRON_RUN_AS_NODE: '1' });
    const { id } = made.json as { id: string };
    const settings = readFileSync(join(placeOf(id).configDir, 'settings.json'), 'utf8');
    expect(settings).toContain(`/usr/bin/env 'ELECTRON_RUN_AS_NODE=1' ${process.execPath}`);
  });

  it('says in git’s words what went wrong, and leaves nothing behind', async () => {
    const failed = await world.run([
      'mission',
      'new',
      'x',
      '--repo',
      join(world.root, 'nowhere.git'),
    ]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/nowhere/);
    expect(readdirSync(world.paths.missions)).toEqual([]);
  });
});

describe('mission run --headless', () => {
  it.each([['with an engine'], ['without one']])(
    'starts with what all others have, and gives what it acquired (%s)',
    async (how) => {
      fakeClaude('echo "All done."; while [ ! -e "$CLAUDE_CONFIG_DIR/go" ]; do sleep 0.05; done');
      const known = await signIn(world.global, 'known');
      if (how === 'with an engine') await world.startEngine();
      const id = await make();
      const run = world.run(['mission', 'run', id, '--headless', '--prompt', 'Do it.']);
      await until('claude started', () => existsSync(join(world.root, 'prompt')));
      expect(readFileSync(join(world.root, 'at-start.json'), 'utf8')).toContain(known.serverName);
      const { missions } = await statusOf();
      expect(missions).toMatchObject([{ id, state: 'running', name: 'fix login' }]);
      const acquired = await signIn(placeOf(id), 'acquired');
      writeFileSync(join(placeOf(id).configDir, 'go'), '');
      expect((await run).code).toBe(0);
      await world.untilHeld(acquired, [world.global]);
      expect(readFileSync(join(world.root, 'prompt'), 'utf8')).toBe('Do it.');
      expect(readFileSync(join(folderOf(id), 'claude-output.log'), 'utf8')).toContain('All done.');
      expect(existsSync(join(folderOf(id), 'pid'))).toBe(false);
    },
  );

  it('is stopped gracefully, and written back', async () => {
    fakeClaude('trap "exit 0" TERM; while :; do sleep 0.05; done');
    const id = await make();
    const run = world.run(['mission', 'run', id, '--headless', '--prompt', 'Wait.']);
    await until('claude started', () => existsSync(join(world.root, 'prompt')));
    const second = await world.run(['mission', 'run', id, '--headless', '--prompt', 'Me too.']);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/runs already/);
    const acquired = await signIn(placeOf(id), 'acquired');
    expect((await world.run(['mission', 'stop', id])).code).toBe(0);
    await run;
    await world.untilHeld(acquired, [world.global]);
    expect(existsSync(join(folderOf(id), 'pid'))).toBe(false);
    expect((await world.run(['mission', 'stop', id])).stderr).toMatch(/does not run/);
  });

  it('is stopped, and not removed before, though its Claude took its pid file and its socket away', async () => {
    fakeClaude('trap "exit 0" TERM; while :; do sleep 0.05; done');
    const id = await make();
    const run = world.run(['mission', 'run', id, '--headless', '--prompt', 'Wait.']);
    await until('claude started', () => existsSync(join(world.root, 'prompt')));
    for (const name of ['pid', 'wrapper.sock']) rmSync(join(folderOf(id), name));
    const removal = await world.run(['mission', 'rm', id, '--delete-work']);
    expect([removal.code, removal.stderr]).toEqual([1, expect.stringContaining('stop it first')]);
    const acquired = await signIn(placeOf(id), 'acquired');
    expect((await world.run(['mission', 'stop', id])).code).toBe(0);
    await run;
    await world.untilHeld(acquired, [world.global]);
    expect((await world.run(['mission', 'rm', id, '--delete-work'])).code).toBe(0);
  });

  it('is stopped though somebody says in the name of its wrapper that it does so', async () => {
    fakeClaude('trap "exit 0" TERM; while :; do sleep 0.05; done');
    const id = await make();
    const run = world.run(['mission', 'run', id, '--headless', '--prompt', 'Wait.']);
    await until('claude started', () => existsSync(join(world.root, 'prompt')));
    const folder = folderOf(id);
    const truth = await callWrapper({ name: id, folder }, 'status', {});
    rmSync(join(folder, 'wrapper.sock'));
    const liar = createServer((_, response) => response.end(JSON.stringify(truth)));
    await new Promise<void>((resolve) => liar.listen(join(folder, 'wrapper.sock'), resolve));
    const host = { paths: world.paths, env: world.env, command: [] };
    await stopMission(host, id, () => undefined, 200);
    await run;
    liar.close();
    expect(existsSync(join(folder, 'pid'))).toBe(false);
  });

  it('whose wrapper was killed is ended by a stop, written back, and not removed before', async () => {
    fakeClaude('while :; do sleep 0.05; done');
    const id = await make();
    const args = [CLI, 'mission', 'run', id, '--headless', '--prompt', 'Wait.'];
    const wrapper = spawn(process.execPath, args, { env: world.env, stdio: 'ignore' });
    const noted = () => readRunFile(folderOf(id))?.claude ?? null;
    await until('Claude is noted', () => noted() !== null);
    await until('claude started', () => existsSync(join(world.root, 'prompt')));
    wrapper.kill('SIGKILL');
    await once(wrapper, 'exit');
    const pid = noted()?.pid ?? 0;
    const acquired = await signIn(placeOf(id), 'acquired');
    const removal = await world.run(['mission', 'rm', id]);
    expect([removal.code, removal.stderr]).toEqual([1, expect.stringContaining(`process ${pid}`)]);
    const stopped = await world.run(['mission', 'stop', id]);
    expect([stopped.code, stopped.stderr]).toEqual([0, expect.stringContaining(`process ${pid}`)]);
    expect(processStart(pid)).toBeNull();
    await world.untilHeld(acquired, [world.global]);
    expect((await world.run(['mission', 'stop', id])).stderr).toMatch(/does not run/);
    expect((await world.run(['mission', 'rm', id])).code).toBe(0);
  });

  it('says where claude was looked for, and shows the last words of one that fails', async () => {
    const id = await make();
    world.writeSettings({ claudePath: join(world.root, 'nowhere') });
    const missing = await world.run(['mission', 'run', id, '--headless', '--prompt', 'x']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/nowhere.*claudePath|claudePath.*nowhere/s);
    fakeClaude('echo "Invalid API key" >&2; exit 3');
    const failed = await world.run(['mission', 'run', id, '--headless', '--prompt', 'x']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('Invalid API key');
  });

  it.each([
    [['--headless']],
    [['--headless', '--prompt', ' ']],
    [['--timeout', '5']],
    [['--headless', '--prompt', 'y', '--timeout', 'soon']],
  ])('with %j is wrong usage', async (options) => {
    fakeClaude('');
    const id = await make();
    expect((await world.run(['mission', 'run', id, ...options])).code).toBe(2);
    expect(existsSync(join(world.root, 'started'))).toBe(false);
  });

  it('takes its prompt from stdin where that is "-"', async () => {
    fakeClaude('');
    const id = await make();
    const child = spawn(
      process.execPath,
      [CLI, 'mission', 'run', id, '--headless', '--prompt', '-'],
      { env: { ...world.env }, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    child.stdin?.end('Not for\nthe process list');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(readFileSync(join(world.root, 'prompt'), 'utf8')).toBe('Not for\nthe process list');
  });
});

it('mission rm keeps work that lies nowhere else, and says what it is', async () => {
  const id = await make('--repo', makeRepository(join(world.root, 'app')));
  writeFileSync(join(folderOf(id), 'agent', 'draft'), 'unsaved');
  const kept = await world.run(['mission', 'rm', id]);
  expect(kept.code).toBe(0);
  expect(kept.stdout).toMatch(/is kept:\n.*draft/s);
  expect(existsSync(join(folderOf(id), 'agent', 'draft'))).toBe(true);
  expect((await world.run(['mission', 'rm', id, '--delete-work'])).code).toBe(0);
  expect(existsSync(folderOf(id))).toBe(false);
});

describe('token', () => {
  it('is kept from stdin, 0600, and never shown', async () => {
    const token = `sk-ant-oat01-${'A'.repeat(40)}`;
    const child = spawn(process.execPath, [CLI, 'token', 'set'], { env: world.env });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        printed += String(data);
      });
    }
    child.stdin.end(`${token.slice(0, 20)}\n  ${token.slice(20)}\n`);
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(readFileSync(world.paths.oauthToken, 'utf8').trim()).toBe(token);
    expect(printed).not.toContain('sk-ant');
    expect((await world.run(['token', 'rm'])).code).toBe(0);
    expect(existsSync(world.paths.oauthToken)).toBe(false);
  });
});

async function statusOf() {
  const { json } = await world.run(['status', '--json']);
  return json as { missions: unknown[] };
}
