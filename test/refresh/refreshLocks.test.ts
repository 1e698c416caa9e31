import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRefreshLocks,
  isClientLock,
  type RefreshLocks,
  refreshLockName,
} from '../../main/refresh/refreshLocks.ts';
import { serverKey } from '../support/fake.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';

const KEY = serverKey('loop');
const NAME = 'mcp-refresh-loop_0123456789abcdef.lock.lock';

let root: string;
let listPath: string;
let a: string;
let b: string;
let clock: FakeClock;
let locks: RefreshLocks;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-locks-'));
  listPath = join(root, 'refresh-locks.json');
  a = join(root, 'a');
  b = join(root, 'b');
  mkdirSync(a);
  mkdirSync(b);
  clock = createFakeClock();
  locks = createRefreshLocks({ listPath, clock, isCredentialDir });
});
afterEach(() => {
  locks.dispose();
  rmSync(root, { recursive: true, force: true });
});

const isCredentialDir = (folder: string): boolean => [a, b].includes(folder);
const lockIn = (folder: string): string => join(folder, NAME);
const listed = (): string[] => JSON.parse(readFileSync(listPath, 'utf8'));

/** What proper-lockfile does with a lock whose heartbeat stopped. */
function takeOver(path: string): void {
  rmdirSync(path);
  mkdirSync(path);
}

describe("the name of a client's refresh lock", () => {
  it.each([
    ['loop|0123456789abcdef', NAME],
    ['a b/c.d-e_f|0123456789abcdef', 'mcp-refresh-a_b_c_d_e_f_0123456789abcdef.lock.lock'],
    ['ü|0123456789abcdef', 'mcp-refresh-__0123456789abcdef.lock.lock'],
    ['🙂|0123456789abcdef', 'mcp-refresh-___0123456789abcdef.lock.lock'],
  ])('of %j is %j', (key, name) => {
    expect(refreshLockName(key)).toBe(name);
  });
});

describe('taking a refresh lock', () => {
  it('makes the folder that a client waits for, and notes it before', () => {
    expect(locks.take(a, KEY, 'fence')).toBe('taken');
    expect(statSync(lockIn(a)).isDirectory()).toBe(true);
    expect(listed()).toEqual([lockIn(a)]);
    expect(locks.held()).toEqual([{ folder: a, serverKey: KEY, owner: 'fence' }]);
    expect(locks.isOurs(a, KEY)).toBe(true);
  });

  it('says "held" where a client has it, and leaves that one alone', () => {
    mkdirSync(lockIn(a));
    expect(locks.takeAll([a, b], KEY, 'lease')).toEqual(['held', 'taken']);
    expect(locks.isOurs(a, KEY)).toBe(false);
    locks.releaseAll([a, b], KEY);
    expect([existsSync(lockIn(a)), existsSync(lockIn(b))]).toEqual([true, false]);
  });

  it('says "held" where we have it already', () => {
    locks.take(a, KEY, 'lease');
    expect(locks.take(a, KEY, 'fence')).toBe('held');
    expect(locks.held()).toEqual([{ folder: a, serverKey: KEY, owner: 'lease' }]);
  });

  it('takes the one lock of a folder to which another is a link, so that no mission stops refreshes by a link', () => {
    symlinkSync(a, join(root, 'link'));
    expect(locks.takeAll([a, join(root, 'link'), b], KEY, 'lease')).toEqual([
      'taken',
      'gone',
      'taken',
    ]);
    locks.releaseAll([a, b], KEY);
    expect([existsSync(lockIn(a)), existsSync(lockIn(b))]).toEqual([false, false]);
  });

  it('says "gone" where there is no such folder', () => {
    expect(locks.take(join(root, 'nowhere'), KEY, 'fence')).toBe('gone');
    expect(locks.held()).toEqual([]);
  });

  it('takes nothing that it cannot note down: a kill would leave it there', () => {
    rmSync(root, { recursive: true });
    mkdirSync(a, { recursive: true });
    mkdirSync(listPath);
    writeFileSync(join(listPath, 'in-the-way'), '');
    expect(locks.take(a, KEY, 'fence')).toBe('gone');
    expect(existsSync(lockIn(a))).toBe(false);
  });

  it("tells a client's lock from one of ours, another engine's too", () => {
    mkdirSync(lockIn(a));
    createRefreshLocks({ listPath: join(root, 'other.json'), clock, isCredentialDir }).take(
      b,
      KEY,
      'fence',
    );
    expect([lockIn(a), lockIn(b), lockIn(root)].map(isClientLock)).toEqual([true, false, false]);
  });
});

describe('letting go', () => {
  it('removes the folder and its note', () => {
    locks.takeAll([a, b], KEY, 'fence');
    locks.release(a, KEY);
    expect([existsSync(lockIn(a)), existsSync(lockIn(b))]).toEqual([false, true]);
    expect(listed()).toEqual([lockIn(b)]);
  });

  it('never removes the lock of a client that has taken ours over', () => {
    locks.take(a, KEY, 'fence');
    takeOver(lockIn(a));
    expect(locks.isOurs(a, KEY)).toBe(false);
    locks.release(a, KEY);
    expect(isClientLock(lockIn(a))).toBe(true);
    expect(locks.held()).toEqual([]);
  });

  it('of one that is not ours does nothing', () => {
    mkdirSync(lockIn(a));
    locks.release(a, KEY);
    expect(existsSync(lockIn(a))).toBe(true);
  });

  it('of all at the end', () => {
    locks.takeAll([a, b], KEY, 'lease');
    locks.dispose();
    expect([existsSync(lockIn(a)), existsSync(lockIn(b))]).toEqual([false, false]);
    expect(listed()).toEqual([]);
  });
});

describe('the heartbeat', () => {
  const age = (folder: string): void => utimesSync(lockIn(folder), 1, 1);
  const touchedAt = (folder: string): number => statSync(lockIn(folder)).mtimeMs;

  it('touches what is held, every second', () => {
    locks.takeAll([a, b], KEY, 'fence');
    for (const folder of [a, b]) age(folder);
    clock.pass(1_000);
    expect([a, b].map(touchedAt)).toEqual([clock.now(), clock.now()]);
    age(a);
    clock.pass(1_000);
    expect(touchedAt(a)).toBe(clock.now());
  });

  it('never touches what a client has taken over', () => {
    locks.take(a, KEY, 'fence');
    takeOver(lockIn(a));
    age(a);
    clock.pass(5_000);
    expect(touchedAt(a)).toBe(1_000);
    expect(locks.held()).toEqual([]);
  });

  it('keeps no timer while nothing is held', () => {
    const timers = { set: 0 };
    const after: FakeClock['after'] = (delayMs, work) => {
      timers.set += 1;
      const cancel = clock.after(delayMs, () => {
        timers.set -= 1;
        work();
      });
      return () => {
        timers.set -= 1;
        cancel();
      };
    };
    const counted = createRefreshLocks({ listPath, clock: { ...clock, after }, isCredentialDir });
    expect(timers.set).toBe(0);
    counted.takeAll([a, b], KEY, 'fence');
    clock.pass(3_000);
    expect(timers.set).toBe(1);
    counted.releaseAll([a, b], KEY);
    expect(timers.set).toBe(0);
  });
});

describe('what a killed engine left', () => {
  /** An engine that took both and was killed: it never lets go. */
  const killed = (): void =>
    void createRefreshLocks({ listPath, clock, isCredentialDir }).takeAll([a, b], KEY, 'fence');

  it('is removed by the next one', () => {
    killed();
    locks.sweep();
    expect([existsSync(lockIn(a)), existsSync(lockIn(b))]).toEqual([false, false]);
    expect(listed()).toEqual([]);
  });

  it("is told from a client's that took its place", () => {
    killed();
    takeOver(lockIn(a));
    locks.sweep();
    expect([isClientLock(lockIn(a)), existsSync(lockIn(b))]).toEqual([true, false]);
  });

  it('is found even if it was noted but not yet taken by all', () => {
    writeFileSync(listPath, JSON.stringify([lockIn(a), lockIn(b), lockIn(join(root, 'gone'))]));
    mkdirSync(lockIn(a), { mode: 0o500 });
    locks.sweep();
    expect(existsSync(lockIn(a))).toBe(false);
  });

  it('removes no folder that its list was made to name, but locks where credentials lie', () => {
    const project = join(root, 'project');
    const named = [join(a, 'agents'), lockIn(project), join(a, 'mcp-refresh-x.lock.lock', 'deep')];
    const up = `${a}/x/../../project/${NAME}`;
    mkdirSync(project);
    mkdirSync(join(a, 'mcp-refresh-x.lock.lock'));
    for (const path of named) mkdirSync(path, { mode: 0o500 });
    mkdirSync(lockIn(b), { mode: 0o500 });
    writeFileSync(listPath, JSON.stringify([...named, up, NAME, lockIn(b)]));
    locks.sweep();
    expect(named.map((path) => existsSync(path))).toEqual([true, true, true]);
    expect(existsSync(lockIn(b)), 'a lock that was left goes').toBe(false);
  });

  it('is no reason to stop, if its list is damaged', () => {
    writeFileSync(listPath, '{"not": "a list"');
    locks.sweep();
    expect(locks.take(a, KEY, 'fence')).toBe('taken');
  });
});
