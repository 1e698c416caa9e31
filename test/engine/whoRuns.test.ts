import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { processStart } from '../../main/system/processStart.ts';
import { endProcess, isRunning, startSleeper } from '../support/childProcess.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

/* What a mission writes says who runs it, but never whom the user's own commands end. */

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

/** The user's editor, or whatever else has nothing to do with any mission. */
async function stranger() {
  const child = await startSleeper();
  onTestFinished(() => endProcess(child));
  return child;
}
const inFolder = (id: string, name: string) => join(world.paths.missions, id, name);

describe('mission stop', () => {
  it('ends no process that only the mission names', async () => {
    const other = await stranger();
    world.addMission('a', { running: false });
    world.setRunning('a', other.pid);
    writeFileSync(
      inFolder('a', 'claude.pid'),
      JSON.stringify({ pid: other.pid, start: processStart(other.pid), throughOp: false }),
    );
    const stopped = await world.run(['mission', 'stop', 'a']);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(`runs under process ${other.pid}`);
    expect(stopped.stderr).toContain('nothing was sent to it');
    expect(isRunning(other)).toBe(true);

    world.setStopped('a');
    const again = await world.run(['mission', 'stop', 'a']);
    expect(again.stderr).toContain('does not run');
    expect(isRunning(other)).toBe(true);
  });
});

describe('a mission does not run', () => {
  it('by a process that is dead but not buried', async () => {
    const parent = spawn('sh', ['-c', 'sleep 3600 & echo $!; exec sleep 3600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => endProcess(parent));
    const [said] = await once(parent.stdout, 'data');
    const pid = Number(String(said).trim());
    world.addMission('a', { running: false });
    world.setRunning('a', pid);
    await world.startEngine();
    expect((await world.mission('a')).state).toBe('running');
    process.kill(pid, 'SIGKILL');
    await until('it is seen', async () => (await world.mission('a')).state === 'stopped');
    expect(() => process.kill(pid, 0), 'it is still there').not.toThrow();
  });

  it('by a process that got the number of its wrapper later', async () => {
    const other = await stranger();
    world.addMission('a', { running: false });
    world.setRunning('a', other.pid);
    const hourAgo = Date.now() / 1_000 - 3_600;
    utimesSync(inFolder('a', 'pid'), hourAgo, hourAgo);
    const { json } = await world.run(['mission', 'ls', '--json']);
    expect(json).toMatchObject({ missions: [{ id: 'a', state: 'stopped' }] });
    // And it can be removed, though that number lives.
    expect((await world.run(['mission', 'rm', 'a'])).code).toBe(0);
    expect(isRunning(other)).toBe(true);
  });
});

describe('attach', () => {
  it.for([
    ['/', 'root of all folders'],
    ['the home folder', 'home folder itself'],
    ['the missions folder', 'is the missions folder'],
  ] as const)('refuses %s', async ([folder, why]) => {
    world.addMission('a');
    const paths = {
      '/': '/',
      'the home folder': world.env.HOME ?? '',
      'the missions folder': world.paths.missions,
    };
    const done = await world.run(['mission', 'attach', paths[folder]]);
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining(why ?? '')]);
  });

  it.skipIf(process.getuid?.() !== 0)('refuses a folder of another user', async () => {
    const folder = join(world.root, 'theirs');
    const { chownSync, mkdirSync } = await import('node:fs');
    mkdirSync(folder);
    chownSync(folder, 65_534, 65_534);
    const done = await world.run(['mission', 'attach', folder]);
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('another user')]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('SIGUSR1', () => {
  it.skipIf(process.platform !== 'linux')(
    'opens no inspector of an engine to the other users of the machine',
    async () => {
      const engine = await world.startEngine();
      const plain = spawn(
        process.execPath,
        ['--inspect-port=0', '-e', 'setInterval(()=>{},1000)'],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      onTestFinished(() => endProcess(plain));
      let said = '';
      plain.stderr.on('data', (text) => {
        said += String(text);
      });
      // A node that ends by it has not come to its own handler yet.
      await until('a plain node opens its inspector', () => {
        expect(isRunning(plain)).toBe(true);
        process.kill(engine.pid, 'SIGUSR1');
        if (listeners(plain.pid ?? 0) === 0 && ownHandler(plain.pid ?? 0)) plain.kill('SIGUSR1');
        return said.includes('Debugger listening');
      });
      expect(listeners(plain.pid ?? 0)).toBe(1);
      expect((await world.status()).engine.pid).toBe(engine.pid);
      expect(listeners(engine.pid)).toBe(0);
      expect(engine.stderr()).toBe('');
    },
  );
});

/** Whether a process handles SIGUSR1 (10) by now. */
function ownHandler(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (BigInt(`0x${caught ?? '0'}`) & (1n << 9n)) !== 0n;
}

/** How many TCP ports a process listens on. */
function listeners(pid: number): number {
  const LISTEN = '0A';
  const inodes = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const own = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return inodes.filter((inode) => own.includes(inode)).length;
}
