import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../main/service/contract/log.ts';
import { EVERYTHING, logMatcher } from '../../main/service/contract/logFilter.ts';
import { FilteredLines } from '../../renderer/log/filtered.ts';
import { indexOfId, Lines } from '../../renderer/log/lines.ts';
import { LogModel } from '../../renderer/log/model.ts';
import type { LogSource } from '../../renderer/log/source.ts';

function line(id: number, change: Partial<LogLine> = {}): LogLine {
  const at = new Date(Date.UTC(2026, 10, 24, 12, 0, 0, id)).toISOString();
  return {
    id,
    at,
    level: 'info',
    direction: id % 2 === 0 ? 'up' : 'down',
    missionId: `m${id % 3}`,
    missionName: `mission ${id % 3}`,
    text: `line ${id}`,
    hash: null,
    durationMs: null,
    ...change,
  };
}

const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from }, (_, at) => line(from + at));
const idsOf = (list: Lines<LogLine>): (number | undefined)[] =>
  Array.from({ length: list.length }, (_, at) => list.at(at)?.id);
const range = (from: number, to: number): number[] => lines(from, to).map(({ id }) => id);

/** A log whose pages are handed out when the test says so. */
function source(pages: { lines: LogLine[]; more: boolean }[]) {
  const asked: (number | null)[] = [];
  const put: (() => void)[] = [];
  let push: ((lines: readonly LogLine[]) => void) | null = null;
  let closed = 0;
  const log: LogSource = {
    async read(before) {
      asked.push(before);
      const page = pages.shift();
      if (page === undefined) throw new Error('The log cannot be read.');
      return page;
    },
    onLines(listener) {
      push = listener;
      return () => {
        push = null;
      };
    },
    close: () => {
      closed += 1;
    },
    later(work) {
      put.push(work);
      return () => {
        if (put.includes(work)) put.splice(put.indexOf(work), 1);
      };
    },
  };
  return {
    log,
    asked,
    put,
    push: (...some: LogLine[]) => push?.(some),
    listening: () => push !== null,
    closed: () => closed,
  };
}
/** All that is resolved by now has been followed: the event loop has come round once. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('lines', () => {
  it('are the same as an array that grows at both ends', () => {
    const growth = fc.array(fc.tuple(fc.boolean(), fc.array(fc.integer(), { maxLength: 5 })));
    fc.assert(
      fc.property(growth, (steps) => {
        const list = new Lines<number>();
        let expected: number[] = [];
        for (const [older, items] of steps) {
          if (older) list.prepend(items);
          else list.append(items);
          expected = older ? [...items, ...expected] : [...expected, ...items];
        }
        expect(list.length).toBe(expected.length);
        expect(expected.map((_, at) => list.at(at))).toEqual(expected);
        expect(list.at(expected.length)).toBeUndefined();
        expect(list.at(-1)).toBeUndefined();
      }),
    );
  });

  it('are found by their id', () => {
    const list = new Lines<LogLine>();
    list.append([line(4), line(7)]);
    list.prepend([line(1), line(3)]);
    expect([1, 3, 4, 7].map((id) => indexOfId(list, id))).toEqual([0, 1, 2, 3]);
    expect([0, 2, 5, 8].map((id) => indexOfId(list, id))).toEqual([-1, -1, -1, -1]);
  });
});

describe('the incremental filter', () => {
  const word = fc.constantFrom('', 'line', '1', 'mission 2', '2 line', 'NONE');
  const filter = fc.record({
    missionId: fc.constantFrom(null, 'm0', 'm1', 'm9'),
    direction: fc.constantFrom(null, 'up' as const, 'down' as const),
    level: fc.constantFrom(null, 'info' as const, 'warning' as const),
    search: word,
  });
  const step = fc.record({ kind: fc.constantFrom('new', 'old', 'scan'), count: fc.nat(7) });

  it('gives what filtering from scratch gives, however the lines come in', () => {
    fc.assert(
      fc.property(filter, fc.array(step), (wanted, steps) => {
        const all = new Lines<LogLine>();
        const filtered = new FilteredLines(all, logMatcher(wanted));
        let [oldest, next] = [1_000, 1_000];
        for (const { kind, count } of steps) {
          if (kind === 'scan') filtered.step(count);
          else if (kind === 'new') {
            filtered.append(lines(next, next + count));
            next += count;
          } else {
            all.prepend(lines(oldest - count, oldest));
            oldest -= count;
          }
        }
        while (filtered.step(3));
        const expected = lines(oldest, next).filter(logMatcher(wanted));
        expect(idsOf(filtered.matches)).toEqual(expected.map(({ id }) => id));
        expect(all.length).toBe(next - oldest);
      }),
    );
  });

  it('finds the newest first, and no more than it was asked to look at', () => {
    const all = new Lines<LogLine>();
    all.append(lines(0, 10));
    const filtered = new FilteredLines(all, logMatcher(EVERYTHING));
    expect(filtered.step(4)).toBe(true);
    expect(idsOf(filtered.matches)).toEqual([6, 7, 8, 9]);
    expect(filtered.remaining).toBe(6);
    expect(filtered.step(6)).toBe(false);
  });
});

describe('the open log', () => {
  it('reads from the newest page to the oldest', async () => {
    const from = source([
      { lines: lines(6, 9), more: true },
      { lines: lines(3, 6), more: true },
      { lines: lines(0, 3), more: false },
    ]);
    const model = new LogModel(from.log);
    model.open();
    await settled();
    expect(from.asked).toEqual([null, 6, 3]);
    expect(idsOf(model.matches)).toEqual(range(0, 9));
    expect(model.reading).toBe(false);
    expect([...model.missions]).toContainEqual(['m2', 'mission 2']);
  });

  it('takes each new line once, also those pushed before the first page', async () => {
    const from = source([{ lines: lines(0, 3), more: false }]);
    const model = new LogModel(from.log);
    model.open();
    from.push(line(2), line(3));
    await settled();
    from.push(line(3), line(4));
    expect(idsOf(model.matches)).toEqual(range(0, 5));
    expect(model.arrived).toBe(2);
  });

  it('does not ask for ever where a page is empty', async () => {
    const from = source([{ lines: [], more: true }]);
    const model = new LogModel(from.log);
    model.open();
    await settled();
    expect(from.asked).toEqual([null]);
    from.push(line(0));
    expect(model.total).toBe(1);
  });

  it('holds back while paused, and counts what matches', async () => {
    const from = source([{ lines: lines(0, 3), more: false }]);
    const model = new LogModel(from.log);
    model.open();
    await settled();
    model.setPaused(true);
    from.push(line(3), line(4), line(5));
    expect(model.total).toBe(3);
    expect(model.heldBack).toBe(3);
    model.setFilter({ ...EVERYTHING, missionId: 'm0' });
    expect(model.heldBack).toBe(1);
    expect(idsOf(model.matches)).toEqual([0]);
    model.setPaused(false);
    expect(idsOf(model.matches)).toEqual([0, 3]);
    expect(model.heldBack).toBe(0);
    expect(model.total).toBe(6);
  });

  it('filters many lines in steps, the newest at once', async () => {
    const from = source([{ lines: lines(0, 12_000), more: false }]);
    const model = new LogModel(from.log);
    model.open();
    await settled();
    while (from.put.length > 0) from.put.shift()?.();
    const filter = { ...EVERYTHING, search: 'line 7' };
    model.setFilter(filter);
    expect(model.filtering).toBe(true);
    expect(model.matches.at(model.matches.length - 1)?.id).toBe(11_997);
    expect(model.matches.at(0)?.id).toBeGreaterThanOrEqual(7_000);
    from.push(line(12_000));
    while (from.put.length > 0) from.put.shift()?.();
    const expected = lines(0, 12_001).filter(logMatcher(filter));
    expect(idsOf(model.matches)).toEqual(expected.map(({ id }) => id));
    expect(model.filtering).toBe(false);
  });

  it('says why it cannot read on, and reads on where it was', async () => {
    const pages = [{ lines: lines(3, 6), more: true }];
    const from = source(pages);
    const model = new LogModel(from.log);
    model.open();
    await settled();
    expect(model.failure).toBe('The log cannot be read.');
    pages.push({ lines: lines(0, 3), more: false });
    model.retry();
    await settled();
    expect(model.failure).toBeNull();
    expect(from.asked).toEqual([null, 3, 3]);
    expect(idsOf(model.matches)).toEqual(range(0, 6));
  });

  it('ends all its work when it is closed, and can be opened anew', async () => {
    const pages = [
      { lines: lines(0, 12_000), more: true },
      { lines: lines(0, 2), more: false },
    ];
    const from = source(pages);
    const model = new LogModel(from.log);
    const close = model.open();
    close();
    await settled();
    expect(model.total).toBe(0);
    expect(from.asked).toEqual([null]);
    expect(from.listening()).toBe(false);
    expect(from.closed()).toBe(1);
    expect(from.put).toEqual([]);
    const closeAgain = model.open();
    await settled();
    expect(idsOf(model.matches)).toEqual([0, 1]);
    closeAgain();
  });
});
