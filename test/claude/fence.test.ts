import { existsSync, readFileSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRefreshLocks,
  isClientLock,
  REFRESH_LOCK_PREFIX,
  refreshLockName,
} from '../../main/refresh/refreshLocks.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { until } from '../support/until.ts';
import { available, readEntry } from './client.ts';
import { addConfigDir, createScene, LOOP, type Scene, serverIn, statusIn } from './scene.ts';

const found = await available();
const SPACING_MS = 100;
/** What an authorization server on the net takes. */
const ANSWER_MS = 500;

describe.skipIf(!found.ok)(
  found.ok
    ? 'the fence among real clients'
    : `the fence among real clients (skipped: ${found.reason})`,
  () => {
    let world: World;
    let scene: Scene;
    let engine: EngineProcess;
    let dirs: string[];

    beforeEach(async () => {
      world = makeWorld();
      scene = await createScene(found.ok ? found.claudePath : '');
      dirs = ['a', 'b', 'c', 'd'].map((id) => world.addMission(id).configDir);
      for (const configDir of dirs) addConfigDir(scene, configDir);
      engine = await world.startEngine();
    });
    afterEach(async () => {
      await world.cleanup();
      await scene.dispose();
    });

    /** A token in every entry that the next use refreshes. */
    async function signInForAMoment(): Promise<void> {
      const [first = ''] = dirs;
      scene.server.setAccessLife(200);
      const result = await scene.claude.login(first, LOOP);
      expect(result.exitCode, result.output).toBe(0);
      scene.server.setAccessLife(3600);
      const serial = serialIn(first);
      await until('the sign-in everywhere', () =>
        everywhere().every((dir) => serialIn(dir) === serial),
      );
    }

    const everywhere = (): string[] => [...dirs, world.global.configDir];
    const keyIn = (configDir: string): string => serverIn(configDir)?.key ?? '';
    const serialIn = (configDir: string): number | undefined =>
      scene.server.serialOf(serverIn(configDir)?.value.accessToken);

    it('of four missions that start inside the last 300 s, one refreshes and none is rejected', async () => {
      await signInForAMoment();
      // The sign-in's own connection has refreshed already.
      const refreshedBefore = scene.server.of('refreshed').length;
      const toldBefore = engine.events.length;
      const answer = Promise.withResolvers<void>();
      scene.server.holdTokens(answer.promise);
      const starts = dirs.map(async (configDir, index) => {
        await sleep(index * SPACING_MS);
        return statusIn(scene, configDir);
      });
      await until('one client at its refresh, and all other directories fenced', () => {
        const locks = everywhere().map((dir) => join(dir, refreshLockName(keyIn(dir))));
        return locks.every((lock) => existsSync(lock)) && locks.filter(isClientLock).length === 1;
      });
      await sleep(ANSWER_MS);
      answer.resolve();
      expect(await Promise.all(starts)).toEqual(dirs.map(() => 'connected'));
      expect(scene.server.of('refresh-rejected')).toEqual([]);
      expect(scene.server.of('refreshed')).toHaveLength(refreshedBefore + 1);
      const story = await engine.waitFor(
        'refresh',
        ({ outcome }) => outcome === 'refreshed',
        toldBefore,
      );
      expect(story).toMatchObject({ server: LOOP, by: 'client' });
      expect(story.receivers).toHaveLength(4);
    });

    it('its locks have the names of the client’s, whatever a server is called', async () => {
      const [a = ''] = dirs;
      const name = 'a b/ü🙂.x|d-e_f';
      const file = join(a, '.claude.json');
      const config = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: object };
      config.mcpServers = { [name]: { type: 'http', url: scene.server.url } };
      writeFileSync(file, JSON.stringify(config));
      scene.server.setAccessLife(200);
      const seen = new Set<string>();
      const watcher = watch(a, (_, changed) => seen.add(String(changed)));
      try {
        const result = await scene.claude.login(a, name);
        expect(result.exitCode, result.output).toBe(0);
        await scene.claude.list(a);
      } finally {
        watcher.close();
      }
      const [key = ''] = Object.keys(readEntry(a)?.mcpOAuth ?? {});
      expect(key).toContain(`${name}|`);
      expect([...seen].filter((each) => each.startsWith(REFRESH_LOCK_PREFIX))).toEqual([
        refreshLockName(key),
      ]);
    });

    it('a client takes over what a killed engine left', async () => {
      await signInForAMoment();
      await engine.kill('SIGKILL');
      const [a = ''] = dirs;
      // Its heart does not beat.
      const clock = createFakeClock();
      const left = createRefreshLocks({
        listPath: join(scene.root, 'locks.json'),
        clock,
        isCredentialDir: () => true,
      });
      expect(left.take(a, keyIn(a), 'fence')).toBe('taken');
      const lock = join(a, refreshLockName(keyIn(a)));
      utimesSync(lock, 1, 1);
      const before = serialIn(a);
      expect(await statusIn(scene, a)).toBe('connected');
      expect(serialIn(a)).not.toBe(before);
      expect(existsSync(lock)).toBe(false);
    });
  },
);
