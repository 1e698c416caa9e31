import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commands, eventSchema, missionSchema } from '../../main/service/contract/engine.ts';
import { entryFile, logOut, serverIn, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry } from '../support/fake.ts';
import { resultOf, withoutAge } from '../support/resultOf.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('journal', () => {
  it.each([['with an engine'], ['without one']])(
    'restores a value everywhere (%s)',
    async (how) => {
      const [a] = world.addMissions('a', 'b');
      const engine = await world.startEngine();
      const server = await signIn(a, 'loop');
      await world.untilHeld(server);
      await logOut(a, 'loop');
      await world.untilGone('loop');
      if (how === 'without one') await engine.kill('SIGTERM');
      const { items } = resultOf(
        await world.run(['journal', 'ls', '--json']),
        commands.journal.result,
      );
      expect(items).toMatchObject([{ name: 'loop', reason: 'removed' }]);
      const id = items[0]?.id ?? '';
      const run = await world.run(['journal', 'restore', id, '--json']);
      expect(resultOf(run, commands.restore.result)).toMatchObject({ id, name: 'loop' });
      await world.untilHeld(server);
      expect((await world.run(['journal', 'ls'])).stdout).toContain(id);
    },
  );

  it('brings back an older value over a newer one, and keeps that', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const old = await signIn(a, 'loop');
    await world.untilHeld(old);
    const newer = await signIn(b, 'loop', { expiresAt: Date.now() + 9_000_000 });
    await world.untilHeld(newer);
    const { items } = await world.ask('journal', {});
    await world.ask('restore', { id: items[0]?.id ?? '' });
    await world.untilHeld(old);
    const kept = await world.ask('journal', {});
    expect(kept.items).toHaveLength(2);
  });

  it('is empty at first, and makes nothing', async () => {
    const run = await world.run(['journal', 'ls']);
    expect(run).toMatchObject({ code: 0, stdout: 'The journal is empty.\n' });
    expect(readdirSync(world.paths.root)).toEqual(['missions']);
  });
});

describe('log', () => {
  it('shows what happened, of one mission if asked, across engines', async () => {
    const [a] = world.addMissions('a', 'b');
    const first = await world.startEngine();
    await world.untilHeld(await signIn(a, 'one'));
    await first.kill('SIGTERM');
    const second = await world.startEngine();
    await world.untilHeld(await signIn(a, 'two'));
    await second.kill('SIGTERM');
    const events = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => eventSchema.parse(JSON.parse(line)));
    const all = events((await world.run(['log', '--json'])).stdout);
    expect(all).toEqual(
      [...first.events, ...second.events].toSorted((x, y) => Date.parse(x.at) - Date.parse(y.at)),
    );
    const ofB = events((await world.run(['log', '--json', '--mission', 'b'])).stdout);
    expect(ofB.every((event) => 'missionId' in event && event.missionId === 'b')).toBe(true);
    expect(ofB.filter(({ event }) => event === 'sync')).toHaveLength(2);
  });

  it('--follow goes on with what happens, until the engine ends', async () => {
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const following = world.run(['log', '--follow', '--json']);
    // It has joined once the first sign-ins show up; nothing says so earlier.
    let index = 0;
    await until('the follower to have joined', async () => {
      index += 1;
      await world.untilHeld(await signIn(a, `loop-${index}`));
      return index === 20;
    });
    await engine.kill('SIGTERM');
    const { code, stdout, stderr } = await following;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('"loop-20"');
    expect(stdout.match(/"direction":"up"[^\n]*"loop-20"/g), 'each event once').toHaveLength(1);
  });
});

describe('doctor', () => {
  it('looks, changes nothing, and says how to mend', async () => {
    const a = world.addMission('a', { entry: '{}' });
    const before = readdirSync(world.root, { recursive: true }).sort();
    const healthy = await world.run(['doctor', '--json']);
    expect(healthy.code).toBe(0);
    expect(readdirSync(world.root, { recursive: true }).sort(), 'it changes nothing').toEqual(
      before,
    );
    const findings = z.object({
      findings: z.array(
        z.object({
          status: z.enum(['ok', 'note', 'warning', 'failed']),
          message: z.string(),
          mend: z.string().nullable(),
        }),
      ),
    });
    resultOf(healthy, findings);
    mkdirSync(entryFile(world.global));
    writeFileSync(entryFile(a), '{}', { mode: 0o644 });
    const ill = await world.run(['doctor']);
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain(world.global.configDir);
  });
});

describe('mission', () => {
  it('ls is the missions of the snapshot', async () => {
    world.addMissions('a', 'b');
    await world.startEngine();
    const list = z.object({ missions: z.array(missionSchema) });
    const { missions } = resultOf(await world.run(['mission', 'ls', '--json']), list);
    const snapshot = await world.status();
    expect(withoutAge({ ...snapshot, missions })).toEqual(withoutAge(snapshot));
    expect((await world.run(['mission', 'ls'])).stdout).toContain('in sync');
  });

  it.each([['with an engine'], ['without one']])('attach, detach and rm (%s)', async (how) => {
    const folder = mkdtempSync(join(world.root, 'elsewhere-'));
    const own = await signIn({ configDir: folder }, 'own');
    const removed = world.addMission('removed', { running: false, entry: fakeEntry(['kept']) });
    if (how === 'with an engine') await world.startEngine();
    const attached = resultOf(
      await world.run(['mission', 'attach', folder, '--name', 'My own', '--json']),
      missionSchema,
    );
    expect(attached).toMatchObject({
      name: 'My own',
      kind: 'attached',
      state: 'attached',
      configDir: folder,
    });
    expect((await world.run(['mission', 'attach', folder])).code, 'attached twice').toBe(1);
    const detach = await world.run(['mission', 'detach', attached.id, '--json']);
    expect(detach).toMatchObject({ code: 0, json: { detached: attached.id } });
    expect(serverIn(world.global, 'own'), 'written back at detach').toEqual(own);
    const rm = await world.run(['mission', 'rm', 'removed', '--json']);
    expect(resultOf(rm, commands.remove.result)).toEqual({ removed: 'removed', kept: null });
    expect(serverIn(world.global, 'kept')).toBeDefined();
    expect(existsSync(removed.configDir)).toBe(false);
  });
});
