import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeToken, MARK } from '../support/fake.ts';
import { createScene, type Scene, type StartOptions } from './scene.ts';

const PROMPT = "Fix the login.\nIt's $HOME, not `pwd` 🙂";

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

const start = (options: StartOptions = {}, timeoutMs?: number) =>
  scene.start({
    mode: { kind: 'headless', prompt: PROMPT, ...(timeoutMs !== undefined && { timeoutMs }) },
    ...options,
  });

describe('a headless mission', () => {
  it('gives Claude the prompt, not through its arguments, and keeps its output', async () => {
    const wrapper = start({ claudeDoes: 'print done exit 0' });
    expect(await wrapper.exited).toBe(0);
    expect(scene.trace()[1]).toMatchObject({ args: ['--print'], prompt: PROMPT });
    expect(scene.file('claude-output.log')).toBe('done\n');
    expect(statSync(join(scene.mission.folder, 'claude-output.log')).mode & 0o777).toBe(0o600);
    expect(scene.file('wrapper.log')).not.toContain('Fix the login');
    expect(wrapper.output()).toBe('');
  });

  it('continues with -c', async () => {
    start({ claudeDoes: 'exit 0', resume: true });
    expect(await scene.traced('claude-start')).toMatchObject([{ args: ['--print', '-c'] }]);
  });

  it('tells Claude’s last lines when it fails, after the write-back', async () => {
    const wrapper = start({ claudeDoes: 'crash 3' });
    expect(await wrapper.exited).toBe(50);
    expect(wrapper.output()).toContain('Claude ended with exit code 3: Something broke.');
    expect(wrapper.output()).toContain('Invalid configuration: no such thing.');
    expect(scene.trace().at(-1)?.what).toBe('writeBack');
    expect(scene.file('claude-output.log')).toContain('Something broke.');
    expect(scene.file('wrapper.log')).not.toContain('Something broke.');
  });

  it('ends Claude when its time is up, by force if it must be', async () => {
    const wrapper = start({ claudeDoes: 'ignore SIGTERM wait', limits: { graceMs: 200 } }, 700);
    expect(await wrapper.exited).toBe(124);
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
    expect(scene.file('wrapper.log')).toContain('"by":"timeout"');
    expect(scene.file('pid')).toBeNull();
  });

  it.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with Claude on %s', async (signal) => {
    const wrapper = start();
    await scene.traced('claude-ready');
    wrapper.process.kill(signal);
    expect(await wrapper.exited).toBeGreaterThan(128);
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
  });

  it('rotates the output, with three backups', async () => {
    const wrapper = start({
      claudeDoes: 'flood 900000 print last exit 0',
      limits: { outputBytes: 100_000 },
    });
    expect(await wrapper.exited).toBe(0);
    for (const name of ['.1', '.2', '.3'])
      expect(scene.file(`claude-output.log${name}`)).not.toBeNull();
    expect(scene.file('claude-output.log.4')).toBeNull();
    const all = ['.3', '.2', '.1', ''].map((name) => scene.file(`claude-output.log${name}`));
    expect(all.join('').endsWith('last\n')).toBe(true);
    expect(statSync(join(scene.mission.folder, 'claude-output.log.1')).mode & 0o777).toBe(0o600);
  });

  it('never appends what Claude says to a file of the user’s, nor changes its mode', async () => {
    const rc = join(scene.root, '.bashrc');
    const keys = join(scene.root, 'authorized_keys');
    for (const path of [rc, keys]) writeFileSync(path, '# mine\n', { mode: 0o644 });
    symlinkSync(rc, join(scene.mission.folder, 'claude-output.log'));
    linkSync(keys, join(scene.mission.folder, 'wrapper.log'));
    const wrapper = start({ claudeDoes: 'print done exit 0' });
    expect(await wrapper.exited).toBe(0);
    for (const path of [rc, keys]) {
      expect(readFileSync(path, 'utf8')).toBe('# mine\n');
      expect(statSync(path).mode & 0o777).toBe(0o644);
    }
    expect(scene.file('claude-output.log')).toBe('done\n');
    expect(scene.file('wrapper.log')).toContain('"event":"end"');
  });

  it('goes on when its output cannot be logged', async () => {
    mkdirSync(join(scene.mission.folder, 'claude-output.log'));
    const wrapper = start({ claudeDoes: 'flood 300000 exit 0' });
    expect(await wrapper.exited).toBe(0);
    expect(wrapper.output()).toContain('output cannot be logged');
  });
});

describe('what cannot be started', () => {
  it('a Claude that is not there: said, written back, pid file gone', async () => {
    const wrapper = start({ claude: '/nowhere/claude' });
    expect(await wrapper.exited).toBe(1);
    expect(wrapper.output()).toContain('/nowhere/claude cannot be started');
    expect(scene.trace().map(({ what }) => what)).toEqual(['clone', 'writeBack']);
    expect(scene.file('pid')).toBeNull();
  });

  it('a mission without its work folder: said, and nothing touched', async () => {
    rmSync(scene.mission.workDir, { recursive: true });
    const wrapper = start();
    expect(await wrapper.exited).toBe(1);
    expect(wrapper.output()).toContain(`${scene.mission.workDir} is not there`);
    expect(scene.trace()).toEqual([]);
  });
});

describe('a token', () => {
  it('reaches Claude’s environment, and no argument, log or output', async () => {
    const token = fakeToken('oauth');
    writeFileSync(scene.tokenPath, `${token}\n`);
    const wrapper = start({ claudeDoes: 'crash 1' });
    await wrapper.exited;
    const [claude] = await scene.traced('claude-start');
    expect(claude?.token).toBe(token);
    expect(claude?.cmdline).not.toContain(MARK);
    for (const name of ['wrapper.log', 'claude-output.log'])
      expect(scene.file(name)).not.toContain(MARK);
    expect(wrapper.output()).not.toContain(MARK);
  });
});
