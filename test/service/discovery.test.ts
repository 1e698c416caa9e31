import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { discover } from '../../main/service/discovery.ts';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
  mkdirSync(world.paths.bar, { recursive: true });
  world.writeSettings({ globalConfigDir: world.global.configDir });
});
afterEach(() => world.cleanup());

const look = () => discover({ paths: world.paths, env: world.env }, world.env.HOME);

it('says what is there, and offers folders that look like config directories', async () => {
  world.addMission('a');
  world.addMission('b', { running: false });
  await signIn(world.global, 'loop');
  const work = join(world.env.HOME, '.claude-work');
  mkdirSync(work);
  await signIn({ configDir: work }, 'notion');
  mkdirSync(join(world.env.HOME, '.claude-empty'));
  mkdirSync(join(world.env.HOME, 'projects'));
  expect(await look()).toEqual({
    agencDir: world.paths.root,
    agencDirExists: true,
    missions: 2,
    running: 1,
    globalConfigDir: world.global.configDir,
    globalEntry: 'found',
    globalDetail: null,
    servers: ['loop'],
    store: 'file',
    storePlace: join(world.global.configDir, '.credentials.json'),
    candidates: [{ id: 'candidate-0', folder: work, servers: 1, attached: false }],
  });
});

it('finds nothing without making a fuss, and an unreadable entry is not an absent one', async () => {
  expect(await look()).toMatchObject({ globalEntry: 'absent', servers: [], candidates: [] });
  mkdirSync(join(world.global.configDir, '.credentials.json'));
  const found = await look();
  expect(found).toMatchObject({ globalEntry: 'unavailable' });
  expect(found.globalDetail).not.toBe('');
  writeFileSync(join(world.env.HOME, '.claude-file'), '');
  expect((await look()).candidates).toEqual([]);
});
