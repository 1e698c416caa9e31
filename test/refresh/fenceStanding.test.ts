import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerSummary } from '../../main/credentials/serverState.ts';
import {
  isDisregarded,
  lockGone,
  lockTaken,
  NEW_STANDING,
} from '../../main/refresh/fenceStanding.ts';
import { createLockLooks } from '../../main/refresh/lockLooks.ts';
import { createRefreshFence, type RefreshFence } from '../../main/refresh/refreshFence.ts';
import {
  createRefreshLocks,
  type RefreshLocks,
  refreshLockName,
} from '../../main/refresh/refreshLocks.ts';
import type { RefreshStory } from '../../main/sync/events.ts';
import { serverKey } from '../support/fake.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';
import { heapUsed } from '../support/heapUsed.ts';
import { until } from '../support/until.ts';

const KEY = serverKey('loop');
const LOCK = refreshLockName(KEY);
const MINUTE_MS = 60_000;

let root: string;
let clock: FakeClock;
let locks: RefreshLocks;
let fence: RefreshFence;
/** By mission, what its entry and the others last agreed on. */
let digests: Record<string, string>;
/** Names those that all have. */
let tokens: number;
let intakes: number;
let stories: RefreshStory[];
let hostile: (readonly [string, string | null])[];

const folder = (id: string): string => join(root, id);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-standing-'));
  for (const id of ['x', 'b']) mkdirSync(folder(id));
  clock = createFakeClock();
  locks = createRefreshLocks({
    listPath: join(root, 'locks.json'),
    clock,
    isCredentialDir: () => true,
  });
  digests = { x: '0', b: '0' };
  tokens = 0;
  intakes = 0;
  stories = [];
  hostile = [];
  const server = { key: KEY, name: 'loop', status: 'usable', expiresAt: null };
  fence = createRefreshFence({
    locks,
    clock,
    isEnabled: () => true,
    view: () => ({
      places: () => ['x', 'b'].map((id) => ({ missionId: id, folder: folder(id) })),
      isShared: () => false,
      serversOf: () => [{ ...server, tokens: `${tokens}` } as ServerSummary],
      digestOf: (missionId) => digests[missionId ?? ''] ?? null,
      versionOf: () => '',
      takeInAll: () => Promise.resolve(),
      async takeIn() {
        intakes += 1;
      },
      heal: () => Promise.resolve(),
    }),
    tell: (story) => stories.push(story),
    onHostile: (...what) => hostile.push(what),
  });
});
afterEach(() => {
  fence.dispose();
  locks.dispose();
  rmSync(root, { recursive: true, force: true });
});

it('remembers no lock that is gone, however many a mission makes before it starts anew', () => {
  const before = heapUsed();
  const name = (run: number, at: number) => refreshLockName(`${'long'.repeat(50)}-${run}-${at}`);
  for (let run = 0; run < 16; run += 1) {
    for (let at = 0; at < 500; at += 1) mkdirSync(join(folder('x'), name(run, at)));
    fence.look(folder('x'), null);
    for (let at = 0; at < 500; at += 1) rmdirSync(join(folder('x'), name(run, at)));
  }
  expect(heapUsed() - before).toBeLessThan(1024 * 1024);
});

const isFenced = (id: string): boolean => locks.isOurs(folder(id), KEY);

/** A client's lock comes, stays for a while, and goes; `renew`: with a new token; `reword`: with another end of it. @returns whether `other` was kept waiting */
async function cycle(
  id: string,
  other: string,
  {
    heldMs = 50,
    renew = false,
    reword = false,
  }: { heldMs?: number; renew?: boolean; reword?: boolean } = {},
): Promise<boolean> {
  mkdirSync(join(folder(id), LOCK));
  fence.look(folder(id), LOCK);
  const fenced = isFenced(other);
  clock.pass(heldMs);
  rmdirSync(join(folder(id), LOCK));
  if (renew) tokens += 1;
  if (renew || reword)
    for (const each of ['x', 'b']) digests[each] = `${Number(digests[each]) + 1}`;
  const before = intakes;
  fence.look(folder(id), LOCK);
  // What it left is taken in, and the others are let go.
  if (fenced) {
    await until('taken in', () => intakes > before);
    await until('let go', () => !isFenced(other));
  }
  return fenced;
}

describe('a mission whose lock comes and goes, and never a new token', () => {
  it('keeps the others waiting twice, then for ever rarer moments', async () => {
    const times: number[] = [];
    const end = 60 * MINUTE_MS;
    while (clock.monotonic() < end) {
      const at = clock.monotonic();
      if (await cycle('x', 'b', { heldMs: 3_500 })) times.push(Math.floor(at / MINUTE_MS));
      clock.pass(50);
    }
    // Twice in the first minute; then 1, 2, 4, 8 … minutes after what it was last.
    expect(times).toEqual([0, 0, 1, 3, 7, 15, 31]);
    expect(
      stories.map(({ outcome }) => outcome),
      'as rarely it is told',
    ).toEqual(times.map(() => 'unchanged'));
  });

  it('nor if it says another end of the same token each time', async () => {
    let fenced = 0;
    while (clock.monotonic() < 60 * MINUTE_MS) {
      if (await cycle('x', 'b', { heldMs: 3_500, reword: true })) fenced += 1;
      clock.pass(50);
    }
    expect(fenced).toBe(7);
  });

  it('does not keep the engine from refreshing for the others', async () => {
    expect(fence.disregards(folder('x'), KEY)).toBe(false);
    for (const _ of [1, 2]) await cycle('x', 'b');
    expect(fence.disregards(folder('x'), KEY)).toBe(true);
    expect(fence.disregards(folder('b'), KEY)).toBe(false);
  });

  it('is told once, by name, however long it goes on, and no more once it has stopped', async () => {
    for (let at = 0; at < 200; at += 1) {
      await cycle('x', 'b', { heldMs: 25 });
      clock.pass(25);
    }
    clock.pass(1_000);
    expect(hostile).toEqual([['x', expect.stringContaining('"loop"')]]);
    fence.onEvent({ event: 'mission', at: clock.now(), missionId: 'x', change: 'stopped' });
    expect(hostile.at(-1)).toEqual(['x', null]);
  });

  it('is not looked at more than some times a second', async () => {
    // Twenty thousand changes within ten seconds; each look would cost a look at the disk at least.
    let looks = 0;
    const { look, dispose } = createLockLooks(clock, () => {
      looks += 1;
    });
    for (let at = 0; at < 10_000; at += 1) {
      look(folder('x'), LOCK);
      look(folder('x'), LOCK);
      clock.pass(1);
    }
    const looksOfX = looks;
    look(folder('b'), LOCK);
    expect(looks - looksOfX, 'another one is looked at in the same turn').toBe(1);
    expect(looksOfX).toBeLessThanOrEqual(100 + 10 * 20);
    clock.pass(1_000);
    expect(looks, 'and how it is at the end is seen').toBeGreaterThan(looksOfX);
    dispose();
  });

  it('leaves the others their own fences', async () => {
    for (const _ of [1, 2]) await cycle('x', 'b');
    mkdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
    rmdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
    expect(await cycle('b', 'x', { renew: true })).toBe(true);
    expect(stories.at(-1)).toMatchObject({ missionId: 'b', outcome: 'refreshed' });
  });
});

describe('a mission that invents a new token each time', () => {
  it('keeps the others waiting for an eighth of the time at most', async () => {
    let waitedMs = 0;
    const end = 60 * MINUTE_MS;
    while (clock.monotonic() < end) {
      if (await cycle('x', 'b', { heldMs: 3_500, renew: true })) waitedMs += 3_500;
      clock.pass(50);
    }
    expect(waitedMs / end).toBeLessThan(0.13);
    expect(waitedMs).toBeGreaterThan(0);
  });
});

describe('a lock that is held and held', () => {
  it('does not keep the engine from refreshing for the others for more than a minute', () => {
    mkdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
    expect(fence.disregards(folder('x'), KEY)).toBe(false);
    clock.pass(MINUTE_MS);
    expect(fence.disregards(folder('x'), KEY)).toBe(true);
    rmdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
    expect(fence.disregards(folder('x'), KEY)).toBe(false);
  });
});

describe('a lock that is let go now and then', () => {
  const lock = () => {
    mkdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
  };
  const unlock = () => {
    rmdirSync(join(folder('x'), LOCK));
    fence.look(folder('x'), LOCK);
  };

  it('does not keep the engine from refreshing either, whatever end of the token it says meanwhile', () => {
    lock();
    clock.pass(45_000);
    unlock();
    digests.x = 'another end';
    lock();
    expect(fence.disregards(folder('x'), KEY)).toBe(false);
    clock.pass(15_000);
    expect(fence.disregards(folder('x'), KEY)).toBe(true);
  });

  it('counts for no more than a minute and an eighth of the time, whatever comes with it', () => {
    const seconds = (max: number) => fc.integer({ min: 1, max });
    const hold = fc.record({ forS: seconds(90), restS: seconds(60), isNew: fc.boolean() });
    fc.assert(
      fc.property(fc.array(hold, { minLength: 1, maxLength: 60 }), (holds) => {
        let standing = NEW_STANDING;
        let now = 0;
        let countedS = 0;
        for (const { forS, restS, isNew } of holds) {
          standing = lockTaken(standing, isNew ? `${now}` : 'old', now);
          for (let second = 0; second < forS; second += 1) {
            if (!isDisregarded(standing, now)) countedS += 1;
            now += 1_000;
          }
          standing = lockGone(standing, now);
          now += restS * 1_000;
          expect(countedS).toBeLessThanOrEqual(60 + now / 8_000 + holds.length);
        }
      }),
    );
  });

  it('is a client’s like any other an hour later, however long a killed one had left it', () => {
    lock();
    clock.pass(20 * 60 * MINUTE_MS);
    unlock();
    clock.pass(60 * MINUTE_MS);
    lock();
    clock.pass(45_000);
    expect(fence.disregards(folder('x'), KEY)).toBe(false);
    unlock();
  });
});

describe('an honest mission', () => {
  it('that refreshes at every request has its fence each time, for hours', async () => {
    for (let at = 0; at < 1_000; at += 1) {
      expect(await cycle('x', 'b', { heldMs: 200, renew: true })).toBe(true);
      clock.pass(10_000);
    }
    expect(hostile).toEqual([]);
  });

  it('whose server was away has it again with the first new token', async () => {
    for (let at = 0; at < 10; at += 1) {
      await cycle('x', 'b');
      clock.pass(10_000);
    }
    expect(await cycle('x', 'b'), 'by then it keeps nobody waiting').toBe(false);
    await cycle('x', 'b', { renew: true });
    expect(await cycle('x', 'b')).toBe(true);
    expect(hostile, 'and that is no attack').toEqual([]);
  });
});
