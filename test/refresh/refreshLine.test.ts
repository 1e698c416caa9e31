import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SHARED_FIELDS } from '../../main/credentials/limits.ts';
import {
  BACK_MS,
  type Begun,
  type InLine,
  isAgain,
  nextInLine,
  RATION_MS,
} from '../../main/refresh/refreshLine.ts';

const NOW = 1_795_000_000_000;
const AHEAD_MS = 600_000;
/** What the engine itself needs for one, so that it comes to 400 within the time that one is waited for. */
const STEP_MS = 25;
/** So many of one mission begin without a wait. */
const SHARE = 8;

const at = (monotonic: number) => ({ now: NOW + monotonic, monotonic, aheadMs: AHEAD_MS });

/** A value that was there before the engine, and is due since it was seen. */
function due(key: string, change: Partial<InLine> & { readonly leftMs?: number } = {}): InLine {
  const { leftMs = 60_000, ...rest } = change;
  const { monotonic } = rest.seen ?? { monotonic: 0 };
  return {
    key,
    expiresAt: NOW + monotonic + leftMs,
    seen: { wall: NOW + monotonic, monotonic },
    fresh: false,
    jitter: 0,
    notBefore: null,
    broughtBy: null,
    failedAt: null,
    begunAt: null,
    ...rest,
  };
}

const seenAt = (monotonic: number) => ({ wall: NOW + monotonic, monotonic });
const next = (monotonic: number, candidates: readonly InLine[], begun: readonly Begun[] = []) =>
  nextInLine({ ...at(monotonic), candidates }, begun)?.key ?? null;

describe('of those that are due begins', () => {
  it('none, where none is', () => {
    expect(next(0, [due('later', { leftMs: 2 * AHEAD_MS })])).toBeNull();
    expect(next(0, [due('waits', { notBefore: 1 })])).toBeNull();
  });

  it('the one that came first, whatever it says of its own end', () => {
    const [first, second] = [due('first'), due('second', { seen: seenAt(50), leftMs: -9e9 })];
    expect(next(100, [second, first])).toBe('first');
  });

  it('among equals the one that runs out first', () => {
    expect(next(100, [due('b', { leftMs: 2 }), due('a', { leftMs: 1 })])).toBe('a');
  });

  it('one whose server has not failed lately before one whose has, but for ten seconds only', () => {
    const failed = due('failed', { failedAt: 0 });
    expect(next(200, [failed, due('other', { seen: seenAt(100) })])).toBe('other');
    const late = seenAt(BACK_MS + 1);
    expect(next(BACK_MS + 200, [failed, due('other', { seen: late })])).toBe('failed');
    expect(next(700_000, [failed, due('other', { seen: seenAt(100) })])).toBe('failed');
  });

  it('one of a mission of which few began before one of a mission of which many did', () => {
    const begun = Array.from({ length: 8 }, () => ({ broughtBy: 'many', again: false, at: 100 }));
    const candidates = [
      due('its', { broughtBy: 'many' }),
      due('other', { broughtBy: 'few', seen: seenAt(100) }),
    ];
    expect(next(200, candidates, begun)).toBe('other');
    expect(next(200, candidates, begun.slice(1))).toBe('its');
  });
});

/** Of so many servers that are due again at once, how many begin within ten seconds. */
function begunOf(count: number, change: Partial<InLine>): number {
  let candidates = Array.from({ length: count }, (_, index) => due(`${index}`, change));
  let begun: Begun[] = [];
  for (let now = 0; now < 10_000; now += STEP_MS) {
    const chosen = nextInLine({ ...at(now), candidates }, begun);
    if (chosen === null) continue;
    begun = [...begun, { broughtBy: chosen.broughtBy, again: isAgain(chosen, now), at: now }];
    const next = { ...chosen, seen: seenAt(now), begunAt: now };
    candidates = candidates.map((one) => (one === chosen ? next : one));
  }
  return begun.length;
}

describe('servers whose tokens come due again at once', () => {
  const RATIONS = 10_000 / RATION_MS;

  it('do not busy the engine with a mission that brought 250 of them', () => {
    expect(begunOf(250, { broughtBy: 'many' })).toBeLessThanOrEqual(SHARE + RATIONS);
  });

  it('nor after a start, when nobody knows who brought them', () => {
    expect(begunOf(20, { broughtBy: null })).toBeLessThanOrEqual(20 + SHARE + RATIONS);
  });

  it('keep nobody of a fleet waiting at a start, when each is due once', () => {
    expect(begunOf(400, { broughtBy: null })).toBe(400);
  });
});

/** What others may do: each begins, hangs or ends at once, and is written anew some time after that. */
const other = fc.record({
  broughtBy: fc.constantFrom(null, 'a', 'b', 'c'),
  failedAt: fc.constantFrom(null, 0),
  seen: fc.integer({ min: 0, max: 10_000 }).map((monotonic) => seenAt(20_000 - monotonic)),
  leftMs: fc.integer({ min: -1e6, max: 300_000 }),
  takesMs: fc.constantFrom(0, 50, BACK_MS, 2 * BACK_MS),
});
type Other = typeof other extends fc.Arbitrary<infer T> ? T : never;

/** How long a server that comes due at 20 s is not begun. */
function waitOf(mine: Partial<InLine>, others: readonly Other[]): number {
  const start = 20_000;
  let waiting = others.map(({ takesMs, ...one }, index) => ({
    one: due(`other ${index}`, one),
    takesMs,
    from: 0,
  }));
  const honest = due('honest', { seen: seenAt(start), ...mine });
  let begun: Begun[] = [];
  for (let now = start; ; now += STEP_MS) {
    const there = waiting.filter(({ from }) => from <= now).map(({ one }) => one);
    const chosen = nextInLine({ ...at(now), candidates: [honest, ...there] }, begun);
    if (chosen === honest) return now - start;
    // All that are due wait for their ration.
    if (chosen === null) continue;
    begun = [...begun, { broughtBy: chosen.broughtBy, again: isAgain(chosen, now), at: now }];
    // Its value is another as soon as it is done, and due again.
    waiting = waiting.map((each) => {
      const from = now + each.takesMs;
      const one = { ...chosen, seen: seenAt(from), begunAt: now };
      return each.one === chosen ? { ...each, from, one } : each;
    });
  }
}

describe('whatever so many others do as an entry can hold', () => {
  const others = fc.array(other, {
    minLength: MAX_SHARED_FIELDS - 1,
    maxLength: MAX_SHARED_FIELDS - 1,
    size: 'max',
  });
  // What fails is too large to be made smaller within minutes.
  const runs = { numRuns: 20, endOnFailure: true };

  it('an honest server is begun within the time that one which never answers is waited for', () => {
    fc.assert(
      fc.property(fc.constantFrom(null, 'honest'), others, (broughtBy, all) => {
        const strangers = all.filter((one) => broughtBy !== null || one.broughtBy !== null);
        expect(waitOf({ broughtBy }, strangers)).toBeLessThanOrEqual(BACK_MS);
      }),
      runs,
    );
  });

  it('and within twice that and their rations, if it was made to look like one of them', () => {
    fc.assert(
      fc.property(others, (all) => {
        const wait = waitOf({ broughtBy: 'a', failedAt: 19_999 }, all);
        const before = all.filter(({ broughtBy }) => broughtBy === 'a').length + SHARE;
        expect(wait).toBeLessThanOrEqual(2 * BACK_MS + before * RATION_MS);
      }),
      runs,
    );
  });
});
