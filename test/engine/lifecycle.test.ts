import { existsSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryFile, logOut, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('a mission that starts', () => {
  it('is cloned from the global entry', async () => {
    const server = await signIn(world.global, 'loop');
    const a = world.addMission('a', { running: false });
    const engine = await world.startEngine();
    expect(engine.events[0]).toMatchObject({ event: 'ready', missions: 1, running: 0 });
    world.setRunning('a');
    await world.untilHeld(server, [a]);
    await engine.waitFor(
      'mission',
      ({ change, missionId }) => change === 'started' && missionId === 'a',
    );
  });

  it('keeps tokens that it had not pushed when it crashed', async () => {
    const stale = fakeServer('loop', { expiresAt: Date.now() + 1_000 });
    const fresh = fakeServer('loop', { expiresAt: Date.now() + 9_000_000 });
    const own = fakeServer('own');
    world.addMission('a', { running: false, entry: fakeEntry([fresh, own]) });
    await signIn(world.global, 'loop', stale);
    await world.startEngine();
    world.setRunning('a');
    await world.untilHeld(fresh);
    await world.untilHeld(own);
  });

  it('gets what it missed while it was stopped, a logout too', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'old'));
    world.setStopped('b');
    await engine.waitFor('mission', ({ change }) => change === 'stopped');
    const missed = await signIn(a, 'missed');
    await world.untilHeld(missed, [a, world.global]);
    await logOut(a, 'old');
    await world.untilGone('old', [a, world.global]);
    expect(serverIn(b, 'old'), 'a stopped mission is left alone').toBeDefined();
    world.setRunning('b');
    await world.untilHeld(missed, [b]);
    await world.untilGone('old', [b]);
  });

  it('with an emptied config directory is filled anew, and nothing is taken for a logout', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    world.setStopped('b');
    await engine.waitFor('mission', ({ change }) => change === 'stopped');
    rmSync(entryFile(b));
    world.setRunning('b');
    await world.untilHeld(server);
  });

  it('while no engine runs is in step once one does', async () => {
    const server = await signIn(world.global, 'loop');
    const own = fakeServer('own');
    world.addMission('a', { entry: fakeEntry([own]) });
    await world.startEngine();
    await world.untilHeld(server);
    await world.untilHeld(own);
  });
});

describe('a mission that ends', () => {
  it('is written back: what it acquired last goes up', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await engine.pause();
    const last = await signIn(a, 'last');
    world.setStopped('a');
    engine.goOn();
    await world.untilHeld(last, [world.global, b]);
  });

  it('by a SIGKILL of its wrapper is noticed, though its pid file stays', async () => {
    const wrapper = await world.startWrapper();
    const a = world.addMission('a', { running: false });
    const b = world.addMission('b');
    world.setRunning('a', wrapper.pid);
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.pause();
    const last = await signIn(a, 'last');
    await wrapper.kill();
    engine.goOn();
    await engine.waitFor(
      'mission',
      ({ change, missionId }) => change === 'stopped' && missionId === 'a',
    );
    await world.untilHeld(last, [world.global, b]);
    expect((await world.mission('a')).state).toBe('stopped');
  });

  it('and is run again under another process is a new start', async () => {
    const [first, second] = [await world.startWrapper(), await world.startWrapper()];
    const a = world.addMission('a', { running: false });
    world.setRunning('a', first.pid);
    const engine = await world.startEngine();
    const before = engine.events.length;
    world.setRunning('a', second.pid);
    await engine.waitFor('mission', ({ change }) => change === 'started', before);
    await first.kill();
    await world.untilHeld(await signIn(a, 'loop'));
    expect((await world.mission('a')).state).toBe('running');
  });

  it('while no engine runs is written back by the next one', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.kill('SIGKILL');
    const last = await signIn(a, 'last');
    world.setStopped('a');
    await world.startEngine();
    await world.untilHeld(last, [world.global, b]);
  });
});

describe('the end of the engine', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s writes back and exits 0', async (signal) => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await engine.pause();
    const last = await signIn(a, 'last');
    expect(await engine.kill(signal)).toEqual({ code: 0, signal: null });
    for (const place of [world.global, b])
      expect(serverIn(place, 'last'), 'written back before the end').toEqual(last);
    expect(engine.events.at(-1)).toMatchObject({ event: 'stopped' });
    expect(existsSync(world.paths.engineLock), 'the lock is given back').toBe(false);
    expect(existsSync(world.paths.engineSocket), 'the socket is gone').toBe(false);
    expect(world.leftovers()).toEqual([]);
  });

  it('by SIGTERM while it still starts is an end like any other', async () => {
    world.addMissions('a', 'b');
    const engine = world.spawnEngine();
    await until('the start', () => existsSync(world.paths.engineLock));
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(existsSync(world.paths.engineLock), 'the lock is given back').toBe(false);
  });

  it('comes also while missions still appear, and nothing of them is watched any more', async () => {
    for (let round = 0; round < 6; round += 1) {
      const engine = await world.startEngine();
      world.addMission(`late-${round}`);
      expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(engine.events.at(-1)).toMatchObject({ event: 'stopped' });
    }
  });

  it('by Ctrl-C is not cut short by a second one, which npm passes on as well', async () => {
    const missions = world.addMissions('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    const engine = await world.startEngine();
    await engine.pause();
    const last = await signIn(missions[0], 'last');
    process.kill(engine.pid, 'SIGINT');
    engine.goOn();
    await engine.waitFor('sync', ({ direction }) => direction === 'up');
    expect(await engine.kill('SIGINT')).toEqual({ code: 0, signal: null });
    for (const place of missions) expect(serverIn(place, 'last')).toEqual(last);
  });
});
