import { expect, it } from 'vitest';
import { createRefreshBook } from '../../main/refresh/refreshBook.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { heapUsed } from '../support/heapUsed.ts';

it('does not grow with the servers that a mission makes up all day', () => {
  const clock = createFakeClock();
  const book = createRefreshBook(clock, () => 0);
  const before = heapUsed();
  for (let second = 0; second < 300; second += 1) {
    const servers = Array.from({ length: 400 }, (_, at) => `made up ${second}-${at}`);
    const what = { direction: 'up', missionId: 'a', servers, hash: null, durationMs: 1 } as const;
    book.onEvent({ event: 'sync', at: clock.now(), ...what });
    clock.pass(1_000);
  }
  expect(heapUsed() - before).toBeLessThan(3 * 1024 * 1024);
  expect(book.all()).toEqual([]);
});
