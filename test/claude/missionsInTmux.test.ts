import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callWrapper } from '../../main/wrapper/client.ts';
import { CLI } from '../support/engineProcess.ts';
import { until } from '../support/until.ts';
import { available } from './client.ts';
import {
  createMissionScene,
  type MissionScene,
  type TestMission,
  writeJson,
} from './missionScene.ts';

/* Interactive missions with the real client, in a real tmux. */

const found = await available();
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
const whyNot = !found.ok ? found.reason : hasTmux ? null : 'there is no tmux on PATH';

/** Nothing here waits for time; a client takes seconds to start where the machine is busy. */
const TIMEOUT_MS = 180_000;

describe.skipIf(whyNot !== null)(
  `interactive missions with the real client${whyNot === null ? '' : ` (skipped: ${whyNot})`}`,
  { timeout: TIMEOUT_MS },
  () => {
    let all: MissionScene;
    let mission: TestMission;

    beforeEach(async () => {
      all = await createMissionScene(found.ok ? found.claudePath : '');
      mission = await all.make('fix login');
    });
    afterEach(() => all.dispose());

    /** Opens the mission as users do. Whatever their own client would ask at its start, nobody answers. */
    async function open(env: Record<string, string>, ...options: string[]): Promise<void> {
      const args = ['mission', 'open', mission.id, ...options];
      const opened = await all.world.run(args, { ...env, ...all.tmux.env });
      expect([opened.code, opened.stderr]).toEqual([0, '']);
      expect(opened.stdout).toContain('tmux attach');
      await all.untilStatus(mission, { phase: 'running', mode: 'interactive' });
    }

    async function stop(): Promise<void> {
      const { code, stderr } = await all.world.run(['mission', 'stop', mission.id]);
      expect([code, stderr]).toEqual([0, '']);
      expect(existsSync(join(mission.folder, 'pid'))).toBe(false);
    }

    async function stateOf(): Promise<unknown> {
      const { json } = await all.world.run(['status', '--json']);
      return (json as { missions: { state: string }[] }).missions[0]?.state;
    }

    it('is asked nothing, runs, writes back at its stop, and goes on when resumed', async () => {
      const { world, tmux } = all;
      const { api, env } = await all.model({ say: 'A first answer.' }, { say: 'A second answer.' });
      await open(env);
      await tmux.prompt('remember the plum');
      await tmux.untilText('A first answer.');
      expect(await stateOf()).toBe('running');
      await all.untilItNeedsASignIn(mission);
      const serial = await all.signIn(mission.configDir);
      expect(all.serialIn(world.global.configDir)).toBe(undefined);
      await stop();
      expect(all.serialIn(world.global.configDir)).toBe(serial);
      expect(await stateOf()).toBe('stopped');

      await open(env, '--resume');
      await tmux.untilText('A first answer.');
      await tmux.prompt('and the pear');
      await tmux.untilText('A second answer.');
      const said = api.prompts().join('\n');
      expect(said).toContain('remember the plum');
      expect(said).toContain('and the pear');
      await stop();
    });

    it('tells by its hooks what it is at, and restarts gracefully once it is idle', async () => {
      const { tmux } = all;
      const answer = Promise.withResolvers<void>();
      const { api, env } = await all.model(
        { say: 'Found the plum.', before: () => answer.promise },
        { say: 'Still here.' },
      );
      await open(env);
      const before = await all.untilStatus(mission, { activity: 'idle' });
      await tmux.prompt('look for the plum');
      await all.untilStatus(mission, { activity: 'busy' });
      const named = { name: mission.id, folder: mission.folder };
      const pending = await callWrapper(named, 'restart', { mode: 'graceful' });
      expect(pending).toMatchObject({ phase: 'restart-pending', claudePid: before.claudePid });

      answer.resolve();
      await until('another Claude', () => all.logged(mission, 'claude-started').length === 2);
      const after = await all.untilStatus(mission, { phase: 'running', activity: 'idle' });
      expect(after.pid).toBe(before.pid);
      expect(after.claudePid).not.toBe(before.claudePid);
      await tmux.untilText('Found the plum.');
      await tmux.prompt('are you there');
      await tmux.untilText('Still here.');
      expect(api.prompts().join('\n')).toContain('look for the plum');
      await all.untilStatus(mission, { activity: 'idle' });
      expect(all.logged(mission, 'hook').map(({ name }) => name)).toEqual([
        'UserPromptSubmit',
        'Stop',
        'UserPromptSubmit',
        'Stop',
      ]);
      await stop();
    });

    it('of which the API refuses a turn is idle, and waits for its user', async () => {
      const { env } = await all.model({ refuse: 'No more today.' });
      await open(env);
      await all.tmux.prompt('go on');
      await all.tmux.untilText('No more today.');
      await all.untilStatus(mission, { activity: 'idle', attention: true });
      expect(all.logged(mission, 'hook').map(({ name }) => name)).toContain('StopFailure');
      await stop();
    });

    it('tells that Claude waits for a permission, run in a pane of the user’s', async () => {
      const { tmux, world } = all;
      // The client's own default would decide by itself.
      const settings = { permissions: { defaultMode: 'default' } };
      writeJson(join(world.global.configDir, 'settings.json'), settings);
      const { env } = await all.model(
        { callTool: 'Bash', input: { command: 'touch asked', description: 'Makes a file' } },
        { say: 'It is made.' },
      );
      const variables = Object.entries({ ...world.env, ...env }).map((pair) => pair.join('='));
      const command = [process.execPath, CLI, 'mission', 'run', mission.id];
      await tmux.run('new-session', '-d', '--', '/usr/bin/env', '-i', ...variables, ...command);
      await tmux.prompt('make a file');
      await all.untilStatus(mission, { activity: 'busy', attention: true });
      await tmux.run('send-keys', 'Enter');
      await tmux.untilText('It is made.');
      await all.untilStatus(mission, { activity: 'idle', attention: false });
      expect(existsSync(join(mission.folder, 'agent', 'asked'))).toBe(true);
      await stop();
    });
  },
);
