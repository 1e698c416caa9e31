import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readRunFile, writeRunFile } from '../../main/missions/runFile.ts';
import { identityOf, type ProcessIdentity } from '../../main/system/processIdentity.ts';
import { processStart } from '../../main/system/processStart.ts';
import { endOrphan, findOrphan } from '../../main/wrapper/orphan.ts';
import { endProcess, isRunning, startSleeper } from '../support/childProcess.ts';
import { until } from '../support/until.ts';
import { createScene, type Scene, type StartOptions } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

const noted = () => readRunFile(scene.mission.folder);

/** Starts a wrapper and kills it. @returns the process of the Claude that lives on */
async function orphan(options: StartOptions): Promise<number> {
  const wrapper = scene.start(options);
  await scene.traced('claude-ready');
  await until('Claude is noted', () => noted()?.claude != null);
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
    expect(noted()).toBeNull();
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
    const secrets = 'A=op://a/b/c\n';
    writeFileSync(join(scene.mission.workDir, '.claude', 'secrets.env'), secrets);
    scene.program('op', '#!/bin/sh\ntrap "" TERM\nshift 5\n"$@"\n');
    const env = { PATH: `${scene.bin}:${process.env.PATH}` };
    const left = await orphan({ env, approvedSecrets: hash('sha256', secrets) });
    expect(findOrphan(scene.mission.folder)).not.toBe(left);
    expect(await endOrphan(scene.mission.folder, 10_000, () => undefined)).toBe(true);
    expect(processStart(left)).toBeNull();
  });
});

describe('the note of a Claude', () => {
  it('goes with it', async () => {
    const wrapper = scene.start();
    await scene.traced('claude-ready');
    await until('Claude is noted', () => noted()?.claude != null);
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(noted()).toBeNull();
  });

  it.for([
    'in the mission’s own folder',
    'of an earlier process of that number',
    'of before the last boot',
    'of another container',
    'whose wrapper lives',
    'that is damaged',
  ])('%s ends nobody', async (how) => {
    const other = await startSleeper();
    onTestFinished(() => endProcess(other));
    const { pid } = other;
    const { folder } = scene.mission;
    const claude = { ...identityOrThrow(pid), throughOp: false };
    const dead = { ...identityOrThrow(process.pid), start: '1' };
    const notes: Readonly<Record<string, () => Promise<void>>> = {
      async 'in the mission’s own folder'() {
        const { start } = claude;
        const text = JSON.stringify({ pid, start, throughOp: false });
        writeFileSync(join(folder, 'claude.pid'), text);
        writeFileSync(join(folder, 'run.json'), JSON.stringify({ wrapper: dead, claude }));
      },
      'of an earlier process of that number': () =>
        writeRunFile(folder, { wrapper: dead, claude: { ...claude, start: `${claude.start}0` } }),
      'of before the last boot': () =>
        writeRunFile(folder, { wrapper: dead, claude: { ...claude, boot: 'another' } }),
      'of another container': () =>
        writeRunFile(folder, { wrapper: dead, claude: { ...claude, pidNamespace: 'pid:[1]' } }),
      'whose wrapper lives': () =>
        writeRunFile(folder, { wrapper: identityOrThrow(process.ppid), claude }),
      async 'that is damaged'() {
        await writeRunFile(folder, { wrapper: dead, claude });
        truncateSync(join(scene.root, 'bar', 'runs', `${scene.mission.id}.json`), 40);
      },
    };
    await notes[how]?.();
    expect(findOrphan(folder)).toBeNull();
    expect(await endOrphan(folder, 10_000, () => undefined)).toBe(false);
    expect(isRunning(other)).toBe(true);
    expect(processStart(pid)).not.toBeNull();
  });
});

function identityOrThrow(pid: number): ProcessIdentity {
  const identity = identityOf(pid);
  if (identity === null) throw new Error(`there is no process ${pid}`);
  return identity;
}
