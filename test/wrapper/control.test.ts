import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSocket } from '../../main/system/socketPath.ts';
import { UserError } from '../../main/system/userError.ts';
import { callWrapper, NoWrapper } from '../../main/wrapper/client.ts';
import { reportHook } from '../../main/wrapper/reportHook.ts';
import { CLI } from '../support/engineProcess.ts';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { createScene, type Scene, type Wrapper } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

async function running(...options: Parameters<Scene['start']>): Promise<Wrapper> {
  const wrapper = scene.start(...options);
  await scene.traced('claude-ready');
  await until('it runs', async () => (await status()).phase === 'running');
  return wrapper;
}

const status = () => callWrapper(scene.mission, 'status', {});
const starts = () => scene.trace().filter(({ what }) => what === 'claude-start');

/** As Claude runs a hook. */
function hook(event: string, input: object = {}, env: NodeJS.ProcessEnv = {}): Promise<void> {
  return reportHook({
    event,
    stdin: Readable.from([JSON.stringify({ session_id: 'x', hook_event_name: event, ...input })]),
    env: {
      CLAUDE_CONFIG_DIR: scene.mission.configDir,
      AGENC_MISSION_UUID: scene.mission.id,
      ...env,
    },
  });
}

describe('the control socket', () => {
  it('tells how the mission is, to this user only', async () => {
    const wrapper = await running();
    expect(await status()).toMatchObject({
      missionId: scene.mission.id,
      pid: wrapper.process.pid,
      claudePid: starts()[0]?.claudePid,
      mode: 'interactive',
      phase: 'running',
      activity: 'idle',
      attention: false,
    });
    expect(statSync(join(scene.mission.folder, 'wrapper.sock')).mode & 0o777).toBe(0o600);
  });

  it('stops a mission: Claude is asked to end, and all is cleaned up', async () => {
    const wrapper = await running({ claudeDoes: 'note SIGTERM wait' });
    expect(await callWrapper(scene.mission, 'stop', {})).toMatchObject({ phase: 'stopping' });
    expect(await scene.traced('claude-signal')).toMatchObject([{ signal: 'SIGTERM' }]);
    await expect(callWrapper(scene.mission, 'restart', { mode: 'hard' })).rejects.toThrow(
      'The mission is stopping',
    );
    process.kill(Number(starts()[0]?.claudePid), 'SIGKILL');
    expect(await wrapper.exited).toBe(0);
    expect(scene.file('pid')).toBeNull();
  });

  it('nobody there is NoWrapper', async () => {
    await expect(status()).rejects.toThrow(NoWrapper);
    const wrapper = await running();
    wrapper.process.kill('SIGKILL');
    await until('the socket is dead', () =>
      status().then(
        () => false,
        (error) => error instanceof NoWrapper,
      ),
    );
  });

  it('refuses what is no command, or not as it should be', async () => {
    await running();
    const restart = callWrapper(scene.mission, 'restart', { mode: 'soft' as 'hard' });
    await expect(restart).rejects.toThrow(UserError);
    const other = callWrapper(scene.mission, 'constructor' as 'stop', {});
    await expect(other).rejects.toThrow('There is no command');
  });

  it('works where the path is longer than the system allows', async () => {
    await scene.end();
    scene = createScene(`mission-${'x'.repeat(120)}`);
    const wanted = join(scene.mission.folder, 'wrapper.sock');
    expect(findSocket(wanted)).toBeNull();
    const wrapper = await running();
    expect(findSocket(wanted)).not.toBe(wanted);
    await hook('UserPromptSubmit');
    expect((await status()).activity).toBe('busy');
    await callWrapper(scene.mission, 'stop', {});
    expect(await wrapper.exited).toBe(0);
    expect(readdirSync(scene.mission.folder)).not.toContain('wrapper.sock');
  });
});

describe('a restart', () => {
  it('waits for an idle Claude when graceful, and continues its conversation', async () => {
    const wrapper = await running();
    await hook('UserPromptSubmit');
    const pending = await callWrapper(scene.mission, 'restart', { mode: 'graceful' });
    expect(pending.phase).toBe('restart-pending');
    await hook('Notification', { notification_type: 'permission_prompt' });
    expect(await status()).toMatchObject({ phase: 'restart-pending', attention: true });
    expect(starts()).toHaveLength(1);
    await hook('Stop');
    await scene.traced('claude-start', 2);
    expect(starts()[1]).toMatchObject({ args: ['--continue'] });
    // Each Claude has its clone before and its write-back after it.
    expect(
      scene
        .trace()
        .map(({ what }) => what)
        .filter((what) => what !== 'claude-ready'),
    ).toEqual(['clone', 'claude-start', 'writeBack', 'clone', 'claude-start']);
    await until('it runs', async () => (await status()).phase === 'running');
    expect(await status()).toMatchObject({ pid: wrapper.process.pid, activity: 'idle' });
  });

  it('waits for nothing when hard', async () => {
    await running();
    await hook('UserPromptSubmit');
    await callWrapper(scene.mission, 'restart', { mode: 'hard' });
    await scene.traced('claude-start', 2);
  });

  it('starts afresh where there is no conversation yet', async () => {
    await running();
    await callWrapper(scene.mission, 'restart', { mode: 'graceful' });
    await scene.traced('claude-start', 2);
    expect(starts()[1]).toMatchObject({ args: [] });
  });

  it('is not for headless missions', async () => {
    await running({ mode: { kind: 'headless', prompt: 'Fix it.' } });
    await expect(callWrapper(scene.mission, 'restart', { mode: 'hard' })).rejects.toThrow(
      'A headless mission is not restarted',
    );
  });
});

describe('a hook', () => {
  it('tells busy, idle and attention, and nothing of the prompt', async () => {
    await running();
    await hook('UserPromptSubmit', { prompt: `${MARK}prompt` });
    expect(await status()).toMatchObject({ activity: 'busy', attention: false });
    await hook('Notification', { message: `${MARK}message`, notification_type: 'auth_success' });
    expect(await status()).toMatchObject({ activity: 'busy', attention: false });
    await hook('StopFailure', { error: 'rate_limit', error_details: `${MARK}details` });
    expect(await status()).toMatchObject({ activity: 'idle', attention: true });
    await hook('UserPromptSubmit');
    await hook('Notification', { notification_type: 'idle_prompt' });
    expect(await status()).toMatchObject({ activity: 'idle', attention: true });
    await hook('Stop');
    expect(await status()).toMatchObject({ activity: 'idle', attention: false });
    expect(scene.file('wrapper.log')).toContain('"hook"');
    expect(scene.file('wrapper.log')).not.toContain(MARK);
  });

  it('ends without a word where nobody answers, or nothing makes sense', async () => {
    await hook('Stop');
    await hook('Stop', {}, { CLAUDE_CONFIG_DIR: undefined });
    await hook('Stop', {}, { AGENC_MISSION_UUID: 'another' });
    const rubbish = { event: 'Notification', stdin: Readable.from(['{']), env: {} };
    await expect(reportHook(rubbish)).resolves.toBe(undefined);
    const endless = { event: 'Stop', stdin: new Readable({ read: () => undefined }), env: {} };
    await expect(reportHook(endless)).resolves.toBe(undefined);
  });

  it('as the command, needs only the small part of the bundle', async () => {
    // Without the parts that only some commands load, and of those that it does load no more than what is small.
    const alone = join(scene.root, 'cli.js');
    const parts = [CLI];
    for (const part of parts) {
      const text = readFileSync(part, 'utf8');
      for (const [, next = ''] of text.matchAll(/^import .* from "(\.\/.+)";$/gm))
        parts.push(join(dirname(part), next));
      writeFileSync(join(scene.root, basename(part)), text);
    }
    writeFileSync(join(scene.root, 'package.json'), '{"type":"module"}');
    expect(parts.reduce((sum, part) => sum + statSync(part).size, 0)).toBeLessThan(50_000);
    await running();
    const { mission } = scene;
    const { status: code } = spawnSync(process.execPath, [alone, 'hook', 'UserPromptSubmit'], {
      env: { CLAUDE_CONFIG_DIR: mission.configDir, AGENC_MISSION_UUID: mission.id },
      input: '{}',
    });
    expect(code).toBe(0);
    await until('the wrapper knows', async () => (await status()).activity === 'busy');
  });

  it('does not wait for a wrapper that hangs', async () => {
    const wrapper = await running();
    wrapper.process.kill('SIGSTOP');
    await hook('Stop');
    wrapper.process.kill('SIGCONT');
  });
});
