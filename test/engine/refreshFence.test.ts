import { existsSync, mkdirSync, readFileSync, rmdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isClientLock } from '../../main/refresh/refreshLocks.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { invalidate, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { serverKey } from '../support/fake.ts';
import { chooseSeed, createRandom } from '../support/random.ts';
import {
  createTokenServer,
  refreshAsClient,
  refreshLock,
  type TokenServer,
} from '../support/refreshingClient.ts';
import { until } from '../support/until.ts';

const KILLS = 5;
const SEED = chooseSeed();
const LATEST_KILL_MS = 40;
const RUNS_OUT = { expiresAt: Date.now() + 120_000 };

let world: World;
let a: EntryRef;
let b: EntryRef;
let c: EntryRef;
let server: TokenServer;

beforeEach(() => {
  world = makeWorld();
  [a, b, c] = world.addMissions('a', 'b', 'c');
  server = createTokenServer();
});
afterEach(() => world.cleanup());

/** An engine, and a token in every entry that runs out within the client's window. */
async function startInStep(): Promise<EngineProcess> {
  const engine = await world.startEngine();
  await world.untilHeld(await signIn(a, 'loop', { ...RUNS_OUT }));
  // Behind the reconcile that brought it: what was seen is known from now on.
  await world.status();
  return engine;
}

const fencedAt = (place: EntryRef): boolean => {
  const lock = refreshLock(place, 'loop');
  return existsSync(lock) && !isClientLock(lock);
};
const untilFenced = (...places: EntryRef[]): Promise<void> =>
  until(
    () => `the refresh lock taken in ${places.map(({ configDir }) => configDir).join(', ')}`,
    () => places.every(fencedAt),
  );
const untilFree = (...places: EntryRef[]): Promise<void> =>
  until('every refresh lock let go', () =>
    places.every((place) => !existsSync(refreshLock(place, 'loop'))),
  );
const everywhere = (): EntryRef[] => [a, b, c, world.global];

describe('while one client refreshes', () => {
  it('the others wait, then use what it got: one refresh, none rejected', async () => {
    const engine = await startInStep();
    server.hold();
    const first = refreshAsClient(a, 'loop', server);
    await untilFenced(b, c, world.global);
    const rest = [b, c, world.global].map((place) => refreshAsClient(place, 'loop', server));
    server.answer();
    expect(await first).toBe('refreshed');
    expect(await Promise.all(rest)).toEqual(['found-fresh', 'found-fresh', 'found-fresh']);
    expect([server.refreshes(), server.rejections()]).toEqual([1, 0]);
    await untilFree(...everywhere());
    const story = await engine.waitFor('refresh');
    expect(story).toMatchObject({
      server: 'loop',
      key: serverKey('loop'),
      by: 'client',
      missionId: 'a',
      outcome: 'refreshed',
      from: expect.stringMatching(/^[0-9a-f]{8}$/),
      to: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(story.from).not.toBe(story.to);
    expect(story.receivers.map(({ missionId }) => missionId).sort()).toEqual(['b', 'c', null]);
  });

  it('the same holds for a plain claude', async () => {
    const engine = await startInStep();
    server.hold();
    const first = refreshAsClient(world.global, 'loop', server);
    await untilFenced(a, b, c);
    const rest = [a, b, c].map((place) => refreshAsClient(place, 'loop', server));
    server.answer();
    expect(await first).toBe('refreshed');
    expect(await Promise.all(rest)).toEqual(['found-fresh', 'found-fresh', 'found-fresh']);
    const story = await engine.waitFor('refresh');
    expect(story).toMatchObject({ missionId: null, outcome: 'refreshed' });
    expect(story.receivers.map(({ missionId }) => missionId).sort()).toEqual(['a', 'b', 'c']);
    await untilFree(...everywhere());
  });

  it('a mission that starts meanwhile waits too, and one that stops is let go', async () => {
    await startInStep();
    server.hold();
    const first = refreshAsClient(a, 'loop', server);
    await untilFenced(b, c, world.global);
    world.setStopped('b');
    await untilFree(b);
    const d = world.addMission('d');
    await untilFenced(d);
    server.answer();
    expect(await first).toBe('refreshed');
    await untilFree(a, b, c, d, world.global);
  });

  it('that fails, the others get their turn, and nothing is lost', async () => {
    const engine = await startInStep();
    mkdirSync(refreshLock(a, 'loop'));
    await untilFenced(b, c, world.global);
    rmdirSync(refreshLock(a, 'loop'));
    await untilFree(...everywhere());
    expect(await engine.waitFor('refresh')).toMatchObject({ missionId: 'a', outcome: 'unchanged' });
    expect(await refreshAsClient(b, 'loop', server)).toBe('refreshed');
  });

  it('whose token was used already, that is told', async () => {
    const engine = await startInStep();
    const value = serverIn(a, 'loop');
    if (value === undefined) throw new Error('nobody signed in');
    await server.refresh(value);
    server.hold();
    const first = refreshAsClient(a, 'loop', server);
    await untilFenced(b, c, world.global);
    server.answer();
    expect(await first).toBe('rejected');
    expect(await engine.waitFor('refresh')).toMatchObject({ missionId: 'a', outcome: 'rejected' });
    await untilFree(...everywhere());
    expect(serverIn(b, 'loop')).toEqual(value);
  });

  it('and another one locked in the same moment, the one that is rejected gets the new token', async () => {
    const engine = await startInStep();
    // Too short a life for the client to take what came meanwhile for fresh.
    server = createTokenServer(120_000);
    server.hold();
    const both = [a, b].map((place) => refreshAsClient(place, 'loop', server));
    await untilFenced(c, world.global);
    server.answerNext();
    expect(await both[0]).toBe('refreshed');
    const fresh = serverIn(a, 'loop');
    if (fresh === undefined) throw new Error('nothing was saved');
    await world.untilHeld(fresh);
    server.answerNext();
    expect(await both[1]).toBe('rejected');
    await world.untilHeld(fresh);
    await untilFree(...everywhere());
    await world.status();
    const stories = engine.events.filter(({ event }) => event === 'refresh');
    expect(stories, 'one story: who was rejected has lost nothing').toEqual([
      expect.objectContaining({ missionId: 'a', outcome: 'refreshed' }),
    ]);
  });

  it('and does not come to an end, the others are let go', async () => {
    const engine = await startInStep();
    server.hold();
    const first = refreshAsClient(a, 'loop', server);
    await untilFenced(b, c, world.global);
    expect(await engine.waitFor('refresh')).toMatchObject({ missionId: 'a', outcome: 'timeout' });
    await untilFree(b, c, world.global);
    server.answer();
    expect(await first).toBe('refreshed');
    await engine.waitFor('refresh', ({ outcome }) => outcome === 'refreshed');
    await untilFree(...everywhere());
  });
});

describe('nothing is fenced', () => {
  /** A lock that lies there while the engine certainly looks: a sign-in goes everywhere meanwhile. */
  async function lockAndLook(place: EntryRef): Promise<void> {
    mkdirSync(refreshLock(place, 'loop'));
    await world.untilHeld(await signIn(place, 'other'));
    rmdirSync(refreshLock(place, 'loop'));
  }
  const never = (engine: EngineProcess): void => {
    expect(engine.events.filter(({ event }) => event === 'refresh')).toEqual([]);
    expect(existsSync(world.paths.refreshLocks), 'no lock was ever noted').toBe(false);
  };

  it('over a token that is fresh: that client has waited and is about to find it', async () => {
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await lockAndLook(a);
    never(engine);
  });

  it('with the setting refreshFence off', async () => {
    world.writeSettings({ refreshFence: false });
    const engine = await startInStep();
    await lockAndLook(a);
    never(engine);
  });

  it('while syncing is paused; pausing lets go of what is held', async () => {
    await startInStep();
    server.hold();
    const first = refreshAsClient(a, 'loop', server);
    await untilFenced(b, c, world.global);
    await world.ask('pause', { paused: true });
    expect([b, c, world.global].some(fencedAt)).toBe(false);
    server.answer();
    await first;
    mkdirSync(refreshLock(b, 'loop'));
    await world.ask('pause', { paused: false });
    rmdirSync(refreshLock(b, 'loop'));
    await untilFree(...everywhere());
  });
});

describe('an engine that is killed while it holds fences', () => {
  async function killWhileFenced(): Promise<void> {
    const engine = await startInStep();
    mkdirSync(refreshLock(a, 'loop'));
    await untilFenced(b, c, world.global);
    await engine.kill('SIGKILL');
  }

  it('leaves them to the next one, which removes them and nothing else', async () => {
    await killWhileFenced();
    rmdirSync(refreshLock(a, 'loop'));
    rmdirSync(refreshLock(b, 'loop'));
    // A client took that one over.
    mkdirSync(refreshLock(b, 'loop'));
    world.writeSettings({ refreshFence: false });
    await world.startEngine();
    await untilFree(a, c, world.global);
    expect(isClientLock(refreshLock(b, 'loop'))).toBe(true);
    rmdirSync(refreshLock(b, 'loop'));
  });

  it('the next one puts the fence up again while that client is still at it', async () => {
    await killWhileFenced();
    await world.startEngine();
    await untilFenced(b, c, world.global);
    rmdirSync(refreshLock(a, 'loop'));
    await untilFree(...everywhere());
  });

  it('and does not come back: a client takes the dead lock over by itself', async () => {
    await killWhileFenced();
    utimesSync(refreshLock(b, 'loop'), 1, 1);
    expect(await refreshAsClient(b, 'loop', server)).toBe('refreshed');
    for (const place of [a, c, world.global]) rmdirSync(refreshLock(place, 'loop'));
  });
});

it('what was blanked while an engine was killed is offered once more by the next, and only once', async () => {
  const engine = await startInStep();
  const value = serverIn(a, 'loop');
  await engine.kill('SIGKILL');
  await invalidate(b, 'loop');
  const next = await world.startEngine();
  await until('it is offered', () => isDeepStrictEqual(serverIn(b, 'loop'), value));
  await next.kill('SIGTERM');
  await invalidate(b, 'loop');
  await world.startEngine();
  // What was to be done at the start is done before that.
  await world.untilHeld(await signIn(a, 'later'));
  expect(serverIn(b, 'loop'), 'after an ordinary end it stays rejected').toMatchObject({
    accessToken: '',
  });
});

it('… and also if a command was carried out before the next engine came', async () => {
  const engine = await startInStep();
  const value = serverIn(a, 'loop');
  await engine.kill('SIGKILL');
  await invalidate(b, 'loop');
  const folder = join(world.root, 'plain');
  mkdirSync(folder);
  expect((await world.run(['mission', 'attach', folder])).code).toBe(0);
  await world.startEngine();
  await until('it is offered', () => isDeepStrictEqual(serverIn(b, 'loop'), value));
});

it(`an engine killed again and again while all refresh leaves no lock and loses no token (TEST_SEED=${SEED})`, async () => {
  const random = createRandom(SEED);
  // So short a life that every look refreshes.
  server = createTokenServer(120_000);
  let engine = await startInStep();
  for (let round = 0; round < KILLS; round += 1) {
    const busy = everywhere().map((place) => refreshAsClient(place, 'loop', server));
    await sleep(random.next() * LATEST_KILL_MS);
    await engine.kill('SIGKILL');
    engine = await world.startEngine();
    await Promise.all(busy);
    const state = (): string =>
      everywhere()
        .map((place) => `${serverIn(place, 'loop')?.expiresAt}`)
        .join(', ');
    await until(
      () => `everybody signed in with the same token; they run out at ${state()}`,
      () => {
        const [first, ...rest] = everywhere().map((place) => serverIn(place, 'loop'));
        return first?.accessToken !== '' && rest.every((value) => isDeepStrictEqual(value, first));
      },
    );
  }
  await until(
    () => `no lock left, but: ${world.leftovers().join(', ')}`,
    () => world.leftovers().length === 0,
  );
}, 90_000);

it('an engine that ends lets go of everything', async () => {
  const engine = await startInStep();
  mkdirSync(refreshLock(a, 'loop'));
  await untilFenced(b, c, world.global);
  await engine.kill('SIGTERM');
  expect([b, c, world.global].some(fencedAt)).toBe(false);
  expect(JSON.parse(readFileSync(world.paths.refreshLocks, 'utf8'))).toEqual([]);
  rmdirSync(refreshLock(a, 'loop'));
});

describe('a mission that makes a storm of its refresh lock', () => {
  it('is told once, and the others refresh as ever', async () => {
    const engine = await startInStep();
    const lock = refreshLock(a, 'loop');
    const isTold = (): boolean =>
      engine.events.some(
        ({ event, ...rest }) => event === 'alert' && 'kind' in rest && rest.kind === 'hostile',
      );
    // As fast as it can be, with no word of a client's: until it is known for what it is, and on for as long again.
    let cycles = 0;
    let enough = Number.POSITIVE_INFINITY;
    while (cycles < enough) {
      mkdirSync(lock);
      await sleep(1);
      rmdirSync(lock);
      await sleep(0);
      cycles += 1;
      if (enough === Number.POSITIVE_INFINITY && isTold()) enough = 2 * cycles;
    }
    const alert = await world.untilAlert('refresh-lock:a');
    expect(alert).toMatchObject({ kind: 'hostile', missionId: 'a' });
    expect(alert.message).toContain('"loop"');
    server.hold();
    const first = refreshAsClient(b, 'loop', server);
    await untilFenced(c, world.global);
    server.answer();
    expect(await first).toBe('refreshed');
    await world.untilHeld(serverIn(b, 'loop') as never);
    const told = engine.events.filter(({ event }) => event === 'alert');
    expect(told).toHaveLength(1);
    const ofA = engine.events.filter((each) => each.event === 'refresh' && each.missionId === 'a');
    expect(ofA.length, `${cycles} cycles`).toBeLessThanOrEqual(3);
    world.setStopped('a');
    await world.untilNoAlert('refresh-lock:a');
  });
});
