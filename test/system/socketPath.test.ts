import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callEngine, NoEngine } from '../../main/service/client.ts';
import { findSocket, isAccepting, makeListenPlace } from '../../main/system/socketPath.ts';
import { endProcess } from '../support/childProcess.ts';

const NOBODY = 65_534;

let root: string;
let wanted: string;
const before = process.env.TMPDIR;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-socket-'));
  chmodSync(root, 0o755);
  const long = join(root, 'x'.repeat(110));
  mkdirSync(long, { mode: 0o700 });
  wanted = join(long, 'engine.sock');
  process.env.TMPDIR = join(root, 'tmp');
  mkdirSync(process.env.TMPDIR);
  chmodSync(process.env.TMPDIR, 0o1777);
  // Comes last: what is registered later is undone first.
  onTestFinished(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(root, { recursive: true, force: true });
  });
});

async function listen(path: string): Promise<void> {
  const server = createServer((connection) => connection.destroy()).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}

const shared = () => join(root, 'tmp', `agenc-bar-${process.getuid?.() ?? 0}`);

describe('a socket whose path is too long', () => {
  it('is found by who knows nothing of the environment that it was made in', async () => {
    const session = join(root, 'session');
    mkdirSync(session, { mode: 0o700 });
    const place = makeListenPlace(wanted, { XDG_RUNTIME_DIR: session });
    expect(dirname(place.path)).toBe(join(session, 'agenc-bar'));
    await listen(place.path);
    process.env.TMPDIR = join(root, 'another');
    expect(findSocket(wanted)).toBe(place.path);
    expect(await isAccepting(wanted)).toBe(true);
    place.remove();
    expect(findSocket(wanted)).toBeNull();
    expect(await isAccepting(wanted)).toBe(false);
  });

  it.for([0o755, 0o711, 0o770])('is not put into a session folder of mode %i (decimal)', (mode) => {
    const session = join(root, 'session');
    mkdirSync(session);
    chmodSync(session, mode);
    const { path } = makeListenPlace(wanted, { XDG_RUNTIME_DIR: session });
    expect(dirname(path)).toBe(shared());
    expect(lstatSync(shared()).mode & 0o777).toBe(0o700);
  });

  it('is not put where a link leads, even to a folder of ours', () => {
    const ours = join(root, 'ours');
    mkdirSync(ours, { mode: 0o700 });
    symlinkSync(ours, shared());
    const { path } = makeListenPlace(wanted, {});
    expect(dirname(path)).not.toBe(shared());
    expect(readdirSync(ours)).toEqual([]);
  });

  it('is not looked for where a link of another name leads', async () => {
    const other = join(root, 'agent.sock');
    await listen(other);
    symlinkSync(other, wanted);
    expect(findSocket(wanted)).toBeNull();
    await expect(callEngine(wanted, 'status', {})).rejects.toThrow(NoEngine);
  });
});

describe('what stands in the place of a socket', () => {
  it.for(['a link to another socket', 'a file', 'a folder'])('%s is none', async (what) => {
    const path = join(root, 'wrapper.sock');
    const other = join(root, 'agent.sock');
    await listen(other);
    if (what === 'a folder') mkdirSync(path);
    else symlinkSync(what === 'a file' ? '/etc/hostname' : other, path);
    expect(findSocket(path)).toBeNull();
  });
});

const isRoot = process.getuid?.() === 0;
describe.skipIf(!isRoot)(
  `another user of the machine${isRoot ? '' : ' (skipped: needs root)'}`,
  () => {
    /** Makes our folder before we do, and listens in it under our name. */
    async function squat(name: string): Promise<void> {
      const script = `
        const [folder, name] = process.argv.slice(1);
        require('fs').mkdirSync(folder, { mode: 0o755 });
        require('net').createServer().listen(folder + '/' + name, () => console.log('listens'));`;
      const child = spawn('setpriv', [
        ...['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'],
        ...[process.execPath, '-e', script, shared(), name],
      ]);
      onTestFinished(() => endProcess(child));
      const said = await Promise.race([
        once(child.stdout, 'data').then(([text]) => String(text)),
        once(child.stderr, 'data').then(([text]) => String(text)),
      ]);
      expect(said.trim()).toBe('listens');
      expect(lstatSync(join(shared(), name)).uid).toBe(NOBODY);
    }
    /** The name that a socket of ours gets. */
    function nameOfOurs(): string {
      const place = makeListenPlace(wanted, {});
      const name = basename(readlinkSync(wanted));
      place.remove();
      rmSync(shared(), { recursive: true });
      return name;
    }

    it('who was there first is not spoken to, and keeps no engine from starting', async () => {
      await squat(nameOfOurs());
      expect(findSocket(wanted)).toBeNull();
      await expect(callEngine(wanted, 'status', {})).rejects.toThrow(NoEngine);
      const place = makeListenPlace(wanted, {});
      const folder = dirname(place.path);
      expect(folder).not.toBe(shared());
      expect(lstatSync(folder)).toMatchObject({ uid: process.getuid?.() });
      expect(lstatSync(folder).mode & 0o777).toBe(0o700);
      await listen(place.path);
      expect(findSocket(wanted)).toBe(place.path);
      rmSync(place.path);
      place.remove();
      expect(existsSync(folder)).toBe(false);
    });

    it('is refused with a clear error where a link leads to him', async () => {
      const name = nameOfOurs();
      await squat(name);
      symlinkSync(join(shared(), name), wanted);
      expect(() => findSocket(wanted)).toThrow(/belongs or is open to another user/);
      await expect(callEngine(wanted, 'status', {})).rejects.toThrow(/another user/);
    });
  },
);
