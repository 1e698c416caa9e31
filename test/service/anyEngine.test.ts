import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askAnyEngine } from '../../main/service/anyEngine.ts';
import type { CommandName, CommandParams } from '../../main/service/contract/engine.ts';
import { readText, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
  mkdirSync(world.paths.bar, { recursive: true, mode: 0o700 });
  world.writeSettings({ globalConfigDir: world.global.configDir });
});
afterEach(() => world.cleanup());

const ask = <C extends CommandName>(name: C, params: CommandParams<C>) =>
  askAnyEngine({ paths: world.paths, env: world.env }, name, params, true);

it.each([['an engine runs'], ['none runs']])(
  'a mission gets at its start what others have, and gives at its end what it acquired (%s)',
  async (how) => {
    const known = await signIn(world.global, 'known');
    if (how === 'an engine runs') await world.startEngine();
    const a = world.addMission('a');
    await ask('clone', { id: 'a' });
    await world.untilHeld(known, [a]);
    const acquired = await signIn(a, 'acquired');
    await ask('writeBack', { id: 'a' });
    await world.untilHeld(acquired, [world.global]);
  },
);

it('waits for an engine that is just starting, and lets nothing be done twice at once', async () => {
  const known = await signIn(world.global, 'known');
  const missions = ['a', 'b', 'c'].map((id) => world.addMission(id));
  world.spawnEngine();
  await Promise.all(['a', 'b', 'c'].map((id) => ask('clone', { id })));
  await world.untilHeld(known, missions);
});

it('says so when there is no such mission, and touches nothing', async () => {
  const text = JSON.stringify(readText(world.global));
  await expect(ask('clone', { id: 'nobody' })).rejects.toThrow('no mission "nobody"');
  expect(JSON.stringify(readText(world.global))).toBe(text);
});
