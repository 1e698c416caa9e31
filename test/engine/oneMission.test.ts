import { chmodSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { entryFile, lockFolder, serverIn, signIn, takeLock } from '../support/clientWrites.ts';
import { makeWorld, type World, whyNoOtherUser } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';
import { chooseSeed, createRandom } from '../support/random.ts';

/*
 * What one mission does to itself costs the others nothing. Each of these once stopped, slowed or ended the
 * engine for all.
 */

const SEED = chooseSeed();

let world: World;
beforeEach(() => {
  world = makeWorld();
  // Comes last: what is registered later is undone first.
  onTestFinished(() => world.cleanup());
});

/** Keeps a client's lock as a living client does, heartbeat and all, until the test ends or lets go. */
async function keepLock(place: EntryRef): Promise<() => void> {
  const lock = await takeLock(place);
  const beat = setInterval(() => utimesSync(lock, new Date(), new Date()), 500);
  const letGo = (): void => {
    clearInterval(beat);
    rmSync(lock, { recursive: true, force: true });
  };
  onTestFinished(letGo);
  return letGo;
}

describe('a client’s lock that somebody keeps', () => {
  it.each([1, 20])(
    'in %i missions: the others have a sign-in while it is held, and they get it when it is free',
    async (count) => {
      const [a, b] = world.addMissions('a', 'b');
      const held = Array.from({ length: count }, (_, index) => world.addMission(`x${index}`));
      await world.startEngine();
      const letGo = await Promise.all(held.map(keepLock));
      const first = await signIn(a, 'first');
      await world.untilHeld(first, [world.global, b]);
      // Each once took the five seconds that the one before it waited for the lock.
      for (let round = 0; round < 8; round += 1)
        await world.untilHeld(await signIn(a, 'again'), [world.global, b]);
      const second = await signIn(b, 'second');
      await world.untilHeld(second, [world.global, a]);
      // What is signed in to there goes up all the same: reading needs no lock.
      for (const place of held) expect(serverIn(place, 'first')).toBeUndefined();
      expect((await world.untilAlert('unavailable-x0')).message).toMatch(/busy.*storage-write/);
      for (const end of letGo) end();
      await world.untilHeld(first);
      await world.untilHeld(second);
      await world.untilNoAlert();
    },
  );

  it('in the global directory: a mission that starts gets what is there, a command says busy, nothing is lost', async () => {
    const [a] = world.addMissions('a');
    await world.startEngine();
    const known = await signIn(a, 'known');
    await world.untilHeld(known);
    const letGo = await keepLock(world.global);
    const waiting = await signIn(a, 'waiting');
    const late = world.addMission('late');
    await world.untilHeld(known, [late]);
    const { code, stderr } = await world.run(['resync', 'a']);
    expect(code, 'a resync of a mission that needs the global entry written').not.toBe(0);
    expect(stderr).toMatch(/global entry is unavailable \(busy\)/);
    await world.untilAlert('unavailable-global');
    expect(serverIn(world.global, 'waiting')).toBeUndefined();
    letGo();
    await world.untilHeld(waiting);
    await world.untilNoAlert();
  });

  it('that is a file, which no client can take over, is taken away once it is old; nobody waits for it', async () => {
    const [a, b, odd] = world.addMissions('a', 'b', 'odd');
    await world.startEngine();
    writeFileSync(lockFolder(odd), '');
    const old = Date.now() / 1000 - 60;
    utimesSync(lockFolder(odd), old, old);
    await world.untilHeld(await signIn(a, 'loop'), [world.global, b, odd]);
  });

  it('a mission that is removed while its lock is kept stops no one else', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const stopped = world.addMission('stopped', { running: false, entry: fakeEntry(['loop']) });
    await world.startEngine();
    const letGo = await keepLock(stopped);
    const removing = world.run(['mission', 'rm', 'stopped']);
    const server = await signIn(a, 'meanwhile');
    await world.untilHeld(server, [world.global, b]);
    letGo();
    expect((await removing).code).toBe(0);
  });

  it('a mission that is started while its removal waits for its lock stays, with all that it has', async () => {
    world.addMission('a');
    const own = fakeServer('own');
    const started = world.addMission('started', { running: false, entry: fakeEntry([own]) });
    const engine = await world.startEngine();
    const letGo = await keepLock(started);
    const removing = world.run(['mission', 'rm', 'started', '--delete-work']);
    // It has been written back; now it is to be deleted.
    await world.untilHeld(own, [world.global]);
    world.setRunning('started');
    await engine.waitFor('mission', ({ change }) => change === 'started');
    letGo();
    expect(await removing).toMatchObject({ code: 1, stderr: expect.stringContaining('runs') });
    await world.untilHeld(own, [started]);
    await world.untilHeld(await signIn(world.ref('a'), 'later'), [world.global, started]);
  });
});

const why = whyNoOtherUser();
describe(`a mission whose folder becomes unusable at any moment${why ? ` (no chmod: ${why})` : ''}`, () => {
  const ways = {
    chmod: {
      spoil: (folder: string) => chmodSync(folder, 0),
      mend: (folder: string) => chmodSync(folder, 0o700),
    },
    'a link to itself': {
      spoil: (folder: string) => aside(folder, () => symlinkSync('claude-config', folder)),
      mend: back,
    },
    'a file': {
      spoil: (folder: string) => aside(folder, () => writeFileSync(folder, '')),
      mend: back,
    },
  };
  const kinds = Object.keys(ways).filter((kind) => kind !== 'chmod' || why === null);

  it.each(kinds)(
    `%s: the engine lives, and the others are in step (TEST_SEED=${SEED})`,
    async (kind) => {
      // One for each of the two that take turns at random, so that both repeat what they do.
      const pauses = createRandom(SEED);
      const places = createRandom(SEED + 1);
      const way = ways[kind as keyof typeof ways];
      const [a, b, odd] = world.addMissions('a', 'b', 'odd');
      const user = world.giveToNobody();
      const engine = await world.startEngine(user);
      let stop = false;
      const spoiling = (async () => {
        while (!stop) {
          way.spoil(odd.configDir);
          await sleep(pauses.next() * 4);
          way.mend(odd.configDir);
          await sleep(pauses.next() * 12);
        }
      })();
      try {
        for (let round = 0; round < 12; round += 1) {
          const from = places.pick([a, b]);
          const server = await signIn(from, 'loop');
          await world.untilHeld(server, [world.global, a, b]);
        }
      } finally {
        stop = true;
        await spoiling;
      }
      expect(engine.alive()).toBe(true);
      const last = await signIn(a, 'last');
      await world.untilHeld(last);
      // A write that could not be checked may count as a change there: a conflict, where nothing is lost.
      await world.untilNoAlert('unavailable-odd');
    },
    90_000,
  );
});

function aside(folder: string, replace: () => void): void {
  renameSync(folder, `${dirname(folder)}/aside`);
  replace();
}

function back(folder: string): void {
  rmSync(folder);
  renameSync(`${dirname(folder)}/aside`, folder);
}

describe('a link in an entry’s place', () => {
  it('to the user’s other files is not followed, and one to the global entry stays one', async () => {
    const [a, b, thief, linked] = world.addMissions('a', 'b', 'thief', 'linked');
    const secret = `${world.root}/other.json`;
    const text = fakeEntry(['private']);
    writeFileSync(secret, text);
    symlinkSync(secret, entryFile(thief));
    symlinkSync(entryFile(world.global), entryFile(linked));
    await world.startEngine();
    expect((await world.untilAlert('unavailable-thief')).kind).toBe('hostile');
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global, a, b, linked]);
    await world.untilHeld(await signIn(world.global, 'plain'), [a, b, linked]);
    expect(serverIn(world.global, 'private')).toBeUndefined();
    expect(await world.mission('linked')).toMatchObject({ inSync: true, trouble: null });
    // Given back to its client, it gets an entry of its own.
    rmSync(entryFile(thief));
    await world.untilHeld(server, [thief]);
  });
});
