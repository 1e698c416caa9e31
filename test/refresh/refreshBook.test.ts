import { describe, expect, it } from 'vitest';
import type { ServerSummary } from '../../main/credentials/serverState.ts';
import { createRefreshBook, type RefreshBook } from '../../main/refresh/refreshBook.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { heapUsed } from '../support/heapUsed.ts';

const MEASURED = { hash: null, durationMs: 1 };
const clock = createFakeClock();
const sync = (direction: 'up' | 'down', missionId: string, key = 'loop|1') => {
  const what = { direction, missionId, fields: [`/mcpOAuth/${key}`], servers: ['loop'] };
  return { event: 'sync', at: 0, ...what, ...MEASURED } as const;
};
const holding = (expiresAt: number, tokens = `${expiresAt}`): readonly ServerSummary[] => [
  {
    key: 'loop|1',
    name: 'loop',
    status: 'usable',
    refreshable: true,
    expiresAt,
    endsAt: null,
    tokens,
  },
];
const asBefore = () => '';
const bookHolding = (expiresAt: number) => {
  const book = createRefreshBook(clock, () => 0);
  book.takeIn(holding(expiresAt), asBefore);
  return book;
};

it('does not grow with the servers that a mission makes up all day', () => {
  const clock = createFakeClock();
  const book = createRefreshBook(clock, () => 0);
  const before = heapUsed();
  for (let second = 0; second < 300; second += 1) {
    const servers = Array.from({ length: 400 }, (_, at) => `made up ${second}-${at}`);
    const fields = servers.map((name) => `/mcpOAuth/${name}`);
    const what = { direction: 'up', missionId: 'a', fields, servers, ...MEASURED } as const;
    book.onEvent({ event: 'sync', at: clock.now(), ...what });
    clock.pass(1_000);
  }
  expect(heapUsed() - before).toBeLessThan(3 * 1024 * 1024);
  expect(book.all()).toEqual([]);
});

describe('whose client brought a value', () => {
  const by = (book: RefreshBook) => book.get('loop|1')?.refreshedBy;

  it('is known where a refresh of the engine was seen in the same moment', () => {
    const book = bookHolding(1);
    // The mission's value is up; the view still has the engine's, which nobody has looked at.
    book.onEvent(sync('up', 'a'));
    book.takeIn(holding(2), asBefore);
    book.isEngines('loop|1', 2);
    expect(by(book)).toBe('engine');
    book.takeIn(holding(3), asBefore);
    expect(by(book)).toBe('a');
  });

  it('is not taken from what the mission had brought before', () => {
    const book = bookHolding(1);
    book.onEvent(sync('up', 'a'));
    book.takeIn(holding(2), asBefore);
    expect(by(book)).toBe('a');
    book.onEvent(sync('down', 'b'));
    book.onEvent(sync('down', 'a'));
    book.takeIn(holding(3), asBefore);
    expect(by(book), 'a plain claude’s, brought down to both').toBe('global');
  });

  it('is not taken from another server that somebody gave the same name', () => {
    const book = bookHolding(1);
    book.onEvent(sync('up', 'a'));
    book.onEvent(sync('up', 'b', 'loop|2'));
    book.takeIn(holding(2), asBefore);
    expect(by(book)).toBe('a');
  });
});

describe('from one value of a server to the next', () => {
  it('goes on who brought the sign-in, whoever refreshes it', () => {
    const book = createRefreshBook(clock, () => 0);
    // In the moment of a start, too.
    book.onEvent(sync('up', 'a'));
    book.takeIn(holding(1), asBefore);
    clock.pass(60_000);
    book.takeIn(holding(2), asBefore);
    book.isEngines('loop|1', 2);
    expect(book.get('loop|1')).toMatchObject({ refreshedBy: 'engine', broughtBy: 'a' });
  });

  it('goes on that the server does not answer, until it does', () => {
    const book = bookHolding(1);
    book.answered('loop|1', false);
    book.takeIn(holding(2), asBefore);
    expect(book.get('loop|1')?.failedAt).toBe(clock.monotonic());
    book.answered('loop|1', true);
    expect(book.get('loop|1')?.failedAt).toBeNull();
  });
});

it('a trouble is forgotten once the value is another in whatever way, and not before', () => {
  const book = bookHolding(1);
  const troubled = () => {
    const note = book.get('loop|1');
    if (note !== undefined) Object.assign(note, { trouble: 'needs-sign-in', troubled: 'spoilt' });
    return note;
  };
  const note = troubled();
  expect(book.takeIn(holding(1), () => 'spoilt')).toBe(false);
  expect(note?.trouble).toBe('needs-sign-in');
  expect(book.takeIn(holding(1), () => 'right')).toBe(true);
  expect(note?.trouble).toBeNull();
});

it('tokens are as old as they were, whatever end somebody says of them', () => {
  const clock = createFakeClock();
  const book = createRefreshBook(clock, () => 0);
  const end = clock.now() + 570_000;
  book.takeIn(holding(end, 'tokens'), asBefore);
  clock.pass(45_000);
  book.takeIn(holding(end + 1, 'tokens'), asBefore);
  // What was there before the engine came is refreshed at ten minutes left, not at half of the rest.
  expect(book.get('loop|1')).toMatchObject({ fresh: false, expiresAt: end + 1 });
  const issued = clock.now();
  book.takeIn(holding(issued + 3_600_000, 'new'), asBefore);
  clock.pass(60_000);
  book.takeIn(holding(issued + 3_600_001, 'new'), asBefore);
  expect(book.get('loop|1')).toMatchObject({ fresh: true, seen: { wall: issued } });
  book.takeIn(holding(issued + 5_000, 'new'), asBefore);
  expect(book.get('loop|1'), 'short lives are left to clients; this was none').toMatchObject({
    fresh: false,
  });
});

it('the same tokens are new ones where the engine’s refresh gave them again', () => {
  const clock = createFakeClock();
  const book = createRefreshBook(clock, () => 0);
  book.takeIn(holding(clock.now() + 20_000, 'same'), asBefore);
  clock.pass(10_000);
  Object.assign(book.get('loop|1') ?? {}, { begunAt: clock.monotonic() });
  clock.pass(50);
  const again = clock.now() + 20_000;
  book.takeIn(holding(again, 'same'), asBefore);
  book.isEngines('loop|1', again);
  expect(book.get('loop|1')).toMatchObject({ fresh: true, seen: { wall: clock.now() } });
});

it('a mission that only says another end of somebody’s tokens has not brought them', () => {
  const book = bookHolding(1);
  book.onEvent(sync('up', 'a'));
  book.takeIn(holding(2, 'tokens'), asBefore);
  expect(book.get('loop|1')?.broughtBy).toBe('a');
  book.onEvent(sync('up', 'x'));
  book.takeIn(holding(3, 'tokens'), asBefore);
  expect(book.get('loop|1')?.broughtBy).toBe('a');
  book.takeIn(holding(4, 'its own'), asBefore);
  expect(book.get('loop|1')?.broughtBy).toBe('x');
});
