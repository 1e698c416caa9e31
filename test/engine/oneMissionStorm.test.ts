import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { entryFile, lockFolder, readBlob, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World, whyNoOtherUser } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer, serverKey } from '../support/fake.ts';
import { mountSmallDisk, whyNoSmallDisk } from '../support/smallDisk.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
  // Comes last: what is registered later is undone first.
  onTestFinished(() => world.cleanup());
});

/** Does something again and again, until it is told to stop or the test is over. */
function keepDoing(everyMs: number, deed: () => void): () => void {
  const timer = setInterval(deed, everyMs);
  const stop = (): void => clearInterval(timer);
  onTestFinished(stop);
  return stop;
}

/** Rewrites an entry again and again, each time with a new token, until the end. */
function storm(place: EntryRef, everyMs = 10): () => void {
  const key = serverKey('storm');
  return keepDoing(everyMs, () => {
    const blob = readBlob(place);
    replaceEntry(place, {
      ...blob,
      mcpOAuth: { ...blob.mcpOAuth, [key]: fakeServer('storm') },
    });
  });
}

function replaceEntry(place: EntryRef, blob: object): void {
  const temporary = `${entryFile(place)}.tmp.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, JSON.stringify(blob), { mode: 0o600 });
  renameSync(temporary, entryFile(place));
}

describe('a mission that rewrites its entry a hundred times a second', () => {
  it('is told, and delays neither a sign-in of the others nor a mission that starts nor a command', async () => {
    const [a, b, wild] = world.addMissions('a', 'b', 'wild');
    for (let index = 0; index < 5; index += 1) world.addMission(`m${index}`);
    const late = world.addMission('late', { running: false });
    await world.startEngine();
    const known = await signIn(a, 'known');
    await world.untilHeld(known, [world.global, a, b, wild]);
    const calm = storm(wild);
    const alert = await world.untilAlert('busy-wild');
    expect(alert).toMatchObject({ kind: 'hostile', missionId: 'wild' });
    expect(alert.message).toMatch(/wild.*stop it/);
    // Each of these waited for silence before, which never came.
    await world.ask('clone', { id: 'late' });
    expect(serverIn(late, 'known')).toEqual(known);
    await world.ask('resync', { missionId: 'a' });
    const server = await signIn(b, 'meanwhile');
    // The wild one itself may get nothing as long as it overwrites everything.
    await world.untilHeld(server, [world.global, a]);
    calm();
    await world.untilNoAlert('busy-wild');
    await world.untilHeld(server, [wild]);
    const last = readBlob(wild).mcpOAuth?.[serverKey('storm')];
    if (last === undefined) throw new Error('the storm left nothing');
    await world.untilHeld(last, [world.global, a, b, wild]);
  }, 60_000);

  it('is told as well if it does so seldom but with hundreds of servers, and what the others do goes on', async () => {
    const [a, b, wild] = world.addMissions('a', 'b', 'wild');
    await world.startEngine();
    const fat = Array.from({ length: 190 }, (_, index) => `fat-${index}`);
    const calm = keepDoing(300, () => {
      const blob = readBlob(wild);
      const fresh = fat.map((name) => [
        serverKey(name),
        fakeServer(name, { scope: 'x'.repeat(1_500) }),
      ]);
      replaceEntry(wild, { ...blob, mcpOAuth: { ...blob.mcpOAuth, ...Object.fromEntries(fresh) } });
    });
    expect(await world.untilAlert('busy-wild')).toMatchObject({ kind: 'hostile' });
    const server = await signIn(a, 'meanwhile');
    await world.untilHeld(server, [world.global, b]);
    calm();
    await world.untilNoAlert('busy-wild');
    await world.untilHeld(server, [wild]);
    const last = readBlob(wild).mcpOAuth?.[serverKey('fat-0')];
    if (last === undefined) throw new Error('the storm left nothing');
    await world.untilHeld(last, [world.global, a, b, wild]);
  }, 60_000);

  it('does not keep a new engine from getting ready', async () => {
    const places = Array.from({ length: 12 }, (_, index) =>
      world.addMission(`m${index}`, { entry: fakeEntry(['known']) }),
    );
    const calm = places.slice(0, 3).map((place) => storm(place));
    const engine = await world.startEngine();
    expect(engine.events[0]?.event).toBe('ready');
    await world.ask('writeBack', { id: 'm9' });
    for (const end of calm) end();
  }, 60_000);

  it('and one that says a hundred times a second that it runs is told, and keeps nobody busy', async () => {
    const [a, b] = world.addMissions('a', 'b', 'wild');
    const engine = await world.startEngine();
    const pid = join(world.paths.missions, 'wild', 'pid');
    const calm = keepDoing(10, () => {
      rmSync(pid, { force: true });
      writeFileSync(pid, String(process.pid));
    });
    expect(await world.untilAlert('restarts-wild')).toMatchObject({ kind: 'hostile' });
    const server = await signIn(a, 'meanwhile');
    await world.untilHeld(server, [world.global, b]);
    const told = engine.events.filter((each) => each.event === 'mission');
    expect(told.length).toBeLessThan(100);
    calm();
    await world.untilNoAlert('restarts-wild');
  }, 60_000);

  it('and one whose folder changes thousands of times a second is told, and the others are served', async () => {
    const [a, b, busy] = world.addMissions('a', 'b', 'busy');
    await world.startEngine();
    const stop = keepDoing(1, () => {
      for (let count = 0; count < 200; count += 1)
        writeFileSync(join(busy.configDir, 'scratch'), '');
    });
    const { message, missionId } = await world.untilAlert('flood-busy');
    expect({ message, missionId }).toMatchObject({
      message: expect.stringContaining('once a second'),
      missionId: 'busy',
    });
    await world.untilHeld(await signIn(a, 'loop'), [world.global, b, busy]);
    stop();
    await world.untilNoAlert();
  });

  it('in the global entry is told as well, and its last value arrives', async () => {
    const [a] = world.addMissions('a');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'known'));
    const calm = storm(world.global);
    expect(await world.untilAlert('busy-global')).toMatchObject({ kind: 'hostile' });
    calm();
    await world.untilNoAlert('busy-global');
    await until('the last value in the mission', () => {
      const [last, has] = [world.global, a].map((each) => readBlob(each).mcpOAuth);
      return JSON.stringify(last) === JSON.stringify(has);
    });
  }, 60_000);

  it('a mission that takes its lock again and again gets what the others have', async () => {
    const [a, b, wild] = world.addMissions('a', 'b', 'wild');
    await world.startEngine();
    const lock = lockFolder(wild);
    let held = false;
    keepDoing(4, () => {
      try {
        if (held) rmdirSync(lock);
        else mkdirSync(lock);
        held = !held;
      } catch {
        held = false; // The engine had it.
      }
    });
    for (const name of ['one', 'two', 'three']) {
      const server = await signIn(a, name);
      await world.untilHeld(server, [world.global, b, wild]);
    }
  });
});

describe('an engine that starts', () => {
  it('answers at once and says that it starts; other commands wait until it is ready', async () => {
    const places = Array.from({ length: 100 }, (_, index) =>
      world.addMission(`m${index}`, { entry: fakeEntry([`server-${index}`]) }),
    );
    const engine = world.spawnEngine();
    let first: Awaited<ReturnType<World['status']>> | undefined;
    await until('an answer', async () => {
      first = await world.status();
      return true;
    });
    // It may have got ready in the meantime; then it says nothing of starting.
    if (!engine.events.some(({ event }) => event === 'ready'))
      expect(first?.activity).toMatchObject({ busy: true, starting: true });
    const { missions } = await world.ask('resync', {});
    expect(missions).toHaveLength(100);
    expect(engine.events[0]?.event, 'the commands waited').toBe('ready');
    expect((await world.status()).activity.starting).toBeUndefined();
    const [place] = places;
    if (place !== undefined) expect(Object.keys(readBlob(place).mcpOAuth ?? {})).toHaveLength(100);
  }, 60_000);

  const why = whyNoSmallDisk();
  it.skipIf(why !== null)(
    `does not end where the disk is full: it is ready by itself once there is space${why ? ` (${why})` : ''}`,
    async () => {
      const [a, b] = world.addMissions('a', 'b');
      const disk = mountSmallDisk(world.paths.bar, 256);
      onTestFinished(async () => {
        await world.killAll();
        disk.unmount();
      });
      disk.fill();
      const engine = world.spawnEngine();
      await until('it runs, or says why it waits', () => {
        const runs = engine.events.some(({ event }) => event === 'ready');
        return runs || /space.*starts by itself/.test(engine.stderr()) || !engine.alive();
      });
      expect(engine.alive(), engine.stderr()).toBe(true);
      disk.free();
      await engine.waitFor('ready');
      const server = await signIn(a, 'loop');
      await world.untilHeld(server, [world.global, b]);
    },
  );

  it('makes missions/ for its user alone, whatever the umask', async () => {
    rmdirSync(world.paths.missions);
    const umask = process.umask(0);
    try {
      await world.startEngine();
    } finally {
      process.umask(umask);
    }
    expect(statSync(world.paths.missions).mode & 0o777).toBe(0o700);
  });
});

describe('a defect, and a system that has run out of something', () => {
  it('that nobody catches is told without a secret, and the engine goes on', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const defect = join(world.root, 'defect.mjs');
    // Two defects when a file appears: one thrown in a timer, one rejection that nobody handles.
    writeFileSync(
      defect,
      `import { existsSync } from 'node:fs';
       const timer = setInterval(() => {
         if (!existsSync(${JSON.stringify(join(world.root, 'now'))})) return;
         clearInterval(timer);
         void Promise.reject(new TypeError('Unexpected FAKE-SECRET-quoted'));
         JSON.parse('FAKE-SECRET-quoted');
       }, 5);
       timer.unref();`,
    );
    const engine = await world.startEngine({ env: { NODE_OPTIONS: `--import=file://${defect}` } });
    writeFileSync(join(world.root, 'now'), '');
    const { message } = await world.untilAlert('internal');
    expect(message).toMatch(/SyntaxError|TypeError/);
    expect(message).not.toContain('quoted');
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global, b]);
    expect((await world.status()).alerts.map(({ id }) => id)).toContain('internal');
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  const why = whyNoOtherUser();
  it.skipIf(why !== null)(
    `a bar/ that may not be entered for a while is told, and ends nothing${why ? ` (${why})` : ''}`,
    async () => {
      const [a, b] = world.addMissions('a', 'b');
      mkdirSync(world.paths.bar, { mode: 0o700 });
      const engine = await world.startEngine(world.giveToNobody());
      chmodSync(world.paths.bar, 0);
      const early = await signIn(a, 'early');
      await world.untilHeld(early, [world.global, b]);
      await engine.waitFor('alert', ({ id }) => id === 'state');
      chmodSync(world.paths.bar, 0o700);
      await engine.waitFor('resolved', ({ id }) => id === 'state');
      await world.untilHeld(await signIn(b, 'late'), [world.global, a]);
      expect((await world.status()).engine.pid).toBe(engine.pid);
    },
  );
});
