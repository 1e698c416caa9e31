import { describe, expect, it } from 'vitest';
import { createRefreshBook, type RefreshBook } from '../../main/refresh/refreshBook.ts';
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

describe('whose client brought a value', () => {
  const clock = createFakeClock();
  const sync = (direction: 'up' | 'down', missionId: string) =>
    ({ event: 'sync', at: 0, direction, missionId, servers: ['loop'], ...MEASURED }) as const;
  const MEASURED = { hash: null, durationMs: 1 };
  const holding = (expiresAt: number) =>
    [{ key: 'loop|1', name: 'loop', status: 'usable', refreshable: true, expiresAt }] as const;
  const bookHolding = (expiresAt: number) => {
    const book = createRefreshBook(clock, () => 0);
    book.takeIn(holding(expiresAt));
    return book;
  };
  const by = (book: RefreshBook) => book.get('loop|1')?.refreshedBy;

  it('is known where a refresh of the engine was seen in the same moment', () => {
    const book = bookHolding(1);
    // The mission's value is up; the view still has the engine's, which nobody has looked at.
    book.onEvent(sync('up', 'a'));
    book.takeIn(holding(2));
    book.isEngines('loop|1', 2);
    expect(by(book)).toBe('engine');
    book.takeIn(holding(3));
    expect(by(book)).toBe('a');
  });

  it('is not taken from what the mission had brought before', () => {
    const book = bookHolding(1);
    book.onEvent(sync('up', 'a'));
    book.takeIn(holding(2));
    expect(by(book)).toBe('a');
    book.onEvent(sync('down', 'b'));
    book.onEvent(sync('down', 'a'));
    book.takeIn(holding(3));
    expect(by(book), 'a plain claude’s, brought down to both').toBe('global');
  });
});
