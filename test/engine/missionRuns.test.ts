import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callWrapper } from '../../main/wrapper/client.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

/* What the engine's snapshots tell of a run, and what the command can do with one. */

let world: World;
let id: string;
beforeEach(async () => {
  world = makeWorld();
  const program = join(world.root, 'claude');
  // Its last argument is the prompt, if it got one; a headless one gets it on stdin.
  writeFileSync(
    program,
    `#!/bin/sh
printf '%s\\n' "$*" >> "${world.root}/arguments"
trap 'exit 0' TERM
while [ ! -e "${world.root}/end" ]; do sleep 0.05; done
exit "$(cat "${world.root}/end")"
`,
    { mode: 0o755 },
  );
  world.writeSettings({ claudePath: program });
  const made = await world.run(['mission', 'new', 'fix login', '--json']);
  id = (made.json as { id: string }).id;
});
afterEach(() => world.cleanup());

const runOf = async () => (await world.mission(id)).run;
const folder = () => join(world.paths.missions, id);
const starts = () => {
  const path = join(world.root, 'arguments');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
};
const end = (code: number) => writeFileSync(join(world.root, 'end'), String(code));
const untilStarted = (times = 1) => until('claude started', () => starts().length === times);
const hook = (event: 'Stop' | 'UserPromptSubmit') =>
  callWrapper({ name: 'fix login', folder: folder() }, 'hook', { event });

describe('a run in the snapshot', () => {
  it('is followed by the engine, whichever of the two was there first', async () => {
    const running = world.run(['mission', 'run', id]);
    await untilStarted();
    await world.startEngine();
    await until('it is seen to be idle', async () => (await runOf())?.phase === 'running');
    expect(await runOf()).toMatchObject({ mode: 'interactive', activity: 'idle', exitCode: null });
    await hook('UserPromptSubmit');
    await until('it is seen to be busy', async () => (await runOf())?.activity === 'busy');
    await hook('Stop');
    await until('it is seen to be idle again', async () => (await runOf())?.activity === 'idle');

    end(3);
    expect((await running).code).toBe(3);
    await until('its end is seen', async () => (await world.mission(id)).state === 'stopped');
    expect(await runOf()).toMatchObject({ phase: 'ended', exitCode: 3 });

    end(0);
    await world.run(['mission', 'run', id]);
    await until('the next run takes its place', async () => (await runOf())?.exitCode === 0);
  });

  it('that is over at once tells its end, every time', async () => {
    await world.startEngine();
    for (const code of [1, 0, 2, 0, 3]) {
      end(code);
      await world.run(['mission', 'run', id]);
      await until(`${code} is seen`, async () => (await runOf())?.exitCode === code);
    }
  });

  it('is asked for where no engine runs', async () => {
    const running = world.run(['mission', 'run', id, '--headless', '--prompt', 'Do it.']);
    await untilStarted();
    const { json } = await world.run(['mission', 'ls', '--json']);
    expect(json).toMatchObject({ missions: [{ id, run: { mode: 'headless', activity: 'busy' } }] });
    end(0);
    await running;
  });

  it('of a killed wrapper is none', async () => {
    await world.startEngine();
    void world.run(['mission', 'run', id]);
    await untilStarted();
    await until('it is followed', async () => (await runOf())?.phase === 'running');
    process.kill(Number(readFileSync(join(folder(), 'pid'), 'utf8')), 'SIGKILL');
    await until('it is gone', async () => (await runOf()) === null);
    end(0);
  });
});

describe('mission restart', () => {
  it('waits until Claude is idle, and goes on with the conversation', async () => {
    const running = world.run(['mission', 'run', id]);
    await untilStarted();
    await hook('UserPromptSubmit');
    expect((await world.run(['mission', 'restart', id])).stdout).toContain('as soon as Claude is');
    expect(starts()).toHaveLength(1);
    await hook('Stop');
    await untilStarted(2);
    expect(starts()).toEqual(['', '--continue']);
    expect((await world.run(['mission', 'restart', id, '--now'])).code).toBe(0);
    await untilStarted(3);
    expect((await world.run(['mission', 'stop', id])).code).toBe(0);
    await running;
  });

  it('of a mission that does not run says so', async () => {
    const failed = await world.run(['mission', 'restart', id]);
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('is not running')]);
  });
});

describe('a prompt', () => {
  it('is what an interactive Claude starts with, also if it looks like an option', async () => {
    end(0);
    await world.run(['mission', 'run', id, '--prompt', '--help me']);
    expect(starts()).toEqual(['-- --help me']);
  });

  it('that was kept for the next run is taken by it, and by no other', async () => {
    end(0);
    writeFileSync(join(folder(), 'prompt'), 'Fix the login.', { mode: 0o600 });
    await world.run(['mission', 'run', id]);
    await world.run(['mission', 'run', id]);
    expect(starts()).toEqual(['-- Fix the login.', '']);
  });

  it('stays where claude is not found: nothing is lost', async () => {
    writeFileSync(join(folder(), 'prompt'), 'Fix the login.', { mode: 0o600 });
    world.writeSettings({ claudePath: join(world.root, 'nowhere') });
    expect((await world.run(['mission', 'run', id])).code).toBe(1);
    expect(readFileSync(join(folder(), 'prompt'), 'utf8')).toBe('Fix the login.');
  });
});
