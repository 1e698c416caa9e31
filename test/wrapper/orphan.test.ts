import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../main/system/processStart.ts';
import { endOrphan, findOrphan } from '../../main/wrapper/orphan.ts';
import { until } from '../support/until.ts';
import { createScene, type Scene, type StartOptions } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

/** Starts a wrapper and kills it. @returns the process of the Claude that lives on */
async function orphan(options: StartOptions): Promise<number> {
  const wrapper = scene.start(options);
  await scene.traced('claude-ready');
  await until('Claude is noted', () => scene.file('claude.pid') !== null);
  wrapper.process.kill('SIGKILL');
  // Not its output's end: Claude, orphaned, holds that open.
  await once(wrapper.process, 'exit');
  expect(scene.file('pid')).not.toBeNull();
  const [start] = await scene.traced('claude-start');
  return Number(start?.claudePid);
}

describe('a Claude whose wrapper was killed', () => {
  it('is ended by the next wrapper, before that clones and starts its own', async () => {
    const left = await orphan({});
    expect(findOrphan(scene.mission.folder)).toBe(left);
    const second = scene.start({ claudeDoes: 'exit 0' });
    expect(await second.exited).toBe(0);
    expect(second.output()).toMatch(
      new RegExp(`A Claude whose wrapper was killed .*process ${left}`),
    );
    expect(scene.trace().filter(({ what }) => what === 'clone')).toMatchObject([
      {},
      { claudeLives: false },
    ]);
    expect(scene.file('claude.pid')).toBeNull();
  });

  it('is killed if it does not end when told to', async () => {
    await orphan({ claudeDoes: 'ignore SIGTERM wait' });
    const second = scene.start({ claudeDoes: 'exit 0', limits: { graceMs: 200 } });
    expect(await second.exited).toBe(0);
    expect(scene.trace().findLast(({ what }) => what === 'clone')).toMatchObject({
      claudeLives: false,
    });
  });

  it('is found through its op', async () => {
    mkdirSync(join(scene.mission.workDir, '.claude'));
    writeFileSync(join(scene.mission.workDir, '.claude', 'secrets.env'), 'A=op://a/b/c\n');
    scene.program('op', '#!/bin/sh\ntrap "" TERM\nshift 5\n"$@"\n');
    const env = { PATH: `${scene.bin}:${process.env.PATH}` };
    const left = await orphan({ env });
    expect(findOrphan(scene.mission.folder)).not.toBe(left);
    expect(await endOrphan(scene.mission.folder, 10_000, () => undefined)).toBe(true);
    expect(processStart(left)).toBeNull();
  });
});

describe('the note of a Claude', () => {
  it('goes with it', async () => {
    const wrapper = scene.start();
    await scene.traced('claude-ready');
    await until('Claude is noted', () => scene.file('claude.pid') !== null);
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(scene.file('claude.pid')).toBeNull();
  });

  it.for(['of an earlier process of that number', 'that is damaged'])(
    '%s ends nobody, and goes',
    async (how) => {
      const other = spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(other, 'spawn');
      const pid = other.pid ?? 0;
      const note = { pid, start: `${processStart(pid)}0`, throughOp: false };
      const path = join(scene.mission.folder, 'claude.pid');
      writeFileSync(path, how === 'that is damaged' ? `{"pid":${pid}` : JSON.stringify(note));
      expect(findOrphan(scene.mission.folder)).toBeNull();
      expect(await endOrphan(scene.mission.folder, 10_000, () => undefined)).toBe(false);
      expect(scene.file('claude.pid')).toBeNull();
      expect(other.exitCode ?? other.signalCode).toBeNull();
      expect(processStart(pid)).not.toBeNull();
      other.kill();
      await once(other, 'exit');
    },
  );
});
