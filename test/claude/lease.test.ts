import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';
import { available } from './client.ts';
import { addConfigDir, createScene, LOOP, type Scene, serverIn, statusIn } from './scene.ts';

const found = await available();

describe.skipIf(!found.ok)(
  found.ok
    ? 'the lease among real clients'
    : `the lease among real clients (skipped: ${found.reason})`,
  () => {
    let world: World;
    let scene: Scene;
    let a: string;
    let b: string;

    beforeEach(async () => {
      world = makeWorld();
      scene = await createScene(found.ok ? found.claudePath : '');
      a = world.addMission('a').configDir;
      b = world.addMission('b').configDir;
      addConfigDir(scene, a);
      addConfigDir(scene, b);
    });
    afterEach(async () => {
      await world.cleanup();
      await scene.dispose();
    });

    const serialIn = (configDir: string) =>
      scene.server.serialOf(serverIn(configDir)?.value.accessToken);

    it('a client takes what the engine refreshed for its own, and does not refresh itself', async () => {
      // Within the engine's lead, and not within the client's window.
      scene.server.setAccessLife(450);
      expect((await scene.claude.login(a, LOOP)).exitCode).toBe(0);
      const before = serverIn(a);
      scene.server.setAccessLife(3_600);
      const engine = await world.startEngine();
      expect(await engine.waitFor('refresh')).toMatchObject({ by: 'engine', outcome: 'refreshed' });
      await until('the new token in both missions', () =>
        [a, b].every((configDir) => serialIn(configDir) === 2),
      );

      expect(await statusIn(scene, a)).toBe('connected');
      expect(await statusIn(scene, b)).toBe('connected');
      expect(scene.server.of('refreshed'), 'the one refresh is the engine\u2019s').toHaveLength(1);
      expect(scene.server.of('refresh-rejected')).toEqual([]);
      expect(scene.server.of('mcp').map(({ access }) => access)).not.toContain(1);
      const { accessToken, refreshToken, expiresAt, ...rest } = serverIn(a)?.value ?? {};
      expect(before?.value, 'all but the tokens is as the client left it').toMatchObject(rest);
      expect(Object.keys(serverIn(a)?.value ?? {}).sort()).toEqual(
        Object.keys(before?.value ?? {}).sort(),
      );
    });

    it('asks as the client does: same parameters, same way to show who it is', async () => {
      scene.server.setAccessLife(200);
      expect((await scene.claude.login(a, LOOP)).exitCode).toBe(0);
      expect(await statusIn(scene, a)).toBe('connected');
      const byClient = scene.server.tokenRequests.at(-1);
      scene.server.setAccessLife(3_600);
      const engine = await world.startEngine();
      await engine.waitFor('refresh', ({ outcome }) => outcome === 'refreshed');
      const byEngine = scene.server.tokenRequests.at(-1);
      expect(byClient?.grantType).toBe('refresh_token');
      expect(byEngine).toEqual(byClient);
    });
  },
);
