import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const settings = (): string => readFileSync(world.paths.settings, 'utf8');

describe('settings.json', () => {
  it.each([
    ['not JSON', '{"debounceMs": 5', /not valid JSON/],
    ['not an object', '[]', /not a JSON object/],
    ['of a value that cannot be', '{"pollIntervalMs": "often"}', /"pollIntervalMs" cannot be used/],
    ['of a store that there is not', '{"store": "cloud"}', /"store" cannot be used/],
  ])('(%s) is reported and left alone, and the defaults are taken', async (_, text, message) => {
    world.writeSettings(text);
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    expect((await world.untilAlert('settings')).message).toMatch(message);
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.kill('SIGTERM');
    expect(settings()).toBe(text);
  });

  it('keeps keys that it does not know', async () => {
    const text = '{"fromTheFuture":{"a":1},"debounceMs":10}';
    world.writeSettings(text);
    const engine = await world.startEngine();
    await world.untilNoAlert();
    await engine.kill('SIGTERM');
    expect(settings()).toBe(text);
  });

  it('is read again whenever it changes, also after it was deleted', async () => {
    await world.startEngine();
    for (let round = 0; round < 3; round += 1) {
      world.writeSettings('{"debounceMs": "soon"}');
      await world.untilAlert('settings');
      world.writeSettings('{"debounceMs": 10}');
      await world.untilNoAlert();
      world.writeSettings('not JSON');
      await world.untilAlert('settings');
      rmSync(world.paths.settings);
      await world.untilNoAlert();
    }
  });

  it('names another global entry', async () => {
    const configDir = join(world.root, 'other');
    mkdirSync(configDir);
    const other: EntryRef = { scope: 'global', configDir };
    world.writeSettings({ globalConfigDir: configDir });
    const [a] = world.addMissions('a');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'), [other]);
    expect((await world.status()).global.configDir).toBe(configDir);
  });

  it('says that another global entry needs a new start', async () => {
    await world.startEngine();
    world.writeSettings({ globalConfigDir: join(world.root, 'other') });
    expect((await world.untilAlert('settings')).message).toMatch(/start the engine anew/);
    rmSync(world.paths.settings);
    await world.untilNoAlert();
  });

  it('that is damaged does not lead an engine to another global entry than before', async () => {
    const configDir = join(world.root, 'other');
    mkdirSync(configDir);
    world.writeSettings({ globalConfigDir: configDir });
    const [a] = world.addMissions('a');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'), [{ scope: 'global', configDir }]);
    await engine.kill('SIGTERM');
    world.writeSettings('{"globalConfigDir":');
    const { code, stderr } = await world.run(['sync']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^agenc-bar: .*settings\.json.*\n$/);
  });
});

describe('the environment', () => {
  it('AGENC_BAR_STORE overrides the store', async () => {
    world.writeSettings({ store: 'security' });
    const engine = await world.startEngine({ env: { AGENC_BAR_STORE: 'file' } });
    expect(engine.events[0]).toMatchObject({ event: 'ready', store: 'file' });
  });

  it('AGENC_DIRPATH names the folder, --agenc-dir overrides it', async () => {
    const folder = join(world.root, 'third');
    const run = await world.run(['status', '--json', '--agenc-dir', folder]);
    expect(run.json).toMatchObject({ agencDir: folder });
    expect((await world.run(['status', '--json'])).json).toMatchObject({
      agencDir: world.paths.root,
    });
    const home = await world.run(['status', '--json'], { AGENC_DIRPATH: '' });
    expect(home.json).toMatchObject({ agencDir: join(world.env.HOME, '.agenc') });
  });
});
