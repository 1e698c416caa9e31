import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import {
  editAsClient,
  entryFile,
  lockFolder,
  readBlob,
  readText,
  serverIn,
  signIn,
  takeLock,
  writeAsClient,
} from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const KEEP_WRITING = fileURLToPath(new URL('../support/keepWriting.ts', import.meta.url));

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('sign-ins at the same moment', () => {
  it('in ten missions all reach everywhere', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    const missions = ids.map((id) => world.addMission(id));
    const engine = await world.startEngine();
    await engine.pause();
    const servers = await Promise.all(
      missions.map((place, index) => signIn(place, `own-${index}`)),
    );
    engine.goOn();
    for (const server of servers) await world.untilHeld(server);
  });

  it('to the same server in ten missions end as one value everywhere', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    const missions = ids.map((id) => world.addMission(id));
    await world.startEngine();
    const servers = await Promise.all(missions.map((place) => signIn(place, 'loop')));
    await until('one value of "loop" everywhere', () => {
      const values = [world.global, ...missions].map((place) =>
        JSON.stringify(serverIn(place, 'loop')),
      );
      return new Set(values).size === 1;
    });
    expect(servers).toContainEqual(serverIn(world.global, 'loop'));
  });

  it('in the global entry and in a mission reach everywhere', async () => {
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await engine.pause();
    const own = await signIn(a, 'own');
    const plain = await signIn(world.global, 'plain');
    engine.goOn();
    await world.untilHeld(own);
    await world.untilHeld(plain);
  });
});

describe('a sign-in of a plain claude in the global entry', () => {
  // Whatever has the engine read the global entry first must not make it overlook the change.
  async function whileHeld(first: (a: EntryRef) => Promise<void> | void): Promise<void> {
    const [a] = world.addMissions('a', 'b');
    world.addMission('c', { running: false });
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a, world.ref('b')]);
    await engine.pause();
    await first(a);
    const server = await signIn(world.global, 'plain');
    engine.goOn();
    await world.untilHeld(server, [a, world.ref('b')]);
  }

  it('is not swallowed by a mission that rewrites its entry just before', () =>
    whileHeld((a) => writeAsClient(a, readText(a) ?? '')));

  it('is not swallowed by a mission that refreshes its own login just before', () =>
    whileHeld((a) =>
      editAsClient(a, (blob) => {
        blob.claudeAiOauth = { accessToken: '', expiresAt: 1 };
      }),
    ));

  it('is not swallowed by a mission that starts just before', () =>
    whileHeld(() => world.setRunning('c')));

  it('is not swallowed by a mission whose entry is found damaged just before', async () => {
    const [a, b, damaged] = world.addMissions('a', 'b', 'damaged');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await writeAsClient(damaged, '{"mcpOAuth":');
    await world.untilAlert('wipe-damaged');
    await engine.pause();
    await writeAsClient(damaged, '{"mcpOAuth":{');
    const server = await signIn(world.global, 'plain');
    engine.goOn();
    await world.untilHeld(server, [a, b]);
  });

  it('is not swallowed by a resync of one mission', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post(agent, 'status', {}).answer;
    await engine.pause();
    const resync = post(agent, 'resync', { missionId: 'a' });
    await resync.sent;
    const server = await signIn(world.global, 'plain');
    engine.goOn();
    await resync.answer;
    agent.destroy();
    await world.untilHeld(server, [a, b]);
  });
});

/** Over a connection that stays, so that the request lies ready when the engine goes on. */
function post(
  agent: Agent,
  name: string,
  params: object,
): { readonly sent: Promise<unknown>; readonly answer: Promise<string> } {
  const options = { agent, socketPath: world.paths.engineSocket, method: 'POST', path: `/${name}` };
  const call = request(options);
  const answer = new Promise<string>((resolve, reject) => {
    call.on('error', reject).on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(body));
    });
  });
  call.end(JSON.stringify(params));
  return { sent: once(call, 'finish'), answer };
}

// Without a debounce: the look at the broadcast file after a start would hide what was overlooked.
describe('a command that looks at the missions', () => {
  it('does not swallow a mission that has just started', async () => {
    world.writeSettings({ debounceMs: 0 });
    const b = world.addMission('b', { running: false });
    const engine = await world.startEngine();
    const server = await signIn(world.global, 'loop');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post(agent, 'status', {}).answer;
    await engine.pause();
    const detach = post(agent, 'detach', { id: 'nobody' });
    await detach.sent;
    world.setRunning('b');
    engine.goOn();
    expect(await detach.answer).toContain('no mission');
    agent.destroy();
    await world.untilHeld(server, [b]);
    await world.untilHeld(await signIn(b, 'own'), [world.global]);
  });

  it('does not swallow a mission whose folder has just appeared', async () => {
    world.writeSettings({ debounceMs: 0 });
    const engine = await world.startEngine();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await post(agent, 'status', {}).answer;
    await engine.pause();
    const detach = post(agent, 'detach', { id: 'nobody' });
    await detach.sent;
    const b = world.addMission('b');
    engine.goOn();
    await detach.answer;
    agent.destroy();
    await world.untilHeld(await signIn(b, 'own'), [world.global]);
  });
});

describe('an entry that another process rewrites again and again', () => {
  it.each([['a mission'], ['the global entry']])('(%s) loses none of its writes', async (which) => {
    const [a, b, c] = world.addMissions('a', 'b', 'c');
    await world.startEngine();
    const place = which === 'a mission' ? a : world.global;
    // Of one mission: no more than its share of the global entry (docs/merge.md).
    const writes = 80;
    // Two writers for one entry, and sign-ins elsewhere that want into the same entry meanwhile.
    const writers = ['left', 'right'].map((name) =>
      run(process.execPath, [KEEP_WRITING, place.configDir, name, String(writes)]),
    );
    const others: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      await signIn(index % 2 === 0 ? b : c, `other-${index}`);
      others.push(`other-${index}`);
    }
    await Promise.all(writers);
    const wanted = [
      ...others,
      ...['left', 'right'].flatMap((name) =>
        Array.from({ length: writes }, (_, index) => `${name}-${index}`),
      ),
    ].sort();
    const namesIn = (ref: EntryRef): string[] =>
      Object.values(readBlob(ref).mcpOAuth ?? {})
        .map(({ serverName }) => serverName)
        .sort();
    for (const ref of [place, world.global, a, b, c]) {
      await until(
        () => `all ${wanted.length} servers in ${ref.configDir}, which has ${namesIn(ref).length}`,
        () => namesIn(ref).join() === wanted.join(),
      );
    }
    await world.untilNoAlert();
  });
});

describe('a change that comes while a reconcile waits for another mission', () => {
  it('is seen, though the entry is again what it was before the reconcile', async () => {
    const [a, wiped, busy] = world.addMissions('a', 'wiped', 'busy');
    const engine = await world.startEngine();
    // A client at work keeps its lock, so that the reconcile takes a while.
    await takeLock(busy);
    await world.untilHeld(await signIn(a, 'one'), [world.global, wiped]);
    // Once it is checked: what goes in the very moment of a write is written again.
    await engine.waitFor('sync', ({ missionId }) => missionId === 'wiped');
    rmSync(entryFile(wiped));
    rmdirSync(lockFolder(busy));
    await world.untilAlert('wipe-wiped');
  });
});

/** Removes a folder although the engine may write into it this very moment. */
function removeMission(id: string): void {
  const folder = join(world.paths.missions, id);
  while (existsSync(folder)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function untilMissionsAre(wanted: string): Promise<void> {
  let left = '';
  await until(
    () => `the missions ${wanted}, but there are ${left}`,
    async () => {
      left = (await world.status()).missions.map(({ id, state }) => `${id} ${state}`).join();
      return left === wanted;
    },
  );
}

describe('a mission folder that is removed', () => {
  it('right after a command has found it is forgotten', async () => {
    world.addMissions('a');
    await world.startEngine();
    for (let round = 0; round < 8; round += 1) {
      world.addMission(`short-${round}`);
      await expect(world.ask('detach', { id: 'nobody' })).rejects.toThrow(/no mission/);
      removeMission(`short-${round}`);
      await untilMissionsAre('a running');
    }
    await world.untilNoAlert();
  });

  it('while it is synced stops nothing and leaves no alert behind', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    for (let round = 0; round < 12; round += 1) {
      const gone = ['x', 'y', 'z'].map((id) => world.addMission(`${id}-${round}`));
      const signedIn = await signIn(round % 2 === 0 ? a : b, `loop-${round}`);
      if (round % 3 === 0) await world.untilHeld(signedIn, gone);
      for (const id of ['x', 'y', 'z']) removeMission(`${id}-${round}`);
      await world.untilHeld(signedIn, [world.global, a, b]);
    }
    await untilMissionsAre('a running,b running');
    await world.untilNoAlert();
  });
});
