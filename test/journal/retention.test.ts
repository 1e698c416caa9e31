import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Kept, recordsToKeep } from '../../main/journal/retention.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-11-23T00:00:00.000Z');

let serial = 0;
const changedAt = new Map<string, number>();
beforeEach(() => changedAt.clear());

/** As the journal makes them, one after the other in order of time. */
function record(field: string, at: number, reason: Kept['reason'] = 'replaced'): Kept {
  const before = changedAt.get(field);
  changedAt.set(field, at);
  const stoodMs = before === undefined ? undefined : Math.max(0, at - before);
  serial += 1;
  return {
    id: `record-${String(serial).padStart(8, '0')}`,
    field,
    at,
    reason,
    stoodMs,
    rewritten: false,
    by: null,
    replacedBy: null,
    bytes: 1_000,
  };
}

function kept(
  records: readonly Kept[],
  now: number,
  limits: { maxValues?: number; maxBytes?: number } = {},
): Set<string> {
  const { maxValues = 2_000, maxBytes = 64 * 1024 * 1024 } = limits;
  return recordsToKeep(records, { now, maxAgeMs: 30 * DAY_MS, maxValues, maxBytes });
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe('a sign-in that somebody wrote over', () => {
  it('is there for 30 days, however often others are changed', () => {
    const precious = record('/mcpOAuth/bank', START);
    const others = times(20, (field) => field).flatMap((field) =>
      times(2_000, (index) => record(`/mcpOAuth/other-${field}`, START + index * 60_000)),
    );
    const ids = kept([precious, ...others], START + 30 * DAY_MS);
    expect(ids).toContain(precious.id);
    expect(kept([precious], START + 30 * DAY_MS + 1)).not.toContain(precious.id);
  });

  it('is there after a storm over itself: what had stood for long counts, not what came last', () => {
    const precious = record('/mcpOAuth/bank', START);
    const storm = times(600, (index) => record('/mcpOAuth/bank', START + 14 * (index + 1)));
    const ids = kept([precious, ...storm], START + HOUR_MS);
    expect(ids).toContain(precious.id);
    expect(ids).toContain(storm.at(-1)?.id);
    expect(ids.size).toBeLessThan(30);
  });

  it('is there after a storm that lasts for days, also if it is thinned out all the while', () => {
    let records = [record('/mcpOAuth/bank', START - 2 * HOUR_MS), record('/mcpOAuth/bank', START)];
    const precious = records[1];
    for (let hour = 0; hour < 72; hour += 1) {
      records.push(
        ...times(300, (index) =>
          record('/mcpOAuth/bank', START + hour * HOUR_MS + index * 10_000 + 1),
        ),
      );
      const ids = kept(records, START + (hour + 1) * HOUR_MS);
      records = records.filter(({ id }) => ids.has(id));
    }
    expect(records.map(({ id }) => id)).toContain(precious?.id);
    expect(records.length).toBeLessThan(60);
  });

  it('is not pushed out by the spent tokens of what is refreshed every hour since', () => {
    const precious = record('/mcpOAuth/bank', START);
    const spent = times(24 * 29, (hour) =>
      record('/mcpOAuth/bank', START + (hour + 1) * HOUR_MS, 'refreshed'),
    );
    const ids = kept([precious, ...spent], START + 29 * DAY_MS);
    expect(ids).toContain(precious.id);
    expect(ids.size, 'the newest, and one for each day').toBeLessThan(45);
  });

  it('is there though a mission made up what looks refreshed, and let it stand for longer', () => {
    const unknown = record('/mcpOAuth/bank', START, 'refreshed');
    const precious = record('/mcpOAuth/bank', START + HOUR_MS, 'refreshed');
    const madeUp = times(30, (index) => ({
      ...record('/mcpOAuth/bank', START + (3 + index) * HOUR_MS, 'refreshed'),
      rewritten: true,
    }));
    const ids = kept([unknown, precious, ...madeUp], START + 40 * HOUR_MS);
    expect(ids).toContain(precious.id);
    // And though the engine had refreshed each of them in between.
    const between = madeUp.map((one) => ({ ...one, stoodMs: 60_000, rewritten: false }));
    expect(kept([unknown, precious, ...between], START + 40 * HOUR_MS)).toContain(precious.id);
  });

  it('is there though two missions put what looks refreshed in each other’s place, for longer than it had stood', () => {
    const field = '/mcpOAuth/bank';
    const brought = (by: string | null, replacedBy: string, at: number) => ({
      ...record(field, at, 'refreshed'),
      by,
      replacedBy,
    });
    const former = brought('a', 'b', START);
    const precious = brought('b', 'evil', START + 60_000);
    const storm = times(400, (index) => {
      const [by, replacedBy] = index % 2 === 0 ? ['evil', 'evil2'] : ['evil2', 'evil'];
      return brought(by ?? null, replacedBy ?? '', START + (index + 2) * 120_000);
    });
    const ids = kept([former, precious, ...storm], START + 20 * HOUR_MS);
    expect(ids).toContain(precious.id);
    expect(ids.size, 'the storm has an end').toBeLessThan(40);
  });

  it('is there though nobody knows any more who brought it: it stood before that mission’s first', () => {
    const field = '/mcpOAuth/bank';
    const brought = (replacedBy: string | null, at: number) => ({
      ...record(field, at, 'refreshed'),
      replacedBy,
    });
    const before = [brought('a', START - HOUR_MS), brought(null, START - 60_000)];
    const precious = brought('evil', START);
    const storm = times(100, (index) => brought('evil', START + (index + 1) * 120_000));
    expect(kept([...before, precious, ...storm], START + 20 * HOUR_MS)).toContain(precious.id);
  });

  it('is there though others fill the journal with fields that they had made long before', () => {
    const old = times(1_500, (index) => ({
      ...record(`/mcpOAuth/made-up-${index}`, START + index, 'removed'),
      by: 'evil',
    }));
    const precious = { ...record('/mcpOAuth/bank', START + HOUR_MS), by: 'b' };
    const fresh = times(1_500, (index) => ({
      ...record(`/mcpOAuth/made-up-${index}`, START + 2 * HOUR_MS + index, 'removed'),
      by: 'evil',
    }));
    const ids = kept([...old, precious, ...fresh], START + 3 * HOUR_MS);
    expect(ids).toContain(precious.id);
    expect(ids.size).toBeLessThanOrEqual(2_000);
  });

  it('is there though somebody makes thousands of servers to have them removed', () => {
    const known = record('/mcpOAuth/bank', START - DAY_MS, 'refreshed');
    const precious = record('/mcpOAuth/bank', START);
    const flood = times(9_000, (index) =>
      record(`/mcpOAuth/made-up-${index}`, START + index, 'removed'),
    );
    const ids = kept([known, precious, ...flood], START + HOUR_MS);
    expect(ids).toContain(precious.id);
    expect(ids.size).toBeLessThanOrEqual(2_000);
  });
});

describe('too much in all', () => {
  it('is taken from the fields with the most records, never from the newest three of one', () => {
    const small = times(30, (field) => record(`/small-${field}`, START + field));
    const large = times(20, (index) => record('/large', START + DAY_MS + index * 1_000));
    const ids = kept([...small, ...large], START + 2 * DAY_MS, { maxValues: 36 });
    for (const { id } of small) expect(ids).toContain(id);
    for (const { id } of large.slice(-3)) expect(ids).toContain(id);
    expect(ids.size).toBeLessThanOrEqual(36);
  });

  it('whatever happened: within the limits, of every field the newest, nothing that is too old', () => {
    const fields = fc.integer({ min: 0, max: 8 }).map((index) => `/field-${index}`);
    const history = fc.array(
      fc.record({
        field: fields,
        at: fc.integer({ min: START - 40 * DAY_MS, max: START }),
        reason: fc.constantFrom<Kept['reason']>('replaced', 'removed', 'refreshed'),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(history, (given) => {
        const records = given.map(({ field, at, reason }) => record(field, at, reason));
        const ids = kept(records, START, { maxValues: 100 });
        expect(ids.size).toBeLessThanOrEqual(100);
        const young = records.filter(({ at }) => START - at <= 30 * DAY_MS);
        for (const { id } of records)
          if (ids.has(id)) expect(young.map((one) => one.id)).toContain(id);
        for (const field of new Set(young.map((one) => one.field))) {
          const newest = young
            .filter((one) => one.field === field)
            .reduce((a, b) => (a.at > b.at || (a.at === b.at && a.id > b.id) ? a : b));
          expect(ids).toContain(newest.id);
        }
      }),
    );
  });

  it('whatever others bring: who brought less than a share keeps all of it', () => {
    const bringer = fc.constantFrom(null, 'evil', 'evil2', 'evil3');
    const history = fc.array(
      fc.record({
        by: bringer,
        replacedBy: bringer,
        field: fc.integer({ min: 0, max: 300 }).map((index) => `/field-${index}`),
        at: fc.integer({ min: START - 20 * DAY_MS, max: START }),
      }),
      { maxLength: 1_500 },
    );
    fc.assert(
      fc.property(history, (given) => {
        const own = times(10, (index) => ({
          ...record(`/field-${index}`, START - DAY_MS),
          by: 'b',
        }));
        const others = given.map(({ field, at, ...who }) => ({ ...record(field, at), ...who }));
        const ids = kept([...own, ...others], START, { maxValues: 100 });
        expect(ids.size).toBeLessThanOrEqual(100);
        for (const { id } of own) expect(ids).toContain(id);
      }),
      { numRuns: 30 },
    );
  });

  it('is so by bytes, too', () => {
    const records = times(100, (field) => record(`/field-${field}`, START + field));
    expect(kept(records, START, { maxBytes: 10_000 }).size).toBeLessThanOrEqual(10);
  });
});
