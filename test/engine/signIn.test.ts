import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  editAsClient,
  invalidate,
  logOut,
  readBlob,
  serverIn,
  signIn,
} from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeToken, serverKey } from '../support/fake.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('a sign-in', () => {
  it('in one mission reaches the global entry and every other running mission', async () => {
    const [a] = world.addMissions('a', 'b', 'c');
    const engine = await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    const up = await engine.waitFor('sync', (event) => event.direction === 'up');
    expect(up).toMatchObject({ missionId: 'a', servers: ['loop'] });
    for (const missionId of ['b', 'c']) {
      const down = await engine.waitFor('sync', (event) => event.missionId === missionId);
      expect(down).toMatchObject({ direction: 'down', servers: ['loop'], hash: up.hash });
    }
    await engine.waitFor('broadcast');
  });

  it('of a plain claude in the global entry reaches every running mission', async () => {
    const missions = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(world.global, 'loop'), missions);
    await world.untilHeld(await signIn(world.global, 'tools'), missions);
  });

  it('leaves a stopped mission alone until it is run again', async () => {
    const [a] = world.addMissions('a');
    const stopped = world.addMission('stopped', { running: false });
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global]);
    await world.status();
    expect(serverIn(stopped, 'loop'), 'the entry of the stopped mission').toBeUndefined();
  });

  it('with a shorter life replaces the older one everywhere', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const long = await signIn(a, 'loop', { expiresAt: Date.now() + 9_000_000 });
    await world.untilHeld(long);
    await world.untilHeld(await signIn(b, 'loop', { expiresAt: Date.now() + 60_000 }));
  });

  it('after another keeps both, in the order of any mission', async () => {
    const places = world.addMissions('a', 'b', 'c');
    await world.startEngine();
    for (const [index, place] of [...places, world.global].entries())
      await world.untilHeld(await signIn(place, `server-${index}`));
    const { missions, global } = await world.status();
    expect(global.servers.map(({ name }) => name).sort()).toHaveLength(4);
    for (const mission of missions)
      expect(mission).toMatchObject({ inSync: true, hash: global.hash });
  });
});

describe('a refresh', () => {
  it('in one mission replaces the tokens everywhere, and the journal keeps the old ones', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const old = await signIn(a, 'loop');
    await world.untilHeld(old);
    const refreshed = {
      ...old,
      accessToken: fakeToken('access'),
      refreshToken: fakeToken('refresh'),
    };
    await signIn(b, 'loop', refreshed);
    await world.untilHeld(refreshed);
    const { items } = await world.journal().list();
    expect(items.map(({ name, reason }) => ({ name, reason }))).toContainEqual({
      name: 'loop',
      reason: 'replaced',
    });
  });

  it('that was rejected is not passed on, and the good token not pushed into that mission', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const good = await signIn(a, 'loop');
    await world.untilHeld(good);
    await invalidate(b, 'loop');
    // A later sign-in elsewhere shows that the engine has been past it.
    await world.untilHeld(await signIn(a, 'tools'));
    expect(serverIn(a, 'loop')).toEqual(good);
    expect(serverIn(world.global, 'loop')).toEqual(good);
    expect(serverIn(b, 'loop'), 'a rejected token must not be pushed back').toMatchObject({
      accessToken: '',
      expiresAt: 0,
    });
    const { servers } = await world.mission('b');
    expect(servers.find(({ name }) => name === 'loop')?.status).toBe('invalidated');

    await world.ask('resync', {});
    await world.untilHeld(good);
  });

  it('that was rejected is healed by a new sign-in anywhere', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await invalidate(b, 'loop');
    await world.untilHeld(await signIn(a, 'loop'));
  });

  it('that blanks the token for a moment before it saves the new one loses nothing', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const old = await signIn(a, 'loop');
    await world.untilHeld(old);
    await editAsClient(a, (blob) => {
      blob.mcpOAuth = { [serverKey('loop')]: { ...old, accessToken: '', refreshToken: '' } };
    });
    await world.status();
    expect(serverIn(b, 'loop'), 'a registered-only value must not replace a usable one').toEqual(
      old,
    );
    await world.untilHeld(await signIn(a, 'loop'));
  });
});

describe('a logout', () => {
  it('in one mission goes everywhere, and the journal keeps the value', async () => {
    const [a, b] = world.addMissions('a', 'b', 'c');
    await world.startEngine();
    const kept = await signIn(a, 'kept');
    await world.untilHeld(await signIn(a, 'loop'));
    await world.untilHeld(kept);
    await logOut(b, 'loop');
    await world.untilGone('loop');
    await world.untilHeld(kept);
    const { items } = await world.ask('journal', {});
    expect(items).toContainEqual(expect.objectContaining({ name: 'loop', reason: 'removed' }));
  });

  it('of the last server leaves an empty map, as the client does', async () => {
    const [a] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await logOut(world.global, 'loop');
    await world.untilGone('loop');
    expect(readBlob(world.ref('b'))).toEqual({ mcpOAuth: {} });
  });

  it('loses against a refresh of the same server at the same moment', async () => {
    const [a, b] = world.addMissions('a', 'b', 'c');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.pause();
    await logOut(a, 'loop');
    const refreshed = await signIn(b, 'loop');
    engine.goOn();
    await world.untilHeld(refreshed);
  });

  it('and a new sign-in afterwards is a sign-in everywhere', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await logOut(a, 'loop');
    await world.untilGone('loop');
    await world.untilHeld(await signIn(b, 'loop'));
    await until('all missions in sync', async () =>
      (await world.status()).missions.every(({ inSync }) => inSync),
    );
  });
});
