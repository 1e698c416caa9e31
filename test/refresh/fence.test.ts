import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FENCE_LIMIT_MS,
  FENCE_REST_MS,
  type FenceEffect,
  type FenceInput,
  fenceStep,
  isOver,
  NO_FENCE,
} from '../../main/refresh/fence.ts';

const PLACES = ['global', 'a', 'b', 'c'] as const;

/** What is done with a fence: `after` ms have passed, then this happens. */
type Happening = { readonly after: number } & (
  | { readonly kind: 'client-locks' | 'client-unlocks'; readonly place: string }
  | { readonly kind: 'client-takes-over' | 'lock-vanishes'; readonly place: string }
  | { readonly kind: 'taken-in'; readonly place: string; readonly changed: boolean }
  | { readonly kind: 'mission-starts' | 'mission-stops'; readonly place: string }
  | { readonly kind: 'pause' }
);

const place = fc.constantFrom(...PLACES);
const happening: fc.Arbitrary<Happening> = fc
  .tuple(
    fc.oneof(fc.nat(50), fc.nat(6_000)),
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('client-locks' as const), place }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('client-unlocks' as const), place }) },
      fc.record({
        kind: fc.constantFrom('client-takes-over' as const, 'lock-vanishes' as const),
        place,
      }),
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('taken-in' as const),
          place,
          changed: fc.boolean(),
        }),
      },
      fc.record({
        kind: fc.constantFrom('mission-starts' as const, 'mission-stops' as const),
        place,
      }),
      fc.constant({ kind: 'pause' as const }),
    ),
  )
  .map(([after, what]) => ({ after, ...what }));

/** Credential directories with locks in them, an engine with a fence, and time. */
function createModel() {
  /** Who holds the lock of a place. */
  const locks = new Map<string, 'client' | 'engine'>();
  const heldSince = new Map<string, number>();
  const running = new Set<string>(PLACES);
  const settling = new Set<string>();
  let state = NO_FENCE;
  let now = 0;
  let wakeAt: number | null = null;
  let longestMs = 0;
  /** What each taking of locks followed from. */
  const takenFor: FenceInput['kind'][] = [];

  function feed(input: FenceInput): void {
    const step = fenceStep(state, input, now);
    state = step.state;
    if (step.effects.some(({ kind }) => kind === 'take')) takenFor.push(input.kind);
    for (const effect of step.effects) carryOut(effect);
  }

  function carryOut(effect: FenceEffect): void {
    if (effect.kind === 'take') {
      const places = effect.places.filter((each) => !locks.has(each));
      for (const each of places) {
        locks.set(each, 'engine');
        heldSince.set(each, now);
      }
      feed({ kind: 'taken', places });
    } else if (effect.kind === 'release') {
      for (const each of effect.places) letGo(each);
    } else if (effect.kind === 'settle') settling.add(effect.place);
    else if (effect.kind === 'wake') wakeAt = now + effect.delayMs;
  }

  /** As the real locks do: only what is ours. The watcher then sees it go. */
  function letGo(each: string): void {
    if (locks.get(each) !== 'engine') return;
    locks.delete(each);
    longestMs = Math.max(longestMs, now - (heldSince.get(each) ?? now));
    feed({ kind: 'unlocked', place: each });
  }

  function pass(ms: number): void {
    const end = now + ms;
    while (wakeAt !== null && wakeAt <= end) {
      now = Math.max(now, wakeAt);
      wakeAt = null;
      feed({ kind: 'woken' });
    }
    now = end;
  }

  function clientLocks(each: string): void {
    locks.set(each, 'client');
    feed({
      kind: 'locked',
      place: each,
      others: PLACES.filter((other) => other !== each && running.has(other)),
    });
  }

  return {
    state: () => state,
    now: () => now,
    ours: () => [...locks].filter(([, who]) => who === 'engine').map(([each]) => each),
    clients: () => [...locks].filter(([, who]) => who === 'client').map(([each]) => each),
    settling: () => [...settling],
    longestMs: () => longestMs,
    takenFor: () => takenFor,
    pass,
    do(what: Happening): void {
      pass(what.after);
      switch (what.kind) {
        case 'client-locks':
          // It waits for whoever has it; while it has it itself, it only touches it.
          if (running.has(what.place) && locks.get(what.place) !== 'engine')
            clientLocks(what.place);
          return;
        case 'client-unlocks':
          if (locks.get(what.place) !== 'client') return;
          locks.delete(what.place);
          feed({ kind: 'unlocked', place: what.place });
          return;
        case 'client-takes-over':
          if (locks.get(what.place) === 'engine') clientLocks(what.place);
          return;
        case 'lock-vanishes':
          locks.delete(what.place);
          feed({ kind: 'unlocked', place: what.place });
          return;
        case 'taken-in':
          if (settling.delete(what.place))
            feed({ kind: 'settled', place: what.place, changed: what.changed });
          return;
        case 'mission-starts':
          running.add(what.place);
          feed({ kind: 'started', place: what.place });
          return;
        case 'mission-stops':
          if (what.place === 'global') return;
          running.delete(what.place);
          feed({ kind: 'stopped', place: what.place });
          return;
        case 'pause':
          feed({ kind: 'off' });
      }
    },
  };
}

const histories = fc.array(happening, { maxLength: 60 });

describe('the refresh fence, whatever happens in whatever order', () => {
  it('holds no lock longer than 4 s, and what it believes to hold is just what it holds', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const model = createModel();
        for (const what of history) {
          model.do(what);
          expect(new Set(model.ours())).toEqual(model.state().held);
          expect(model.state().held.size === 0 || model.state().until !== null).toBe(true);
        }
        model.pass(FENCE_LIMIT_MS);
        expect(model.ours()).toEqual([]);
        expect(model.longestMs()).toBeLessThanOrEqual(FENCE_LIMIT_MS);
      }),
    );
  });

  it('never lets go of a lock that is a client’s', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const model = createModel();
        for (const what of history) {
          const before = new Set(model.clients());
          model.do(what);
          const own = 'place' in what ? what.place : null;
          for (const each of before) if (each !== own) expect(model.clients()).toContain(each);
        }
      }),
    );
  });

  it('takes locks only because a client locked or a mission started: its own make no echo', () => {
    let takes = 0;
    fc.assert(
      fc.property(histories, (history) => {
        const model = createModel();
        for (const what of history) model.do(what);
        takes += model.takenFor().length;
        for (const kind of model.takenFor()) expect(['locked', 'started']).toContain(kind);
      }),
    );
    expect(takes, 'histories without a fence would show nothing').toBeGreaterThan(0);
  });

  it('comes to rest: when all clients are done and taken in, nothing is left of it', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const model = createModel();
        for (const what of history) model.do(what);
        for (const each of PLACES) model.do({ after: 0, kind: 'client-unlocks', place: each });
        for (const each of model.settling())
          model.do({ after: 0, kind: 'taken-in', place: each, changed: false });
        expect(model.ours()).toEqual([]);
        expect(model.state().clients.size).toBe(0);
        model.pass(FENCE_REST_MS);
        expect(isOver(model.state(), model.now())).toBe(true);
      }),
    );
  });
});

describe('the refresh fence', () => {
  it('of two clients that lock in the same instant fences neither, and all others', () => {
    const model = createModel();
    model.do({ after: 0, kind: 'client-locks', place: 'a' });
    expect(model.ours()).toEqual(['global', 'b', 'c']);
    const both = createModel();
    // B's lock was there when A's was seen.
    const first = fenceStep(both.state(), { kind: 'locked', place: 'a', others: ['b', 'c'] }, 0);
    const taken = fenceStep(first.state, { kind: 'taken', places: ['c'] }, 0);
    const second = fenceStep(taken.state, { kind: 'locked', place: 'b', others: ['a', 'c'] }, 1);
    expect(second.effects).toEqual([]);
    const onlyA = fenceStep(second.state, { kind: 'unlocked', place: 'a' }, 2);
    const failed = fenceStep(onlyA.state, { kind: 'settled', place: 'a', changed: false }, 3);
    expect(failed.state.held, 'B is still at it').toEqual(new Set(['c']));
    const done = fenceStep(failed.state, { kind: 'unlocked', place: 'b' }, 4);
    const end = fenceStep(done.state, { kind: 'settled', place: 'b', changed: true }, 5);
    expect(end.effects).toContainEqual({ kind: 'release', places: ['c'] });
  });

  it('that fell for its age is not put up again at once: those who wait get their turn', () => {
    const model = createModel();
    model.do({ after: 0, kind: 'client-locks', place: 'a' });
    model.pass(FENCE_LIMIT_MS);
    expect(model.ours()).toEqual([]);
    model.do({ after: 0, kind: 'client-locks', place: 'b' });
    expect(model.ours()).toEqual([]);
    model.do({ after: FENCE_REST_MS, kind: 'client-locks', place: 'c' });
    expect(model.ours()).toEqual(['global']);
  });

  it('stays down when a client that it fell for touches its lock', () => {
    const model = createModel();
    model.do({ after: 0, kind: 'client-locks', place: 'a' });
    model.pass(FENCE_LIMIT_MS + FENCE_REST_MS);
    model.do({ after: 0, kind: 'client-locks', place: 'a' });
    expect(model.ours()).toEqual([]);
  });
});
