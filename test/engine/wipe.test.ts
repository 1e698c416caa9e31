import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import {
  editAsClient,
  entryFile,
  logOut,
  serverIn,
  signIn,
  writeAsClient,
} from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, serverKey } from '../support/fake.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** In what ways servers vanish from an entry that no logout does. */
const WIPES: readonly (readonly [string, (place: EntryRef) => Promise<void> | void])[] = [
  ['a missing entry', (place) => rmSync(entryFile(place))],
  ['several servers gone at once', (place) => writeAsClient(place, '{"mcpOAuth":{}}')],
  ['a dropped map', (place) => writeAsClient(place, '{}')],
];

async function threeServers(): Promise<FakeServer[]> {
  const servers: FakeServer[] = [];
  for (const name of ['one', 'two', 'three']) servers.push(await signIn(world.ref('a'), name));
  for (const server of servers) await world.untilHeld(server);
  // Only what the engine knows to be there can be missed.
  await world.status();
  return servers;
}

describe.each(WIPES)('%s', (_, wipe) => {
  it('in a mission removes nothing elsewhere and asks', async () => {
    const [a, b, wiped] = world.addMissions('a', 'b', 'wiped');
    await world.startEngine();
    const servers = await threeServers();
    await wipe(wiped);
    const alert = await world.untilAlert('wipe-wiped');
    expect(alert).toMatchObject({ kind: 'wipe', missionId: 'wiped' });
    expect([...alert.servers].sort()).toEqual(['one', 'three', 'two']);
    await world.untilHeld(await signIn(b, 'later'));
    for (const server of servers) await world.untilHeld(server, [world.global, a, b]);
    await world.ask('resolve', { alertId: 'wipe-wiped', answer: 'restore' });
    for (const server of servers) await world.untilHeld(server);
    await world.untilNoAlert();
  });

  it('in a mission, answered with "remove", signs out everywhere', async () => {
    const [a, , wiped] = world.addMissions('a', 'b', 'wiped');
    await world.startEngine();
    await threeServers();
    await wipe(wiped);
    await world.untilAlert('wipe-wiped');
    const later = await signIn(a, 'later');
    await world.untilHeld(later);
    await world.ask('resolve', { alertId: 'wipe-wiped', answer: 'remove' });
    for (const name of ['one', 'two', 'three']) await world.untilGone(name);
    await world.untilHeld(later);
    await world.untilNoAlert();
    const { items } = await world.ask('journal', {});
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(['one', 'two', 'three']));
  });

  it('in the global entry removes nothing in the missions and asks', async () => {
    const missions = world.addMissions('a', 'b');
    await world.startEngine();
    const servers = await threeServers();
    await wipe(world.global);
    await world.untilAlert('wipe-global');
    await world.untilHeld(await signIn(missions[1], 'later'));
    for (const server of servers) await world.untilHeld(server, missions);
    await world.ask('resolve', { alertId: 'wipe-global', answer: 'restore' });
    for (const server of servers) await world.untilHeld(server);
    await world.untilNoAlert();
  });

  it('still asks after a restart of the engine, and after a wipe while none ran', async () => {
    const [a, b] = world.addMissions('a', 'b', 'wiped', 'other');
    const first = await world.startEngine();
    const servers = await threeServers();
    await wipe(world.ref('wiped'));
    await world.untilAlert('wipe-wiped');
    await first.kill('SIGTERM');
    await wipe(world.ref('other'));
    const second = await world.startEngine();
    await world.untilAlert('wipe-wiped');
    await world.untilAlert('wipe-other');
    await second.kill('SIGKILL');
    await world.startEngine();
    await world.untilAlert('wipe-wiped');
    for (const server of servers) await world.untilHeld(server, [world.global, a, b]);
    await world.ask('resolve', { alertId: 'wipe-wiped', answer: 'restore' });
    await world.ask('resolve', { alertId: 'wipe-other', answer: 'restore' });
    for (const server of servers) await world.untilHeld(server);
    await world.untilNoAlert();
  });

  it('of the global entry while no engine ran asks too', async () => {
    const missions = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const servers = await threeServers();
    await engine.kill('SIGTERM');
    await wipe(world.global);
    await world.startEngine();
    await world.untilAlert('wipe-global');
    for (const server of servers) await world.untilHeld(server, missions);
  });
});

describe('a wipe', () => {
  it('of the global entry keeps nothing from a mission that is new', async () => {
    world.addMissions('a', 'b');
    await world.startEngine();
    const servers = await threeServers();
    rmSync(entryFile(world.global));
    await world.untilAlert('wipe-global');
    const late = world.addMission('late');
    for (const server of servers) await world.untilHeld(server, [late]);
    expect((await world.untilAlert('wipe-global')).servers).toHaveLength(3);
    await world.ask('resolve', { alertId: 'wipe-global', answer: 'restore' });
    for (const server of servers) await world.untilHeld(server);
  });

  it('ends by itself when the client brings the servers back', async () => {
    const [, , wiped] = world.addMissions('a', 'b', 'wiped');
    await world.startEngine();
    const servers = await threeServers();
    await writeAsClient(wiped, '{"mcpOAuth":{}}');
    await world.untilAlert('wipe-wiped');
    await editAsClient(wiped, (blob) => {
      blob.mcpOAuth = Object.fromEntries(servers.map((s) => [serverKey(s.serverName), s]));
    });
    await world.untilNoAlert();
    for (const server of servers) await world.untilHeld(server);
  });

  it('does not take a sign-in that comes with it, nor later logouts, for part of it', async () => {
    const [a, b, wiped] = world.addMissions('a', 'b', 'wiped');
    await world.startEngine();
    await threeServers();
    await writeAsClient(wiped, '{"mcpOAuth":{}}');
    await world.untilAlert('wipe-wiped');
    await world.untilHeld(await signIn(wiped, 'fresh'));
    await world.untilHeld(await signIn(wiped, 'one'));
    await logOut(a, 'two');
    await world.untilGone('two');
    await logOut(wiped, 'fresh');
    await world.untilGone('fresh');
    expect(serverIn(b, 'three')).toBeDefined();
    expect((await world.untilAlert('wipe-wiped')).servers).toEqual(['three']);
  });

  it('is one alert, said once, however often it is looked at', async () => {
    const [a, , wiped] = world.addMissions('a', 'b', 'wiped');
    const engine = await world.startEngine();
    await threeServers();
    await writeAsClient(wiped, '{"mcpOAuth":{}}');
    await world.untilAlert('wipe-wiped');
    for (let round = 0; round < 5; round += 1) {
      await world.untilHeld(await signIn(a, `later-${round}`));
      await world.ask('resync', {});
    }
    const raised = engine.events.filter((event) => event.event === 'alert');
    expect(raised.map(({ id }) => id)).toEqual(['wipe-wiped']);
  });

  it('of the only server is a wipe if its map is gone, a logout if not', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const only = await signIn(a, 'only');
    await world.untilHeld(only);
    await writeAsClient(b, '{}');
    await world.untilAlert('wipe-b');
    await world.untilHeld(only, [world.global, a]);
    await writeAsClient(b, '{"mcpOAuth":{}}');
    expect((await world.untilAlert('wipe-b')).servers).toEqual(['only']);
    await logOut(a, 'only');
    await world.untilGone('only');
    await world.untilNoAlert();
  });
});
