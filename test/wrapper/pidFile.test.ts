import { once } from 'node:events';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { processAge } from '../../main/system/processStart.ts';
import { claimPidFile } from '../../main/wrapper/pidFile.ts';
import { endProcess, startSleeper } from '../support/childProcess.ts';
import { createScene, type Scene } from './scene.ts';

let scene: Scene;
let path: string;
let socket: string;
beforeEach(() => {
  scene = createScene();
  path = join(scene.mission.folder, 'pid');
  socket = join(scene.mission.folder, 'wrapper.sock');
});
afterEach(() => scene.end());

const claim = () => claimPidFile(path, socket);

/** A process that has nothing to do with the mission. @returns its number */
async function stranger(): Promise<number> {
  const child = await startSleeper();
  onTestFinished(() => endProcess(child));
  return child.pid;
}

function writePid(pid: number, agoMs = 0): void {
  writeFileSync(path, String(pid));
  const at = (Date.now() - agoMs) / 1000;
  utimesSync(path, at, at);
}

describe('the pid file', () => {
  it('holds the bare number, as AgenC reads it, and is private', async () => {
    const claimed = await claim();
    expect(scene.file('pid')).toBe(String(process.pid));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    if (claimed.status === 'claimed') claimed.release();
    expect(readdirSync(scene.mission.folder).sort()).toEqual(['agent', 'claude-config']);
  });

  it('of a live wrapper is respected, also our own process’s', async () => {
    const pid = await stranger();
    writePid(pid);
    expect(await claim()).toEqual({ status: 'held', pid });
    writePid(process.pid);
    expect(await claim()).toEqual({ status: 'held', pid: process.pid });
  });

  it.for(['4194999', '', 'rubbish', '0', '-1'])('of nobody (%j) is replaced', async (text) => {
    writeFileSync(path, text);
    utimesSync(path, 1, 1);
    expect(await claim()).toMatchObject({ status: 'claimed' });
    expect(scene.file('pid')).toBe(String(process.pid));
  });

  it('whose number went to another process since is replaced', async () => {
    writePid(await stranger(), 3_600_000);
    expect(await claim()).toMatchObject({ status: 'claimed' });
  });

  it('is respected after a jump of the clock, as long as somebody listens', async () => {
    const server = createServer().listen(socket);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const pid = await stranger();
    writePid(pid, 3_600_000);
    expect(await claim()).toEqual({ status: 'held', pid });
  });

  it('that another wrapper wrote over ours is left to it', async () => {
    const claimed = await claim();
    writeFileSync(path, '1');
    if (claimed.status === 'claimed') claimed.release();
    expect(scene.file('pid')).toBe('1');
  });

  it('a takeover that was killed half-way holds nobody up for long', async () => {
    writePid(4_194_999, 60_000);
    const { ino, mtimeNs } = statSync(path, { bigint: true });
    const marker = `${path}.takeover.${ino}-${mtimeNs}`;
    writeFileSync(marker, '');
    utimesSync(marker, 1, 1);
    expect(await claim()).toMatchObject({ status: 'claimed' });
  });
});

describe('how old a process is', () => {
  it('is known, and of none it is not', async () => {
    // Node itself needs a moment, and on a busy machine a long one, before it counts.
    const extra = (processAge(process.pid) ?? -Infinity) - process.uptime() * 1000;
    expect(extra).toBeGreaterThan(-100);
    expect(extra).toBeLessThan(60_000);
    expect(processAge(4_194_999)).toBeNull();
  });
});

describe('two wrappers for one mission', () => {
  it('the second says so, names the first, and ends', async () => {
    const first = scene.start();
    await scene.traced('claude-ready');
    const second = scene.start();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`runs already (process ${first.process.pid})`);
    expect(scene.file('pid')).toBe(String(first.process.pid));
    first.process.kill('SIGTERM');
    await first.exited;
  });

  it.for(['no file', 'a dead one'])(
    'that start at once over %s: exactly one wins',
    async (before) => {
      if (before === 'a dead one') writePid(4_194_999, 60_000);
      const wrappers = [scene.start(), scene.start(), scene.start()];
      await scene.traced('claude-ready');
      const winner = wrappers.find(({ process: { pid } }) => String(pid) === scene.file('pid'));
      const others = wrappers.filter((wrapper) => wrapper !== winner);
      expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([1, 1]);
      expect(scene.trace().filter(({ what }) => what === 'claude-start')).toHaveLength(1);
      winner?.process.kill('SIGTERM');
      expect(await winner?.exited).toBe(143);
    },
  );

  it('a mission whose pid file names an unrelated process starts', async () => {
    writePid(await stranger(), 3_600_000);
    const wrapper = scene.start({ claudeDoes: 'exit 0' });
    expect(await wrapper.exited).toBe(0);
  });
});
