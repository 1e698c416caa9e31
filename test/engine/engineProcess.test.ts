import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventSchema } from '../../main/service/contract/engine.ts';
import { serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const mode = (path: string): number => statSync(path).mode & 0o777;

describe('agenc-bar sync --json', () => {
  it('says "ready" first, then what happens, one event a line, as the contract has it', async () => {
    const [a] = world.addMissions('a', 'b');
    world.addMission('stopped', { running: false });
    const early = await signIn(a, 'early');
    const engine = await world.startEngine();
    expect(engine.events[0]).toMatchObject({
      event: 'ready',
      pid: engine.pid,
      store: 'file',
      agencDir: world.paths.root,
      missions: 3,
      running: 2,
    });
    await world.untilHeld(early, [world.global, a, world.ref('b')]);
    const up = await engine.waitFor('sync', ({ direction }) => direction === 'up');
    expect(up.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(up.durationMs).toBeGreaterThanOrEqual(0);
    await engine.kill('SIGTERM');
    const lines = engine.output().trim().split('\n');
    expect(lines.map((line) => eventSchema.parse(JSON.parse(line)))).toEqual(
      lines.map((line) => JSON.parse(line)),
    );
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'stopped' });
  });

  it('writes for people without --json, and the same exit code', async () => {
    const { code, stdout, stderr } = await world.run(['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('not running');
  });
});

describe('one engine per AGENC_DIRPATH', () => {
  it('the second one says who holds it, and ends with 1', async () => {
    const engine = await world.startEngine();
    const { code, stdout, stderr } = await world.run(['sync', '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^agenc-bar: .*\n$/);
    expect(stderr).toContain(String(engine.pid));
    expect(engine.alive()).toBe(true);
  });

  it('of several that start at once one runs', async () => {
    for (let round = 0; round < 3; round += 1) {
      const started = await Promise.allSettled([1, 2, 3, 4].map(() => world.startEngine()));
      const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(running.map(({ pid }) => pid)).toEqual([(await world.status()).engine.pid]);
      // Every second time the next ones find the lock of one that was killed.
      for (const engine of running) await engine.kill(round === 0 ? 'SIGKILL' : 'SIGTERM');
    }
  });

  it('one on another AGENC_DIRPATH runs beside it', async () => {
    await world.startEngine();
    const other = makeWorld();
    try {
      await other.startEngine();
      expect((await other.status()).engine.running).toBe(true);
    } finally {
      await other.cleanup();
    }
  });

  it('takes over from one that was killed', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const first = await world.startEngine();
    await first.kill('SIGKILL');
    expect(existsSync(world.paths.engineLock)).toBe(true);
    const second = await world.startEngine();
    expect((await world.status()).engine.pid).toBe(second.pid);
    await world.untilHeld(await signIn(a, 'loop'), [world.global, b]);
  });

  it('ends, and writes nothing more, once its lock was taken away', async () => {
    const [a] = world.addMissions('a', 'b');
    const engine = world.spawnEngine();
    await engine.waitFor('ready');
    rmSync(world.paths.engineLock);
    const { code } = await engine.exited;
    expect(code).toBe(1);
    expect(engine.stderr()).toMatch(/^agenc-bar: .*engine\.lock.*\n$/);
    const server = await signIn(a, 'loop');
    expect(serverIn(world.global, 'loop')).toBeUndefined();
    await world.startEngine();
    await world.untilHeld(server);
  });

  it('is not kept from starting by a lock whose process number was given to another one', async () => {
    mkdirSync(world.paths.bar, { recursive: true, mode: 0o700 });
    writeFileSync(world.paths.engineLock, `${process.pid} 1 0123456789abcdef\n`);
    await world.startEngine();
  });
});

describe('what lies in bar/', () => {
  it('is for its user alone: the folder 0700, socket, lineage, log and lock 0600', async () => {
    const [a] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    const { bar, engineSocket, lineage, syncLog, engineLock, journal } = world.paths;
    await world.status();
    expect(mode(bar).toString(8)).toBe('700');
    expect(mode(journal).toString(8)).toBe('700');
    for (const path of [engineSocket, lineage, syncLog, engineLock])
      expect(`${path.slice(bar.length)} ${mode(path).toString(8)}`).toBe(
        `${path.slice(bar.length)} 600`,
      );
  });

  it('is not used while it is open to others', async () => {
    mkdirSync(world.paths.bar, { recursive: true, mode: 0o755 });
    const [a] = world.addMissions('a');
    const server = await signIn(a, 'loop');
    await expect(world.startEngine()).rejects.toThrow(/ended \(1\)/);
    expect(serverIn(world.global, 'loop'), 'an engine that cannot start syncs nothing').toBe(
      undefined,
    );
    expect(server.serverName).toBe('loop');
  });

  it('(a damaged lineage.json) is put aside, said, and nothing is lost', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const first = await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await first.kill('SIGTERM');
    const own = await signIn(b, 'own');
    writeFileSync(world.paths.lineage, readFileSync(world.paths.lineage, 'utf8').slice(0, 50));
    await world.startEngine();
    await world.untilAlert('lineage');
    await world.untilHeld(server);
    await world.untilHeld(own);
  });
});

describe('the control socket', () => {
  it.each([
    ['says nothing', ''],
    [
      'sends half a request',
      'POST /status HTTP/1.1\r\nHost: engine\r\nContent-Length: 100\r\n\r\n{',
    ],
    [
      'keeps its connection',
      'POST /status HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\n{}',
    ],
    ['follows and reads nothing', 'GET /events HTTP/1.1\r\nHost: engine\r\n\r\n'],
  ])('does not keep an engine from ending because somebody %s', async (_, text) => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const connection = createConnection(world.paths.engineSocket);
    await once(connection, 'connect');
    connection.on('error', () => undefined).pause();
    connection.write(text);
    await world.status();
    const last = await signIn(a, 'last');
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(serverIn(b, 'last')).toEqual(last);
    connection.destroy();
  });

  it('lies elsewhere, as private, when AGENC_DIRPATH is too long for one', async () => {
    const long = join(world.paths.root, 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(join(long, 'missions'), { recursive: true });
    const env = { AGENC_DIRPATH: long };
    const engine = await world.startEngine({ env });
    const { code, json } = await world.run(['status', '--json'], env);
    expect(code).toBe(0);
    expect(json).toMatchObject({ engine: { running: true, pid: engine.pid }, agencDir: long });
    expect(await engine.kill('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('passes on an engine that was killed: the next command says that none runs', async () => {
    const engine = await world.startEngine();
    await engine.kill('SIGKILL');
    expect(existsSync(world.paths.engineSocket)).toBe(true);
    const { code, stderr } = await world.run(['resync']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^agenc-bar: No engine is running.*\n$/);
    expect(dirname(world.paths.engineSocket)).toBe(world.paths.bar);
    expect(serverIn(world.global, 'loop')).toBeUndefined();
  });
});
