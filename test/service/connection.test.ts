import { mkdirSync, renameSync } from 'node:fs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectEngine, type EngineConnection } from '../../main/service/connection.ts';
import type { EventMessage } from '../../main/service/contract/engine.ts';
import { startService } from '../../main/service/service.ts';
import { aWhile } from '../support/aWhile.ts';
import { serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

let world: World;
let events: EventMessage[];

beforeEach(() => {
  world = makeWorld();
  events = [];
  mkdirSync(world.paths.bar, { recursive: true, mode: 0o700 });
  world.writeSettings({ globalConfigDir: world.global.configDir });
  // Comes last: what is registered later is undone first.
  onTestFinished(() => world.cleanup());
});

function connect(): EngineConnection {
  const connection = connectEngine(
    { paths: world.paths, env: world.env },
    { onChange: () => undefined, onEvent: (event) => events.push(event) },
  );
  onTestFinished(() => connection.dispose());
  return connection;
}

const becomes = (connection: EngineConnection, status: string) =>
  until(
    () => `the connection is "${status}"; it is ${JSON.stringify(connection.state())}`,
    () => connection.state().status === status,
  );

describe('with no engine there', () => {
  it('runs one, and shows what it does without asking', async () => {
    const [a] = world.addMissions('a', 'b');
    const connection = connect();
    expect(connection.state()).toEqual({ status: 'starting' });
    await becomes(connection, 'own');
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await until('both missions are shown in sync, with the server', () => {
      const missions = connection.snapshot()?.missions ?? [];
      return (
        missions.length === 2 &&
        missions.every(({ inSync, servers }) => inSync && servers[0]?.name === 'loop')
      );
    });
    expect(connection.snapshot()).toMatchObject({
      engine: { running: true, pid: process.pid },
      activity: { paused: false },
    });
    expect(connection.snapshot()?.missions.map(({ hash }) => hash)).toEqual([
      connection.snapshot()?.global.hash,
      connection.snapshot()?.global.hash,
    ]);
    expect(events.map(({ event }) => event)).toContain('sync');
  });

  it('starts it anew when asked to', async () => {
    world.addMission('a');
    const connection = connect();
    await becomes(connection, 'own');
    connection.restart();
    await until('it was ready twice', () => {
      return events.filter(({ event }) => event === 'ready').length === 2;
    });
    await becomes(connection, 'own');
  });

  it('says why it cannot, and tries again when asked to', async () => {
    world.addMission('a');
    const first = connect();
    await becomes(first, 'own');
    await first.dispose();
    world.writeSettings('{ damaged');
    const connection = connect();
    await becomes(connection, 'failed');
    expect(connection.state()).toMatchObject({ message: expect.stringContaining('settings.json') });
    await expect(connection.call('status', {})).rejects.toThrow('settings.json');
    world.writeSettings({ globalConfigDir: world.global.configDir });
    connection.retry();
    await becomes(connection, 'own');
  });
});

describe('with an engine of another process', () => {
  it('shows that one, has it do what is asked, and takes over when it is killed', async () => {
    const a = world.addMission('a');
    const engine = await world.startEngine();
    const connection = connect();
    await becomes(connection, 'other');
    expect(connection.state()).toEqual({ status: 'other', pid: engine.pid });

    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await until('its sync is shown', () => {
      return connection.snapshot()?.missions[0]?.servers[0]?.name === 'loop';
    });
    expect(events.map(({ event }) => event)).toContain('sync');
    expect((await connection.call('resync', {})).missions).toMatchObject([
      { missionId: 'a', status: 'done' },
    ]);

    await engine.kill('SIGKILL');
    await becomes(connection, 'own');
    await world.untilHeld(await signIn(a, 'after'));
  });

  it('lets go of it without ending it', async () => {
    world.addMission('a');
    const engine = await world.startEngine();
    const connection = connect();
    await becomes(connection, 'other');
    await connection.dispose();
    expect((await world.status()).engine.pid).toBe(engine.pid);
  });
});

it('an engine whose lock was taken away stops writing, and says so', async () => {
  const a = world.addMission('a');
  const connection = connect();
  await becomes(connection, 'own');
  renameSync(world.paths.engineLock, `${world.paths.engineLock}.aside`);
  await becomes(connection, 'failed');
  expect(connection.state()).toMatchObject({ message: expect.stringContaining('taken away') });
  await signIn(a, 'late');
  await aWhile();
  await world.untilGone('late', [world.global]);
});

it.each(['abandon', 'dispose'] as const)(
  'an engine that has let go (%s) carries out no command that came before, and deletes nothing',
  async (end) => {
    const a = world.addMission('a');
    const service = await startService({ paths: world.paths, env: world.env }, () => undefined);
    const { handlers } = service;
    world.setStopped('a');
    await until('it is seen', async () => {
      return (await handlers.status({})).missions[0]?.state === 'stopped';
    });
    await service[end]();
    await signIn(a, 'late');
    const remove = () => handlers.remove({ id: 'a', deleteWork: true });
    for (const command of [() => handlers.resync({}), remove])
      await expect(command()).rejects.toThrow('ends just now');
    await world.untilGone('late', [world.global]);
    expect(serverIn(a, 'late')).toBeDefined();
  },
);

describe('pausing', () => {
  it('writes nothing until it is taken back; then all that came meanwhile is synced', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const connection = connect();
    await becomes(connection, 'own');
    await connection.call('pause', { paused: true });
    await until('it is shown', () => connection.snapshot()?.activity.paused === true);
    const server = await signIn(a, 'loop');
    await expect(connection.call('resync', {})).rejects.toThrow('paused');
    await aWhile();
    await world.untilGone('loop', [b, world.global]);
    await connection.call('pause', { paused: false });
    await world.untilHeld(server);
  });
});
