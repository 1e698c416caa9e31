import { spawnSync } from 'node:child_process';
import { watch } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../main/missions/pid.ts';
import { until } from '../support/until.ts';
import { createScene, type Scene } from './scene.ts';

/** Of bsdutils, which every Debian has; macOS has another with other options. */
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux');

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

describe('an interactive mission', () => {
  it('goes: pid file, clone, Claude, write-back, socket away, pid file away', async () => {
    const gone: (string | null)[] = [];
    const watcher = watch(scene.mission.folder, (_, name) => gone.push(name));
    const wrapper = scene.start({ claudeDoes: 'exit 7' });
    expect(await wrapper.exited).toBe(7);
    await until('the pid file goes last', () => gone.at(-1) === 'pid');
    watcher.close();
    expect(gone.at(-2)).toBe('wrapper.sock');
    expect(scene.trace().map(({ what }) => what)).toEqual(['clone', 'claude-start', 'writeBack']);
    const own = String(wrapper.process.pid);
    expect(scene.trace()).toMatchObject([
      { pidFile: own, socket: true, claudeLives: false },
      { pidFile: own },
      { pidFile: own, socket: true, claudeLives: false },
    ]);
    expect(scene.file('pid')).toBeNull();
  });

  it('gives Claude the mission’s environment and folder, and the user’s variables', async () => {
    scene.start({ claudeDoes: 'exit 0', env: { USER_VARIABLE: 'kept' } });
    const [start] = await scene.traced('claude-start');
    expect(start).toMatchObject({
      args: [],
      cwd: scene.mission.workDir,
      configDir: scene.mission.configDir,
      missionId: scene.mission.id,
      userVariable: 'kept',
      token: null,
    });
  });

  it('continues the last conversation when resumed', async () => {
    scene.start({ claudeDoes: 'exit 0', resume: true });
    expect(await scene.traced('claude-start')).toMatchObject([{ args: ['--continue'] }]);
  });

  it.for(['SIGTERM', 'SIGHUP'] as const)(
    'passes %s on to Claude, then cleans up',
    async (signal) => {
      const wrapper = scene.start({ claudeDoes: `note ${signal} wait` });
      await scene.traced('claude-ready');
      wrapper.process.kill(signal);
      expect(await scene.traced('claude-signal')).toMatchObject([{ signal }]);
      const [start] = scene.trace().filter(({ what }) => what === 'claude-start');
      process.kill(Number(start?.claudePid), 'SIGKILL');
      expect(await wrapper.exited).toBe(137);
      expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
      expect(scene.file('pid')).toBeNull();
    },
  );

  it('kills a Claude that does not end when told to', async () => {
    const wrapper = scene.start({ claudeDoes: 'ignore SIGTERM wait', limits: { graceMs: 200 } });
    await scene.traced('claude-ready');
    wrapper.process.kill('SIGTERM');
    expect(await wrapper.exited).toBe(137);
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
    expect(scene.file('wrapper.log')).toContain('"killed"');
  });

  it('ends a suspended Claude as well', async () => {
    const wrapper = scene.start();
    const [start] = await scene.traced('claude-start');
    await scene.traced('claude-ready');
    process.kill(Number(start?.claudePid), 'SIGSTOP');
    wrapper.process.kill('SIGTERM');
    expect(await wrapper.exited).toBe(143);
  });

  it('writes back after a crash of Claude’s, and says that it ended at once', async () => {
    const wrapper = scene.start({ claudeDoes: 'crash 3' });
    expect(await wrapper.exited).toBe(3);
    expect(scene.trace().at(-1)?.what).toBe('writeBack');
    expect(wrapper.output()).toContain('Claude ended at once, with exit code 3');
  });

  it('that cannot be resumed says how to run it', async () => {
    const wrapper = scene.start({ claudeDoes: 'crash 1', resume: true });
    expect(await wrapper.exited).toBe(1);
    expect(wrapper.output()).toContain('run it without --resume');
  });

  it('is not kept from starting by a clone that fails, and says so', async () => {
    const wrapper = scene.start({ claudeDoes: 'exit 0', fail: 'clone' });
    expect(await wrapper.exited).toBe(0);
    expect(wrapper.output()).toContain('The keychain is locked.');
    expect(scene.trace().map(({ what }) => what)).toContain('claude-start');
  });

  it('tells by its exit code that the write-back failed, and removes the pid file', async () => {
    const wrapper = scene.start({ claudeDoes: 'exit 0', fail: 'writeBack' });
    expect(await wrapper.exited).toBe(4);
    expect(scene.file('wrapper.log')).toContain('The keychain is locked.');
    expect(scene.file('pid')).toBeNull();
  });

  it('starts no Claude if it is ended during the clone', async () => {
    const wrapper = scene.start({ cloneMs: 300 });
    await scene.traced('clone');
    wrapper.process.kill('SIGINT');
    expect(await wrapper.exited).toBe(130);
    expect(scene.trace().map(({ what }) => what)).toEqual(['clone', 'writeBack']);
  });
});

describe.skipIf(!hasScript)('in a terminal', () => {
  it('hands the terminal through', async () => {
    const wrapper = scene.start({ claudeDoes: 'print hello exit 0', pty: true });
    expect(await wrapper.exited).toBe(0);
    expect(scene.trace()).toContainEqual(expect.objectContaining({ tty: true }));
    expect(wrapper.output()).toContain('hello');
  });

  it('Ctrl-C reaches Claude, and the wrapper survives it', async () => {
    const wrapper = scene.start({ claudeDoes: 'note SIGINT wait', pty: true });
    await scene.traced('claude-ready');
    wrapper.type('\x03');
    expect(await scene.traced('claude-signal')).toMatchObject([{ signal: 'SIGINT' }]);
    wrapper.type('\x03');
    await scene.traced('claude-signal', 2);
    expect(isAlive(wrapper.pid())).toBe(true);
    process.kill(wrapper.pid(), 'SIGTERM');
    expect(await wrapper.exited).toBe(143);
  });

  it('cleans up when the terminal is closed', async () => {
    const wrapper = scene.start({ pty: true });
    await scene.traced('claude-ready');
    wrapper.process.kill('SIGKILL');
    await scene.traced('writeBack');
    await until('the pid file is gone', () => scene.file('pid') === null);
  });

  it('puts the terminal back as it was after a Claude that was killed in raw mode', async () => {
    const wrapper = scene.start({ claudeDoes: 'raw wait', pty: true, fail: 'writeBack' });
    const [ready] = await scene.traced('claude-start');
    await scene.traced('claude-ready');
    process.kill(Number(ready?.claudePid), 'SIGKILL');
    expect(await wrapper.exited).toBe(137);
    expect(wrapper.output()).toContain('\x1b[?25h');
    // In raw mode a line would end without its carriage return.
    expect(wrapper.output()).toMatch(/not carried[^\n]*\r\n/);
  });
});
