import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { SECOND_SWEEP_MS } from '../../main/sync/engine.ts';
import { aWhile } from '../support/aWhile.ts';
import { readText, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeServer, serverKey } from '../support/fake.ts';
import { until } from '../support/until.ts';

/* What a mission can have by putting a link in the place of a folder of its own: nothing. */

const SECRET = 'R-WORK-SECRET';

let world: World;
let profile: string;
let swapper: ChildProcess | null = null;
beforeEach(() => {
  world = makeWorld();
  profile = join(world.env.HOME, '.claude-work');
  mkdirSync(profile);
  const blob = {
    mcpOAuth: { [serverKey('work')]: fakeServer('work', { refreshToken: SECRET }) },
    unknownThing: SECRET,
  };
  writeFileSync(join(profile, '.credentials.json'), JSON.stringify(blob), { mode: 0o600 });
});
afterEach(async () => {
  swapper?.kill('SIGKILL');
  swapper = null;
  await world.cleanup();
});

const configOf = (id: string): string => world.ref(id).configDir;

/** As a shell does it: the folder goes aside, a link comes in its place. */
function linkConfig(id: string, target: string): void {
  renameSync(configOf(id), `${configOf(id)}.aside`);
  symlinkSync(target, configOf(id));
}

function unlinkConfig(id: string): void {
  rmSync(configOf(id));
  renameSync(`${configOf(id)}.aside`, configOf(id));
}

/** Another wrapper than before, as far as the engine can tell. */
async function restart(id: string): Promise<void> {
  world.setRunning(id, (await world.startWrapper()).pid);
}

function expectNoSecret(places: readonly EntryRef[]): void {
  for (const place of places) expect(readText(place) ?? '').not.toContain(SECRET);
}

/** Names, times and contents of all that lies in a folder. */
function stateOf(folder: string): unknown {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { mode, mtimeMs, ino } = statSync(path);
      const isFile = statSync(path).isFile();
      return [name, mode, mtimeMs, ino, isFile ? readFileSync(path, 'latin1') : null];
    });
}

describe('a mission that makes its config folder a link to another profile', () => {
  it('brings none of its sign-ins to anybody, also once the folder is back', async () => {
    const [a, b, evil] = world.addMissions('a', 'b', 'evil');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'before'));
    linkConfig('evil', profile);
    await restart('evil');
    const alert = await world.untilAlert('unavailable-evil');
    expect(alert).toMatchObject({ kind: 'hostile', missionId: 'evil' });
    expect(alert.message).toMatch(/claude-config is a symbolic link/);
    expect(alert.message).toMatch(/Remove the link/);
    const meanwhile = await signIn(b, 'meanwhile');
    await world.untilHeld(meanwhile, [world.global, a, b]);
    unlinkConfig('evil');
    await restart('evil');
    await world.untilHeld(meanwhile, [evil]);
    await world.untilNoAlert('unavailable-evil');
    expectNoSecret([world.global, a, b, evil]);
  });

  it('before the engine starts, brings none of its sign-ins to anybody', async () => {
    const [a, b] = world.addMissions('a', 'b', 'evil');
    linkConfig('evil', profile);
    await world.startEngine();
    expect(await world.untilAlert('unavailable-evil')).toMatchObject({ kind: 'hostile' });
    const value = await signIn(a, 'loop');
    await world.untilHeld(value, [world.global, a, b]);
    expectNoSecret([world.global, a, b]);
    expect((await world.mission('evil')).trouble).toMatch(/symbolic link/);
  });

  it('has nothing written there, and nothing removed: entries, locks, notes, what a killed writer left', async () => {
    const [a, b] = world.addMissions('a', 'b', 'evil');
    const old = Date.now() / 1_000 - 600;
    writeFileSync(
      join(profile, 'mcp-needs-auth-cache.json'),
      JSON.stringify({ loop: { timestamp: 1 }, work: { timestamp: 1 } }),
    );
    writeFileSync(join(profile, '.credentials.json.tmp.0123abcd'), '');
    for (const name of ['.storage-write.lock', 'mcp-refresh-loop_0123456789abcdef.lock.lock'])
      mkdirSync(join(profile, name));
    for (const name of readdirSync(profile)) utimesSync(join(profile, name), old, old);
    const before = stateOf(profile);
    linkConfig('evil', profile);
    await world.startEngine();
    await world.untilAlert('unavailable-evil');
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a, b]);
    await world.ask('resync', {}).catch(() => undefined);
    await world.run(['doctor', '--remove-leftovers']);
    // Leftovers are swept once more when they are old enough.
    await aWhile(SECOND_SWEEP_MS + 300);
    expect(stateOf(profile)).toEqual(before);
  });

  it('and back, all the while, brings nobody anything, and has nothing written there', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = world.addMissions('a', 'b', 'evil');
    const before = stateOf(profile);
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'first'));
    swapper = keepSwapping(configOf('evil'), profile);
    for (let round = 0; round < 40; round += 1) {
      await world.untilHeld(await signIn(round % 2 === 0 ? a : b, 'loop'), [world.global, a, b]);
      if (round % 5 === 0) await restart('evil');
      expectNoSecret([world.global, a, b]);
    }
    expect([engine.alive(), swapper.exitCode]).toEqual([true, null]);
    expect(stateOf(profile)).toEqual(before);
    const told = engine.events.filter(
      (event) => event.event === 'alert' && event.missionId === 'evil' && event.kind === 'hostile',
    );
    expect(told.length, 'alerts').toBeGreaterThan(0);
  });
});

describe('a mission whose own folder is a link', () => {
  it('is none: it is told what to do, and nothing that it leads to is read or written', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const elsewhere = join(world.root, 'elsewhere');
    mkdirSync(join(elsewhere, 'agent'), { recursive: true });
    renameSync(profile, join(elsewhere, 'claude-config'));
    writeFileSync(join(elsewhere, 'pid'), `${process.pid}\n`);
    symlinkSync(elsewhere, join(world.paths.missions, 'evil'));
    const before = stateOf(join(elsewhere, 'claude-config'));
    await world.startEngine();
    const alert = await world.untilAlert('missions-odd');
    expect(alert).toMatchObject({ kind: 'hostile' });
    expect(alert.message).toMatch(/"evil" .*link.*attach/);
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a, b]);
    expectNoSecret([world.global, a, b]);
    expect(stateOf(join(elsewhere, 'claude-config'))).toEqual(before);
    const run = await world.run(['mission', 'run', 'evil', '--prompt', 'x']);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/link/);
    expect(readdirSync(elsewhere).sort()).toEqual(['agent', 'claude-config', 'pid']);
  });

  it('since it was swapped while it ran, brings none of the sign-ins that lie there to anybody', async () => {
    const [a, b, evil] = world.addMissions('a', 'b', 'evil');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'first'));
    const folder = dirname(evil.configDir);
    renameSync(folder, join(world.root, 'aside'));
    mkdirSync(join(world.root, 'elsewhere'));
    renameSync(profile, join(world.root, 'elsewhere', 'claude-config'));
    symlinkSync(join(world.root, 'elsewhere'), folder);
    await world.untilAlert('missions-odd');
    await world.untilHeld(await signIn(b, 'loop'), [world.global, a, b]);
    rmSync(folder);
    renameSync(join(world.root, 'aside'), folder);
    await world.untilHeld(await signIn(a, 'later'));
    expectNoSecret([world.global, a, b, evil]);
    await until('no alert', async () => (await world.status()).alerts.length === 0);
  });
});

describe('a mission with a link in the place of a folder', () => {
  for (const name of ['claude-config', 'agent'])
    it(`(${name}) is not run: its Claude would work where the link leads to`, async () => {
      world.addMission('m', { running: false });
      const folder = join(world.paths.missions, 'm', name);
      rmSync(folder, { recursive: true });
      symlinkSync(profile, folder);
      const before = stateOf(profile);
      const run = await world.run(['mission', 'run', 'm', '--headless', '--prompt', 'x'], {
        PATH: `${putClaude()}:${world.env.PATH}`,
      });
      expect(run.stderr).toMatch(new RegExp(`${name} is a symbolic link`));
      expect(run.code).not.toBe(0);
      expect(stateOf(profile)).toEqual(before);
    });
});

/** A `claude` that is done at once. @returns its folder */
function putClaude(): string {
  const folder = join(world.root, 'programs');
  mkdirSync(folder);
  writeFileSync(join(folder, 'claude'), '#!/bin/sh\necho done > here\n', { mode: 0o755 });
  return folder;
}

/** Puts a link in the place of a folder, and the folder back, as fast as a process can. */
function keepSwapping(folder: string, target: string): ChildProcess {
  const script = `
    const { renameSync, rmSync, symlinkSync } = require('node:fs');
    const [folder, target] = process.argv.slice(1);
    for (let round = 0; ; round += 1) {
      renameSync(folder, folder + '.aside');
      symlinkSync(target, folder);
      const until = performance.now() + (round % 7) * 0.05;
      while (performance.now() < until);
      rmSync(folder);
      renameSync(folder + '.aside', folder);
      const later = performance.now() + (round % 11) * 0.05;
      while (performance.now() < later);
    }`;
  return spawn(process.execPath, ['-e', script, folder, target], { stdio: 'ignore' });
}
