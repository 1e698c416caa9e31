import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findSocket } from '../../main/system/socketPath.ts';
import { editAsClient, entryFile, logOut, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World, whyNoOtherUser } from '../support/engineHarness.ts';
import { fakeServer, serverKey } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { type OddKind, oddKinds, putOdd } from './attacks/oddFiles.ts';
import { memoryOf } from './processFacts.ts';

/* What another program of this user does where no mission has any right: in `missions/`, in `bar/`, at the socket. */

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

function litter(): void {
  const at = (name: string): string => join(world.paths.missions, name);
  symlinkSync('self', at('self'));
  symlinkSync('/nowhere/at/all', at('lost'));
  symlinkSync('x'.repeat(300), at('too-long'));
  symlinkSync('/dev/zero', at('device'));
  writeFileSync(at('a-file'), '');
  putOdd(at('pipe'), 'pipe');
  mkdirSync(join(at('config-is-a-loop')));
  symlinkSync('claude-config', join(at('config-is-a-loop'), 'claude-config'));
}

describe('the folder of all missions', () => {
  for (const when of ['before the engine starts', 'while it runs']) {
    it(`Odd links among the missions, made ${when}, keep no mission from being found`, async () => {
      const [a] = world.addMissions('a', 'b');
      if (when === 'while it runs') await world.startEngine();
      litter();
      if (when !== 'while it runs') await world.startEngine();
      const late = world.addMission('late');
      const value = await signIn(a, 'loop');
      await world.untilHeld(value, [world.global, a, late]);
      for (const args of [['status'], ['mission', 'ls']])
        expect((await world.run(args)).stdout).toContain('late');
    });
  }
});

const why = whyNoOtherUser();
it.skipIf(why !== null)(
  `A mission takes its folder’s permissions away and gives them back while others are synced${why ? ` (${why})` : ''}`,
  { timeout: 60_000 },
  async () => {
    const [a, b] = world.addMissions('a', 'b');
    const x = world.addMission('x', { entry: '{"mcpOAuth":{}}' });
    const engine = await world.startEngine(world.giveToNobody());
    const stop = keepFlipping(x.configDir);
    for (let round = 0; round < 60; round += 1)
      await world.untilHeld(await signIn(round % 2 === 0 ? a : b, 'loop'), [world.global, a, b]);
    await stop();
    expect(engine.alive()).toBe(true);
    await world.untilHeld(await signIn(b, 'after'), [world.global, a, b, x]);
  },
);

describe('the engine’s own folder', () => {
  for (const kind of Object.keys(oddKinds) as OddKind[]) {
    it(`A ${kind} where the engine’s lock should be does not make it hang: it starts, or says why not`, async () => {
      world.addMission('a');
      mkdirSync(world.paths.bar, { recursive: true, mode: 0o700 });
      putOdd(world.paths.engineLock, kind);
      const engine = world.spawnEngine();
      await Promise.race([engine.waitFor('ready').catch(() => undefined), engine.exited]);
      if (engine.alive()) {
        expect((await world.status()).engine.pid).toBe(engine.pid);
      } else {
        expect(engine.stderr()).toMatch(/engine\.lock/);
        expect(engine.stderr()).not.toMatch(/Something went wrong|^\s+at /m);
      }
    });
  }

  it('An engine that is started under umask 0 makes nothing that other users may read or write', async () => {
    const [a] = world.addMissions('a');
    const before = process.umask(0);
    try {
      world.spawnEngine();
    } finally {
      process.umask(before);
    }
    await until('it is ready', async () => (await world.status()).engine.running);
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a]);
    await logOut(a, 'loop');
    await world.untilGone('loop', [world.global, a]);
    const inBar = readdirSync(world.paths.bar, { recursive: true, encoding: 'utf8' });
    const ours = [world.paths.bar, ...inBar.map((name) => join(world.paths.bar, name))];
    expect(ours).toEqual(expect.arrayContaining([world.paths.lineage, world.paths.destinations]));
    const open = [...ours, entryFile(world.global)].filter(
      (path) => !lstatSync(path).isSymbolicLink() && (statSync(path).mode & 0o077) !== 0,
    );
    expect(open, 'open to others').toEqual([]);
  });
});

describe('the control socket', () => {
  const dial = (request: string): void => {
    const socket = connect(findSocket(world.paths.engineSocket) ?? 'no socket');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(request);
    onTestFinished(() => void socket.destroy());
  };

  it('Followers that never read cost the engine no memory without end', {
    timeout: 60_000,
  }, async () => {
    const places = world.addMissions('a', 'b', 'c');
    const engine = await world.startEngine();
    // A snapshot of some 100 kB.
    await editAsClient(places[0], (blob) => {
      const many = Array.from({ length: 200 }, (_, index) => fakeServer(`server-${index}`));
      blob.mcpOAuth = Object.fromEntries(many.map((one) => [serverKey(one.serverName), one]));
    });
    await until('many servers', async () => (await world.status()).global.servers.length === 200);
    for (let index = 0; index < 100; index += 1)
      dial(`GET /${index % 4 === 0 ? 'events' : 'snapshots'} HTTP/1.1\r\nhost: x\r\n\r\n`);
    for (let round = 0; round < 40; round += 1)
      await world.untilHeld(await signIn(places[1], 'loop'), [world.global, ...places]);
    const { peak } = memoryOf(engine.pid);
    expect(peak, 'resident at its highest, MB').toBeLessThan(400);
  });

  it('A thousand idle connections leave it answering, and syncing', {
    timeout: 60_000,
  }, async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    for (let index = 0; index < 1_000; index += 1) dial('POST /status HTTP/1.1\r\nx: ');
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a, b]);
    expect((await world.status()).missions).toHaveLength(2);
  });
});

it('What a program leaves in the broadcast file is no trouble to anybody', async () => {
  const [a, b] = world.addMissions('a', 'b');
  writeFileSync(world.paths.broadcast, 'x'.repeat(1_000_000));
  await world.startEngine();
  await world.untilHeld(await signIn(a, 'loop'), [world.global, a, b]);
  await until('a time again', () =>
    /^\d+\.\d{6}\n?$/.test(readFileSync(world.paths.broadcast, 'utf8')),
  );
});

/** Takes a folder's permissions away and gives them back, as its owner could, until told to stop. */
function keepFlipping(folder: string): () => Promise<void> {
  let over = false;
  const flipping = (async () => {
    for (let round = 0; !over; round += 1) {
      chmodSync(folder, 0);
      await sleep(round % 4);
      chmodSync(folder, 0o700);
      await sleep((round * 7) % 12);
    }
  })();
  return async () => {
    over = true;
    await flipping;
  };
}
