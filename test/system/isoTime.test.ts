import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isoTime, isoTimeOrNull } from '../../main/system/isoTime.ts';

it('what is no time is none, and a clock out of all reason does not throw', () => {
  for (const ms of [
    Number.NaN,
    -1,
    8.64e15,
    9.22e21,
    Number.POSITIVE_INFINITY,
    253_402_300_800_000,
  ])
    expect(isoTimeOrNull(ms)).toBeNull();
  expect(isoTimeOrNull(253_402_300_799_999)).toBe('9999-12-31T23:59:59.999Z');
  expect(isoTimeOrNull(null)).toBeNull();
  expect(isoTime(Number.POSITIVE_INFINITY)).toBe('9999-12-31T23:59:59.999Z');
  expect(isoTime(Number.NaN)).toBe('1970-01-01T00:00:00.000Z');
});

it('nobody writes a time in another way: one number of a server once ended the engine', () => {
  const root = new URL('../..', import.meta.url).pathname;
  const unguarded = globSync('{main,electron,renderer}/**/*.{ts,tsx}', { cwd: root }).filter(
    (path) => readFileSync(`${root}/${path}`, 'utf8').includes('.toISOString('),
  );
  // The page's own looks whether it is a date.
  expect(unguarded.sort()).toEqual(['main/system/isoTime.ts', 'renderer/text/time.ts']);
});
