import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryFile, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** Removes a folder and makes it anew, with the same inode where the file system gives it again (ext4 does). */
function remake(folder: string): void {
  const { ino } = statSync(folder);
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  const placeholders: string[] = [];
  for (let tries = 0; statSync(folder).ino !== ino && tries < 20; tries += 1) {
    // Another inode came free before: have something else take that one.
    rmdirSync(folder);
    placeholders.push(`${folder}-${tries}`);
    mkdirSync(`${folder}-${tries}`);
    mkdirSync(folder);
  }
  for (const placeholder of placeholders) rmdirSync(placeholder);
}

describe('mission folders', () => {
  it('that appear and vanish while the engine runs are noticed', async () => {
    const server = await signIn(world.global, 'loop');
    const engine = await world.startEngine();
    const a = world.addMission('a');
    await world.untilHeld(server, [a]);
    const own = await signIn(a, 'own');
    await world.untilHeld(own);
    rmSync(join(world.paths.missions, 'a'), { recursive: true });
    await engine.waitFor('mission', ({ change }) => change === 'removed');
    expect((await world.status()).missions).toEqual([]);
    expect(serverIn(world.global, 'own'), 'removing a folder is no logout').toEqual(own);
    await world.untilNoAlert();
  });

  it('whose parts appear one by one, as fast as can be, are noticed too', async () => {
    const server = await signIn(world.global, 'loop');
    const engine = await world.startEngine();
    for (let index = 0; index < 25; index += 1) {
      const id = `late-${index}`;
      const isMeant = (event: { missionId: string; change: string }, change: string) =>
        event.missionId === id && event.change === change;
      mkdirSync(join(world.paths.missions, id));
      await engine.waitFor('mission', (event) => isMeant(event, 'added'));
      world.setRunning(id);
      await engine.waitFor('mission', (event) => isMeant(event, 'started'));
      mkdirSync(world.ref(id).configDir);
      await world.untilHeld(server, [world.ref(id)]);
    }
    await world.untilNoAlert();
  });

  it('that are removed and made anew at once are kept in step', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.pause();
    remake(join(world.paths.missions, 'b'));
    world.addMission('b');
    engine.goOn();
    await world.untilHeld(await signIn(a, 'meanwhile'));
    // The engine has seen what went before; only a watch on the new folder tells of this one.
    await world.untilHeld(await signIn(b, 'new'), [world.global, a]);
  });

  it('whose config directory is removed and made anew at once are kept in step', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.pause();
    remake(b.configDir);
    engine.goOn();
    await world.untilHeld(await signIn(a, 'meanwhile'));
    await world.untilHeld(await signIn(b, 'new'), [world.global, a]);
  });
});

describe('an attached config directory', () => {
  it('is in step from attach to detach, and untouched after that', async () => {
    const server = await signIn(world.global, 'loop');
    const folder = mkdtempSync(join(world.root, 'elsewhere-'));
    const place = { scope: 'mission', configDir: folder } as const;
    world.addMission('a');
    const engine = await world.startEngine();
    const { id } = await world.ask('attach', { folder });
    expect(serverIn(place, 'loop')).toEqual(server);
    expect(await world.mission(id)).toMatchObject({ state: 'attached', inSync: true });
    await world.untilHeld(await signIn(place, 'own'), [world.global, world.ref('a')]);
    await engine.pause();
    const last = await signIn(place, 'last');
    engine.goOn();
    await world.ask('detach', { id });
    await world.untilHeld(last, [world.global]);
    await world.untilHeld(await signIn(world.global, 'later'), [world.ref('a')]);
    expect(serverIn(place, 'later'), 'a detached directory is left alone').toBeUndefined();
    expect(serverIn(place, 'loop')).toEqual(server);
    expect(readdirSync(folder)).toEqual(['.credentials.json']);
  });

  it('stays attached across a restart of the engine', async () => {
    const folder = mkdtempSync(join(world.root, 'elsewhere-'));
    const engine = await world.startEngine();
    await world.ask('attach', { folder });
    await engine.kill('SIGTERM');
    await world.startEngine();
    await world.untilHeld(await signIn(world.global, 'loop'), [
      { scope: 'mission', configDir: folder },
    ]);
  });
});

describe('mission rm', () => {
  it('writes a stopped mission back, then deletes its entry and folder', async () => {
    const own = fakeServer('own');
    const a = world.addMission('a', { running: false, entry: fakeEntry([own]) });
    world.addMission('b');
    await world.startEngine();
    expect(await world.ask('remove', { id: 'a' })).toEqual({ removed: 'a', kept: null });
    await world.untilHeld(own, [world.global, world.ref('b')]);
    expect(existsSync(a.configDir)).toBe(false);
    expect((await world.status()).missions.map(({ id }) => id)).toEqual(['b']);
  });

  it('keeps the work of a mission, and that mission can be run again', async () => {
    const a = world.addMission('a', { running: false, entry: fakeEntry(['own']) });
    const work = join(world.paths.missions, 'a', 'agent');
    writeFileSync(join(work, 'unpushed.txt'), 'hours of work');
    await world.startEngine();
    expect(await world.ask('remove', { id: 'a' })).toEqual({ removed: 'a', kept: work });
    expect(existsSync(entryFile(a))).toBe(false);
    expect(existsSync(join(work, 'unpushed.txt'))).toBe(true);
    world.setRunning('a');
    await world.untilHeld(serverIn(world.global, 'own') ?? fakeServer('lost'), [a]);
  });

  it('deletes the work only when it is told to', async () => {
    world.addMission('a', { running: false });
    writeFileSync(join(world.paths.missions, 'a', 'agent', 'unpushed.txt'), '');
    await world.startEngine();
    await world.ask('remove', { id: 'a', deleteWork: true });
    expect(existsSync(join(world.paths.missions, 'a'))).toBe(false);
  });

  it('refuses a mission that runs', async () => {
    const [a] = world.addMissions('a');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await expect(world.ask('remove', { id: 'a' })).rejects.toThrow(/runs/);
    expect(serverIn(a, 'loop')).toBeDefined();
  });

  it('refuses to delete an entry that it could not write back', async () => {
    const own = fakeServer('own');
    const a = world.addMission('a', { running: false, entry: fakeEntry([own]) });
    writeFileSync(entryFile(world.global), '{"mcpOAuth": {"cut off');
    await world.startEngine();
    await world.untilAlert('wipe-global');
    await expect(world.ask('remove', { id: 'a' })).rejects.toThrow();
    expect(serverIn(a, 'own'), 'the only copy of a sign-in').toEqual(own);
  });
});
