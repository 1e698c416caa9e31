import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI } from '../support/engineProcess.ts';
import { approve, available, readEntry } from './client.ts';
import { createMissionScene, ECHO, type MissionScene, type TestMission } from './missionScene.ts';
import { LOOP } from './scene.ts';

/* Missions on the shared store, and signing in by the command. */

const found = await available();
/** Nothing here waits for time; a client takes seconds to start where the machine is busy. */
const TIMEOUT_MS = 180_000;

describe.skipIf(!found.ok)(
  found.ok ? 'shared missions and the real client' : `shared missions (skipped: ${found.reason})`,
  { timeout: TIMEOUT_MS },
  () => {
    let all: MissionScene;
    let a: TestMission;
    let b: TestMission;
    let global: string;

    beforeEach(async () => {
      all = await createMissionScene(found.ok ? found.claudePath : '');
      a = await all.make('a');
      b = await all.make('b');
      global = all.world.global.configDir;
    });
    afterEach(() => all.dispose());

    /** Without the lease: what is looked at here is the client's own refresh. */
    const setSharing = (shareStore: 'auto' | 'off') =>
      all.world.writeSettings({
        claudePath: found.ok ? found.claudePath : '',
        shareStore,
        refreshAhead: false,
      });
    const call = (text: string, before?: () => Promise<unknown>) => ({
      callTool: ECHO,
      input: { text },
      before: async () => {
        await before?.();
      },
    });
    const sharedNow = async () =>
      (await all.world.status()).missions.filter(({ shared }) => shared).map(({ id }) => id);

    /** `mission login`, with the test as the browser. @returns the serial number of the token in an entry */
    async function login(mission: TestMission, entryDir: string): Promise<number | undefined> {
      const { env } = await all.model();
      const child = spawn(process.execPath, [CLI, 'mission', 'login', mission.id, LOOP, '--json'], {
        env: { ...all.world.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const said: { url?: string; status?: string }[] = [];
      for await (const line of createInterface(child.stdout)) {
        const one = JSON.parse(line) as { url?: string };
        said.push(one);
        if (one.url !== undefined) await approve(one.url);
      }
      expect(said.map((one) => one.status ?? 'url')).toEqual(['url', 'signed-in']);
      expect(await exited).toEqual([0, null]);
      return all.serialIn(entryDir);
    }

    it('two that start in the same instant inside the last 300 s refresh once, and none is refused', async () => {
      const { world, scene } = all;
      setSharing('auto');
      await world.startEngine();
      scene.server.setAccessLife(200);
      const short = await all.signIn(a.configDir);
      await world.ask('writeBack', { id: a.id });
      expect(all.serialIn(global)).toBe(short);
      scene.server.setAccessLife(3600);
      // The sign-in's own connection has refreshed already.
      const before = scene.server.of('refreshed').length;

      // Both are at work before either may end.
      const atWork = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
      const both = Promise.all(atWork.map(({ promise }) => promise));
      const shared: string[][] = [];
      const models = await Promise.all(
        atWork.map(({ resolve }) =>
          all.model(
            call('one', async () => resolve()),
            {
              say: 'Done.',
              before: async () => {
                await both;
                shared.push(await sharedNow());
              },
            },
          ),
        ),
      );
      const runs = await Promise.all(
        [a, b].map((mission, at) => all.runHeadless(mission, models[at]?.env ?? {})),
      );
      expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      expect(models.map(({ api }) => api.toolResults())).toEqual([['one'], ['one']]);
      expect(scene.server.of('refresh-rejected')).toEqual([]);
      expect(scene.server.of('refreshed')).toHaveLength(before + 1);
      expect([...(shared[0] ?? [])].sort(), 'shown as shared while they run').toEqual(
        [a.id, b.id].sort(),
      );
      const callers = scene.server.of('tool-call').map(({ access }) => access);
      expect(new Set(callers), 'one token for both').toEqual(new Set([all.serialIn(global)]));
    });

    it('a sign-in from outside in one is there at the other’s very next tool call', async () => {
      setSharing('auto');
      await all.world.startEngine();
      const aMayEnd = Promise.withResolvers<void>();
      const ofA = await all.model({ say: 'A is done.', before: () => aMayEnd.promise });
      const runOfA = all.runHeadless(a, ofA.env);
      await all.untilItNeedsASignIn(a);
      const first = await login(a, global);
      expect(first).toBe(1);
      expect(readEntry(a.configDir), 'nothing comes into its own entry').toBe(undefined);

      const ofB = await all.model(
        call('one'),
        // Revokes the first one: a call with that would fail.
        call('two', () => login(a, global)),
        { say: 'B is done.' },
      );
      expect((await all.runHeadless(b, ofB.env)).code).toBe(0);
      expect(ofB.api.toolResults()).toEqual(['one', 'two']);
      const callers = all.scene.server.of('tool-call').map(({ access }) => access);
      expect(callers).toEqual([1, all.serialIn(global)]);
      expect(callers[1]).toBeGreaterThan(1);
      aMayEnd.resolve();
      expect((await runOfA).code).toBe(0);
    });

    it('a sign-in from outside in a mission with an entry of its own goes to all', async () => {
      setSharing('off');
      await all.world.startEngine();
      all.world.setRunning(a.id);
      const serial = await login(b, b.configDir);
      expect(serial).toBe(1);
      await all.untilSerial(1, global, a.configDir);
      expect(all.scene.server.of('signed-in')).toHaveLength(1);
      all.world.setStopped(a.id);
    });
  },
);
