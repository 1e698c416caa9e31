import { expect, it } from 'vitest';
import { createLockNames } from '../../main/refresh/lockNames.ts';
import { heapUsed } from '../support/heapUsed.ts';

const HASH = '0123456789abcdef';
const FIRST = `git-hub|${HASH}`;
const SECOND = `git hub|${HASH}`;

it('a lock’s name is the server’s that was there first', () => {
  const names = createLockNames();
  names.takeIn([FIRST, 'other|1', SECOND]);
  expect(names.before(FIRST)).toEqual([]);
  expect(names.before(SECOND)).toEqual([FIRST]);
  expect(names.before('other|1')).toEqual([]);
});

it('and stays so when the entry has them in another order, or it was signed out of for a while', () => {
  const names = createLockNames();
  names.takeIn([FIRST, SECOND]);
  names.takeIn([SECOND, FIRST]);
  expect(names.before(FIRST)).toEqual([]);
  names.takeIn([SECOND]);
  names.takeIn([SECOND, FIRST]);
  expect(names.before(FIRST)).toEqual([]);
});

it('whatever a mission signs in to under that name meanwhile, and nothing of it is kept', () => {
  const names = createLockNames();
  names.takeIn([FIRST, SECOND]);
  const before = heapUsed();
  for (let run = 0; run < 500; run += 1) {
    const made = Array.from({ length: 100 }, (_, at) =>
      String.fromCodePoint(0x4e00 + run, 0x4e00 + at),
    );
    names.takeIn([SECOND, ...made.map((each) => `git${each.slice(0, 1)}hub|${HASH}`), ...made]);
  }
  names.takeIn([SECOND, FIRST]);
  expect(names.before(FIRST)).toEqual([]);
  expect(heapUsed() - before).toBeLessThan(1024 * 1024);
  names.takeIn([]);
  names.takeIn([SECOND, FIRST]);
  expect(names.before(SECOND), 'nobody had it any more').toEqual([]);
});
