import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../main/system/processStart.ts';
import { until } from '../support/until.ts';
import { available } from './client.ts';
import {
  createMissionScene,
  ECHO,
  type MissionScene,
  orphanIn,
  type TestMission,
} from './missionScene.ts';

/* Missions run by the built command with the real client, headless. Interactive ones: missionsInTmux.test.ts. */

const found = await available();

/** Nothing here waits for time; a client takes seconds to start where the machine is busy. */
const TIMEOUT_MS = 180_000;

describe.skipIf(!found.ok)(
  found.ok
    ? 'headless missions with the real client'
    : `headless missions with the real client (skipped: ${found.reason})`,
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

    const callers = () => all.scene.server.of('tool-call').map(({ access }) => access);
    const output = ({ folder }: TestMission) =>
      readFileSync(join(folder, 'claude-output.log'), 'utf8');
    const call = (text: string, before?: () => Promise<unknown>) => ({
      callTool: ECHO,
      input: { text },
      before: async () => {
        await before?.();
      },
    });

    it('a sign-in in A while B runs: B’s very next tool call carries the new token', async () => {
      const { world, signIn, untilSerial } = all;
      await world.startEngine();
      const aMayEnd = Promise.withResolvers<void>();
      const ofA = await all.model({ say: 'A is done.', before: () => aMayEnd.promise });
      const runOfA = all.runHeadless(a, ofA.env);
      await all.untilItNeedsASignIn(a);
      const first = await signIn(a.configDir);
      await untilSerial(first, global);

      const claudes: (number | null)[] = [];
      const ofB = await all.model(
        call('one', async () => claudes.push((await all.status(b)).claudePid)),
        call('two', async () => {
          claudes.push((await all.status(b)).claudePid);
          // Revokes the first one: a call with that would fail.
          await untilSerial(await signIn(a.configDir), b.configDir, global);
        }),
        { say: 'B is done.' },
      );
      const { code, stderr } = await all.runHeadless(b, ofB.env);
      expect([code, stderr]).toEqual([0, '']);
      expect(ofB.api.toolResults()).toEqual(['one', 'two']);
      expect(callers()).toEqual([first, first + 1]);
      const rejected = all.scene.server.of('mcp-rejected');
      expect(rejected.filter(({ access }) => access !== undefined)).toEqual([]);
      expect(claudes[1], 'without a restart').toBe(claudes[0]);
      expect(output(b)).toContain('B is done.');

      expect(existsSync(join(a.folder, 'pid'))).toBe(true);
      aMayEnd.resolve();
      expect((await runOfA).code).toBe(0);
      for (const mission of [a, b]) {
        expect(all.logged(mission, 'written-back')).toHaveLength(1);
        expect(existsSync(join(mission.folder, 'pid')), 'the pid file goes').toBe(false);
        expect(orphanIn(mission.folder)).toBeNull();
      }
    });

    it('without an engine: the clone brings what another mission wrote back before', async () => {
      const { world, signIn, serialIn } = all;
      let serial: number | undefined;
      const ofA = await all.model({
        say: 'A is done.',
        before: async () => {
          await all.untilItNeedsASignIn(a);
          serial = await signIn(a.configDir);
        },
      });
      expect((await all.runHeadless(a, ofA.env)).code).toBe(0);
      expect(serial).toBe(1);
      expect(serialIn(global), 'written back at its end').toBe(serial);
      expect(serialIn(b.configDir)).toBe(undefined);

      const ofB = await all.model(call('one'), { say: 'B is done.' });
      const { code, stderr } = await all.runHeadless(b, ofB.env);
      expect([code, stderr]).toEqual([0, '']);
      expect(ofB.api.toolResults()).toEqual(['one']);
      expect(callers()).toEqual([serial]);
      expect(output(b)).toContain('B is done.');
      expect(existsSync(world.paths.engineLock)).toBe(false);
      expect(world.leftovers()).toEqual([]);
    });

    describe('a wrapper that is killed', () => {
      /** Runs A until its Claude is at work and has signed in, and kills its wrapper. @returns both processes */
      async function killedWithASignIn() {
        const never = Promise.withResolvers<void>();
        const ofA = await all.model({ say: 'Never.', before: () => never.promise });
        const run = all.runHeadless(a, ofA.env);
        const { pid, claudePid } = await all.untilStatus(a, { phase: 'running' });
        await until('the model is asked', () => ofA.api.prompts().length > 0);
        await all.untilItNeedsASignIn(a);
        process.kill(pid, 'SIGKILL');
        await run;
        const serial = await all.signIn(a.configDir);
        expect(all.serialIn(global)).toBe(undefined);
        expect(existsSync(join(a.folder, 'pid'))).toBe(true);
        return { serial, claudePid };
      }

      it('the next engine merges what it left; a stop ends its Claude', async () => {
        const { serial, claudePid } = await killedWithASignIn();
        await all.world.startEngine();
        await all.untilSerial(serial, global);
        const stopped = await all.world.run(['mission', 'stop', a.id]);
        expect(stopped.code).toBe(0);
        expect(stopped.stderr).toContain(`process ${claudePid}`);
        expect(processStart(claudePid ?? 0)).toBeNull();
      });

      it('the next wrapper ends its Claude and merges what it left', async () => {
        const { serial, claudePid } = await killedWithASignIn();
        const next = await all.model(call('one'), { say: 'A goes on.' });
        const { code, stderr } = await all.runHeadless(a, next.env);
        expect([code, stderr]).toEqual([0, expect.stringContaining(`process ${claudePid}`)]);
        expect(processStart(claudePid ?? 0)).toBeNull();
        expect(all.serialIn(global)).toBe(serial);
        expect(callers()).toEqual([serial]);
        expect(output(a)).toContain('A goes on.');
      });
    });
  },
);
