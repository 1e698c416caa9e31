import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { until } from '../support/until.ts';
import { available, readEntry } from './client.ts';
import {
  addConfigDir,
  createScene,
  LOOP,
  type Scene,
  serverIn,
  statusIn,
  toolCalls,
} from './scene.ts';

const found = await available();

describe.skipIf(!found.ok)(
  found.ok
    ? 'the engine among real clients'
    : `the engine among real clients (skipped: ${found.reason})`,
  () => {
    let world: World;
    let scene: Scene;
    let engine: EngineProcess;
    let a: string;
    let b: string;
    let global: string;

    beforeEach(async () => {
      world = makeWorld();
      scene = await createScene(found.ok ? found.claudePath : '');
      a = world.addMission('a').configDir;
      b = world.addMission('b').configDir;
      global = world.global.configDir;
      addConfigDir(scene, a);
      addConfigDir(scene, b);
      engine = await world.startEngine();
    });
    afterEach(async () => {
      await world.cleanup();
      await scene.dispose();
    });

    const serialIn = (configDir: string) =>
      scene.server.serialOf(serverIn(configDir)?.value.accessToken);

    /** Signs in with the real client, and waits until the token is everywhere. */
    async function signIn(configDir: string): Promise<number> {
      const result = await scene.claude.login(configDir, LOOP);
      expect(result.exitCode, result.output).toBe(0);
      const serial = serialIn(configDir);
      if (serial === undefined) throw new Error(`no token was saved: ${result.output}`);
      await untilEverywhere(serial);
      return serial;
    }

    const untilEverywhere = (serial: number) =>
      until(
        () => `token ${serial} everywhere; seen: ${[a, b, global].map(serialIn).join(', ')}`,
        () => [a, b, global].every((configDir) => serialIn(configDir) === serial),
      );

    it('a sign-in in one mission connects the other one', async () => {
      expect(await statusIn(scene, b)).toBe('needs-sign-in');
      await signIn(a);
      expect(await statusIn(scene, b)).toBe('connected');
      expect(scene.server.of('signed-in')).toHaveLength(1);
      expect(serverIn(global)).toEqual(serverIn(a));

      const up = await engine.waitFor('sync', ({ direction }) => direction === 'up');
      expect(up, 'what B knew of the server is no sign-in').toMatchObject({ missionId: 'a' });
      expect(up.servers).toEqual([LOOP]);
      await engine.waitFor(
        'sync',
        (event) => event.direction === 'down' && event.missionId === 'b',
      );
    });

    it('a sign-out in one mission signs the other one and the global entry out', async () => {
      await signIn(a);
      expect((await scene.claude.logout(b, LOOP)).exitCode).toBe(0);
      await until('the server gone everywhere', () =>
        [a, b, global].every((configDir) => serverIn(configDir) === undefined),
      );
      expect(readEntry(a)).toEqual({ mcpOAuth: {} });
      expect(readEntry(global)).toEqual({ mcpOAuth: {} });
      expect(await statusIn(scene, a)).toBe('needs-sign-in');
      const { servers } = (await world.status()).global;
      expect(servers, 'what the health check just wrote in A is no sign-in').toEqual([]);
    });

    it('a second sign-in, which revokes the first one, connects the other mission again', async () => {
      const first = await signIn(a);
      const result = await scene.claude.login(b, LOOP, () =>
        // While the page waits for its approval, the entry is blank; nobody else may become so.
        expect([a, global].map(serialIn)).toEqual([first, first]),
      );
      expect(result.exitCode, result.output).toBe(0);
      await untilEverywhere(first + 1);
      expect(await statusIn(scene, a)).toBe('connected');
      expect(scene.server.of('refresh-rejected')).toEqual([]);
    });

    it('a refresh in one mission spares the other one its own', async () => {
      scene.server.setAccessLife(200);
      await scene.claude.login(a, LOOP);
      scene.server.setAccessLife(3600);
      expect(await statusIn(scene, a)).toBe('connected');
      await untilEverywhere(serialIn(a) ?? 0);
      const refreshed = scene.server.of('refreshed').length;
      expect(await statusIn(scene, b)).toBe('connected');
      expect(await statusIn(scene, a)).toBe('connected');
      expect(scene.server.of('refreshed')).toHaveLength(refreshed);
      expect(scene.server.of('refresh-rejected')).toEqual([]);
    });

    it('a session that starts after the sign-in arrived uses it, although its client noted a need', async () => {
      expect(await statusIn(scene, b)).toBe('needs-sign-in');
      const note = join(b, 'mcp-needs-auth-cache.json');
      expect(readFileSync(note, 'utf8')).toContain(LOOP);
      await signIn(a);
      await until(
        "the client's note removed",
        () => !existsSync(note) || !readFileSync(note, 'utf8').includes(LOOP),
      );
      expect(await toolCalls(scene, b, [undefined])).toEqual(['call 1']);
    });

    it('a running session goes on with the token that came meanwhile', async () => {
      const first = await signIn(a);
      expect(await toolCalls(scene, b, [undefined, () => signIn(a)])).toEqual(['call 1', 'call 2']);
      expect(scene.server.of('tool-call').map(({ access }) => access)).toEqual([first, first + 1]);
      expect(scene.server.of('mcp-rejected')).toEqual([]);
    });

    it('SIGTERM ends it with exit code 0 and leaves no lock behind', async () => {
      await signIn(a);
      expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(world.leftovers()).toEqual([]);
    });
  },
);
