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
import { until } from '../support/until.ts';

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
    await world.answer('wipe-wiped', 'restore');
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
    await world.answer('wipe-wiped', 'remove');
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
    await world.answer('wipe-global', 'restore');
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
    await world.answer('wipe-wiped', 'restore');
    await world.answer('wipe-other', 'restore');
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
    await world.answer('wipe-global', 'restore');
    for (const server of servers) await world.untilHeld(server);
  });

  it('is answered as it was read: what a mission drops in that very moment stays, everywhere', async () => {
    const [a, b, wild] = world.addMissions('a', 'b', 'wild');
    const engine = await world.startEngine();
    const servers = await threeServers();
    const junk = [await signIn(wild, 'junk0'), await signIn(wild, 'junk1')];
    for (const server of junk) await world.untilHeld(server);
    await world.status();
    await editAsClient(wild, (blob) => {
      blob.mcpOAuth = Object.fromEntries(servers.map((s) => [serverKey(s.serverName), s]));
    });
    const read = await world.untilAlert('wipe-wild');
    expect([...read.servers].sort()).toEqual(['junk0', 'junk1']);
    // The engine has not seen it yet when it is asked, and then it has.
    await engine.pause();
    await writeAsClient(wild, '{"mcpOAuth":{}}');
    const early = world.ask('resolve', { alertId: read.id, answer: 'remove' });
    engine.goOn();
    await expect(early).rejects.toThrow(/Nothing was done: more has changed/);
    await until('told anew', async () => (await world.untilAlert('wipe-wild')).id !== read.id);
    for (const answer of ['remove', 'restore'] as const) {
      const late = world.ask('resolve', { alertId: read.id, answer });
      await expect(late).rejects.toThrow(/Nothing was done: more has changed.*"wipe-wild-/);
    }
    const said = await world.run(['resolve', read.id, 'remove']);
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('more has changed') });
    for (const server of [...servers, ...junk]) await world.untilHeld(server, [world.global, a, b]);
    expect((await world.untilAlert('wipe-wild')).servers).toHaveLength(5);
    await world.answer('wipe-wild', 'restore');
    for (const server of [...servers, ...junk]) await world.untilHeld(server);
    await world.untilNoAlert();
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
    const { id } = await world.untilAlert('wipe-wiped');
    for (let round = 0; round < 5; round += 1) {
      await world.untilHeld(await signIn(a, `later-${round}`));
      await world.ask('resync', {});
    }
    const raised = engine.events.filter((event) => event.event === 'alert');
    expect(raised.map((each) => each.id)).toEqual([id]);
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
