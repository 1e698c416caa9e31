import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeMissionNote } from '../../main/missions/missionNote.ts';
import { alertSchema, commands, snapshotSchema } from '../../main/service/contract/engine.ts';
import { invalidate, serverIn, signIn, writeAsClient } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';
import { resultOf, withoutAge } from '../support/resultOf.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const oneLine = /^agenc-bar: [^\n]+\n$/;

describe('status --json', () => {
  it('is the snapshot of the design, with an engine and without one', async () => {
    const a = world.addMission('a');
    world.addMission('b', { running: false });
    const [kind, created] = ['local', new Date().toISOString()];
    const note = { name: 'Fix the bar', repo: '/src/bar', kind, created };
    await writeMissionNote(world.paths.missionNotes, 'a', note);
    await signIn(a, 'loop', { expiresAt: 1_795_457_092_986.5 });
    const engine = await world.startEngine();
    const during = resultOf(await world.run(['status', '--json']), snapshotSchema);
    expect(during).toMatchObject({
      engine: { running: true, pid: engine.pid, store: 'file' },
      agencDir: world.paths.root,
      alerts: [],
    });
    expect(during.global.servers).toMatchObject([
      {
        key: 'loop|0123456789abcdef',
        name: 'loop',
        status: 'usable',
        expiresAt: 1_795_457_092_986.5,
        refreshedAt: null,
        refreshedBy: null,
        nextRefreshAt: null,
        refreshTrouble: null,
      },
    ]);
    const [first, second] = during.missions;
    expect(first).toMatchObject({
      id: 'a',
      name: 'Fix the bar',
      repo: '/src/bar',
      state: 'running',
      inSync: true,
      hash: during.global.hash,
    });
    expect(Date.parse(first?.lastSyncAt ?? '')).toBeGreaterThan(0);
    expect(second).toMatchObject({ id: 'b', state: 'stopped', hash: null, lastSyncAt: null });

    await engine.kill('SIGTERM');
    const after = resultOf(await world.run(['status', '--json']), snapshotSchema);
    expect(withoutAge(after)).toEqual({
      ...withoutAge(during),
      engine: { running: false, pid: null, store: 'file' },
    });
  });

  it('without anything there is empty, and makes nothing', async () => {
    const folder = join(world.root, 'nowhere');
    const run = await world.run(['status', '--json', '--agenc-dir', folder]);
    expect(resultOf(run, snapshotSchema)).toMatchObject({ missions: [], alerts: [] });
    expect(existsSync(folder)).toBe(false);
  });

  it('shows what needs a sign-in, and what differs', async () => {
    const a = world.addMission('a', { entry: fakeEntry(['loop', 'only-here']) });
    world.addMission('b', {
      entry: fakeEntry([fakeServer('new', { accessToken: '', refreshToken: '' })]),
    });
    await invalidate(a, 'loop');
    const { missions } = resultOf(await world.run(['status', '--json']), snapshotSchema);
    expect(missions[0]).toMatchObject({ inSync: false });
    expect(missions[0]?.servers.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'loop invalidated',
      'only-here usable',
    ]);
    expect(missions[1]?.servers).toMatchObject([{ name: 'new', status: 'registered' }]);
  });

  it('ends with 4 when the store is unavailable', async () => {
    const run = await world.run(['status', '--json'], {
      AGENC_BAR_STORE: 'security',
      PATH: '/nowhere',
    });
    expect(run.code).toBe(4);
    expect(snapshotSchema.parse(run.json)).toMatchObject({
      engine: { store: 'security' },
      alerts: [{ id: 'unavailable-global', kind: 'unavailable', missionId: null }],
    });
  });
});

describe('exit codes and errors', () => {
  it.each([
    [['nonsense']],
    [['status', '--nonsense']],
    [['mission']],
    [['mission', 'rm']],
    [['resolve', 'wipe-a', 'perhaps']],
    [['resolve', 'wipe-a']],
  ])('%j is wrong usage: 2, and says why', async (args) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it.each([[['resync']], [['resolve', 'wipe-a', 'restore']], [['log', '--follow']]])(
    '%j without an engine: 3, in one line',
    async (args) => {
      const { code, stderr } = await world.run(args);
      expect(code).toBe(3);
      expect(stderr).toMatch(oneLine);
      expect(stderr).toContain('agenc-bar sync');
    },
  );

  it.each([
    [['mission', 'rm', 'nobody']],
    [['mission', 'detach', 'nobody']],
    [['mission', 'attach', '/nowhere/at/all']],
    [['journal', 'restore', '20260101-000000-abcdef']],
    [['journal', 'restore', '../../etc/passwd']],
  ])('%j fails with 1, in one line, with an engine and without one', async (args) => {
    const alone = await world.run(args);
    expect(alone.code).toBe(1);
    expect(alone.stderr).toMatch(oneLine);
    await world.startEngine();
    const asked = await world.run(args);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(oneLine);
  });

  it.each([[['resync', 'nobody']], [['resolve', 'wipe-nobody', 'restore']]])(
    '%j fails with 1, in one line, where there is no such thing',
    async (args) => {
      await world.startEngine();
      const { code, stderr } = await world.run(args);
      expect(code).toBe(1);
      expect(stderr).toMatch(oneLine);
    },
  );

  it('an answer that no alert takes is wrong usage, and an unknown alert is named without its control characters', async () => {
    const usage = await world.run(['resolve', 'wipe-a', 'perhaps']);
    expect(usage.code).toBe(2);
    for (const answer of ['restore', 'remove', 'keep', 'accept', 'former', 'dismiss'])
      expect(usage.stderr).toContain(`"${answer}"`);
    await world.startEngine();
    const unknown = await world.run(['resolve', 'tampering-\u001b[2Jx', 'keep']);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('There is no open alert');
    expect(unknown.stderr).toContain('"agenc-bar alerts" lists them');
    expect(unknown.stderr).not.toContain('\u001b');
  });

  it('resync ends with 4 when the store is unavailable', async () => {
    await world.startEngine({ env: { AGENC_BAR_STORE: 'security', PATH: '/nowhere' } });
    const { code, stderr } = await world.run(['resync']);
    expect(code).toBe(4);
    expect(stderr).toMatch(oneLine);
  });

  it.each([[['--help']], [['mission', '--help']], [['help', 'sync']]])('%j is 0', async (args) => {
    const { code, stdout } = await world.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain('agenc-bar');
  });
});

describe('resync', () => {
  it('says per mission what it changed, and heals what is unusable', async () => {
    const [a, b] = world.addMissions('a', 'b');
    world.addMission('c', { running: false });
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server, [world.global, a, b]);
    await invalidate(b, 'loop');
    const { missions } = resultOf(await world.run(['resync', '--json']), commands.resync.result);
    expect(missions).toMatchObject([
      { missionId: 'a', status: 'done', up: [], down: [] },
      { missionId: 'b', status: 'done', up: [], down: ['loop'] },
      { missionId: 'c', status: 'stopped', up: [], down: [], hash: null },
    ]);
    expect(serverIn(b, 'loop')).toEqual(server);
    const one = resultOf(await world.run(['resync', 'a', '--json']), commands.resync.result);
    expect(one.missions.map(({ missionId }) => missionId)).toEqual(['a']);
  });

  it('fails with 1 while a mission cannot be read', async () => {
    const [a] = world.addMissions('a', 'b');
    await world.startEngine();
    await writeAsClient(a, 'damaged');
    expect((await world.run(['resync'])).code).toBe(1);
  });
});

describe('alerts and resolve', () => {
  it('list a wipe by its id, and answer it', async () => {
    const [a] = world.addMissions('a', 'b');
    await world.startEngine();
    const servers = [await signIn(a, 'one'), await signIn(a, 'two')];
    for (const server of servers) await world.untilHeld(server);
    await writeAsClient(world.ref('b'), '{}');
    const { id } = await world.untilAlert('wipe-b');
    expect(id).toMatch(/^wipe-b-[0-9a-f]{12}$/);
    const list = z.object({ alerts: z.array(alertSchema) });
    const { alerts } = resultOf(await world.run(['alerts', '--json']), list);
    expect(alerts).toMatchObject([{ id, kind: 'wipe', missionId: 'b' }]);
    const { stdout } = await world.run(['alerts']);
    expect(stdout.startsWith(`${id}: `)).toBe(true);
    expect(stdout).toMatch(/^.* \[restore\|remove\]\n$/);
    for (const wrong of ['keep', 'accept', 'former', 'dismiss']) {
      const refused = await world.run(['resolve', id, wrong]);
      expect(refused.code, wrong).toBe(1);
      expect(refused.stderr, wrong).toMatch(oneLine);
      expect(refused.stderr, wrong).toContain(`"${id}" takes "restore" or "remove"`);
    }
    expect((await world.status()).alerts).toMatchObject([{ id }]);
    const run = await world.run(['resolve', id, 'restore', '--json']);
    expect(run).toMatchObject({ code: 0, json: { alertId: id, answer: 'restore' } });
    for (const server of servers)
      expect(serverIn(world.ref('b'), server.serverName)).toEqual(server);
    expect((await world.run(['alerts'])).stdout).toBe('Nothing needs attention.\n');
  });

  it('show without an engine what needs attention, too', async () => {
    world.addMission('a', { entry: '{"mcpOAuth":' });
    const run = await world.run(['alerts', '--json']);
    expect(run.json).toMatchObject({
      alerts: [{ id: expect.stringMatching(/^wipe-a-[0-9a-f]{12}$/), missionId: 'a' }],
    });
  });
});
