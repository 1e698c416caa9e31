import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { acquireEngineLock, engineLockHolder } from '../../main/sync/engineLock.ts';
import type { TryKernelLock } from '../../main/system/kernelLock.ts';
import { identityOf, type ProcessIdentity } from '../../main/system/processIdentity.ts';
import { endProcess } from '../support/childProcess.ts';
import { until } from '../support/until.ts';

const HOLDER = fileURLToPath(new URL('lockHolder.ts', import.meta.url));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-lock-'));
  path = join(folder, 'bar', 'engine.lock');
  // Comes last: what is registered later is undone first.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function acquire(options?: Parameters<typeof acquireEngineLock>[1]) {
  const lock = await acquireEngineLock(path, options);
  if (lock.status === 'acquired') onTestFinished(() => lock.release());
  return lock;
}

/** Another process that takes the lock, and keeps it. */
async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOLDER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => endProcess(child));
  const [said] = await once(child.stdout, 'data');
  expect(String(said).trim()).toBe('acquired');
  return child;
}

const ownerOf = (text: string) => JSON.parse(text) as ProcessIdentity;
const ours = () => {
  const identity = identityOf(process.pid);
  if (identity === null) throw new Error('this process has no identity');
  return identity;
};
function leave(owner: ProcessIdentity): void {
  mkdirSync(join(folder, 'bar'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(owner)}\n`);
}

describe('the engine lock', () => {
  it('is held by one, named to the next, and free again after', async () => {
    const lock = await acquire();
    expect(lock).toMatchObject({ status: 'acquired', afterCrash: false, weakness: null });
    const who = `process ${process.pid}`;
    expect(await acquire()).toEqual({ status: 'held', pid: process.pid, who });
    expect(await engineLockHolder(path)).toEqual({ pid: process.pid, who });
    expect(ownerOf(readFileSync(path, 'utf8'))).toEqual(ours());
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    if (lock.status === 'acquired') lock.release();
    expect(readdirSync(join(folder, 'bar'))).toEqual([]);
    expect(await engineLockHolder(path)).toBeNull();
    expect(await acquire()).toMatchObject({ status: 'acquired', afterCrash: false });
  });

  it('of a process that was killed is free at once, and the next one knows', async () => {
    const child = await holder();
    expect(await acquire()).toEqual({
      status: 'held',
      pid: child.pid,
      who: `process ${child.pid}`,
    });
    await endProcess(child);
    expect(await engineLockHolder(path)).toBeNull();
    expect(await acquire()).toMatchObject({ status: 'acquired', afterCrash: true });
  });

  it('is got by one of many who find a dead one', async () => {
    leave({ ...ours(), pid: 999_999_999 });
    const results = await Promise.all(Array.from({ length: 20 }, () => acquire()));
    expect(results.filter(({ status }) => status === 'acquired')).toHaveLength(1);
  });

  it('is not free because its file says so: whoever writes into it steals nothing', async () => {
    const child = await holder();
    for (const text of ['', 'rubbish', JSON.stringify({ ...ours(), pid: 999_999_999 })]) {
      writeFileSync(path, text);
      expect(await acquire()).toMatchObject({ status: 'held', pid: null });
    }
    await endProcess(child);
  });

  it('names a holder in another pid namespace without a number that would mislead here', async () => {
    const child = await holder();
    const noted = { ...ownerOf(readFileSync(path, 'utf8')), pidNamespace: 'pid:[1]', host: 'box' };
    writeFileSync(path, JSON.stringify(noted));
    expect(await acquire()).toEqual({
      status: 'held',
      pid: null,
      who: `in another container or on another machine: process ${child.pid} of box`,
    });
    expect(await engineLockHolder(path)).toMatchObject({ pid: null });
  });

  it.for(['its file', 'the whole folder'])('is lost with %s', async (what) => {
    const lock = await acquire();
    if (lock.status !== 'acquired') throw new Error('not acquired');
    expect(lock.isOurs()).toBe(true);
    if (what === 'its file') renameSync(path, `${path}.aside`);
    else renameSync(join(folder, 'bar'), join(folder, 'bar-2'));
    expect(lock.isOurs()).toBe(false);
    // Another's in its place is not ours to remove.
    const next = await acquire();
    expect(next.status).toBe('acquired');
    lock.release();
    expect(next.status === 'acquired' && next.isOurs()).toBe(true);
  });

  it('is not taken while somebody answers on the socket: its holder has not noticed yet', async () => {
    const socket = join(folder, 'engine.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    expect(await acquire({ socket })).toMatchObject({ status: 'held' });
    server.close();
    await once(server, 'close');
    expect(await acquire({ socket })).toMatchObject({ status: 'acquired' });
  });
});

describe('what stands in the place of the lock', () => {
  const odd: Readonly<Record<string, () => void>> = {
    rubbish: () => writeFileSync(path, 'hello world'),
    'zero bytes': () => writeFileSync(path, ''),
    'bytes that are no text': () => writeFileSync(path, Buffer.from([0, 255, 254])),
    'a megabyte': () => writeFileSync(path, Buffer.alloc(1 << 20, 49)),
    'the mark of an earlier version': () => writeFileSync(path, `${process.pid} 1 0123\n`),
    'a number alone': () => writeFileSync(path, `${process.pid}\n`),
    'this very process before a reboot': () => leave({ ...ours(), boot: 'another' }),
    'this number with another start': () => leave({ ...ours(), start: '1' }),
    'a pipe': () => void spawnSync('mkfifo', [path]),
    'a link to nowhere': () => symlinkSync('/nowhere/at/all', path),
    'a link to an endless device': () => symlinkSync('/dev/zero', path),
    'a link to itself': () => symlinkSync('engine.lock', path),
  };

  it.for(Object.keys(odd))('%s: the lock is taken all the same', async (what) => {
    mkdirSync(join(folder, 'bar'));
    odd[what]?.();
    expect(await acquire()).toMatchObject({ status: 'acquired' });
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('a folder: the error says so', async () => {
    mkdirSync(path, { recursive: true });
    await expect(acquire()).rejects.toThrow(`${path} is a folder; remove it`);
    expect(await engineLockHolder(path)).toBeNull();
  });
});

describe('where the file system keeps no locks', () => {
  const tryLock: TryKernelLock = async () => ({ status: 'unsupported', detail: 'ENOLCK' });

  it('says so, and still lets in only one', async () => {
    const lock = await acquire({ tryLock });
    expect(lock).toMatchObject({
      status: 'acquired',
      weakness: expect.stringContaining('ENOLCK'),
    });
    expect(await acquire({ tryLock })).toMatchObject({ status: 'held', pid: process.pid });
  });

  it('believes whoever answers on the socket, whatever the file says', async () => {
    const socket = join(folder, 'engine.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    leave({ ...ours(), pidNamespace: 'pid:[1]' });
    expect(await acquire({ tryLock, socket })).toMatchObject({ status: 'held', pid: null });
    server.close();
    await once(server, 'close');
    expect(await acquire({ tryLock, socket })).toMatchObject({
      status: 'acquired',
      afterCrash: true,
    });
  });

  it('of many at once, one gets it', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => acquire({ tryLock })));
    expect(results.filter(({ status }) => status === 'acquired')).toHaveLength(1);
  });

  it('a loser leaves nothing behind', async () => {
    await Promise.all(Array.from({ length: 10 }, () => acquire({ tryLock })));
    await until('only the lock is left', () => readdirSync(join(folder, 'bar')).length === 1);
  });
});
