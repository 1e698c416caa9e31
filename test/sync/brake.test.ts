import { beforeEach, describe, expect, it } from 'vitest';
import { createBrake } from '../../main/sync/brake.ts';
import { BUSY_PACE, createRetries, TROUBLE_PACE } from '../../main/sync/retries.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = createFakeClock();
});

describe('the brake', () => {
  let looks: number[];
  let storms: (readonly [string, boolean])[];

  function start(costMs = 0) {
    looks = [];
    storms = [];
    return createBrake({
      clock,
      costMs: () => costMs,
      onDue: (ids) => looks.push(...ids.map(() => clock.monotonic())),
      onStorm: (id, goesOn) => storms.push([id, goesOn]),
    });
  }

  /** Changes something 100 times a second for some seconds. */
  function change(brake: ReturnType<typeof start>, id: string, seconds: number): void {
    for (let step = 0; step < seconds * 100; step += 1) {
      if (brake.allows(id)) looks.push(clock.monotonic());
      clock.pass(10);
    }
  }

  it('lets a sign-in, and a few more, be looked at when they come', () => {
    const brake = start();
    expect(Array.from({ length: 8 }, () => brake.allows('a'))).not.toContain(false);
    clock.pass(60_000);
    expect(looks).toEqual([]);
    expect(brake.allows('a')).toBe(true);
  });

  it('looks at what goes on and on four times a second, then once, and says so until it is calm', () => {
    const brake = start();
    change(brake, 'a', 4);
    expect(looks.length).toBeLessThanOrEqual(9 + 4 * 4);
    expect(looks.length).toBeGreaterThan(15);
    expect(storms).toEqual([]);
    change(brake, 'a', 2);
    expect(storms).toEqual([['a', true]]);
    looks = [];
    change(brake, 'a', 10);
    expect(looks.length).toBeGreaterThanOrEqual(9);
    expect(looks.length).toBeLessThanOrEqual(11);
    clock.pass(3_000);
    expect(storms).toEqual([
      ['a', true],
      ['a', false],
    ]);
  });

  it('looks less often where a look takes long', () => {
    const brake = start(2_000);
    for (let event = 0; event < 100; event += 1) brake.spend('a');
    change(brake, 'a', 24);
    expect(looks.length).toBeGreaterThan(0);
    // Once a second for five seconds, then every four.
    expect(looks.length).toBeLessThanOrEqual(5 + 5);
    expect(storms).toEqual([['a', true]]);
  });

  it('never leaves the last change unseen', () => {
    const brake = start();
    change(brake, 'a', 1);
    const last = clock.monotonic() - 10;
    clock.pass(5_000);
    expect(Math.max(...looks)).toBeGreaterThanOrEqual(last);
  });

  it('brakes one, and no other', () => {
    const brake = start();
    change(brake, 'a', 3);
    expect(brake.allows('b')).toBe(true);
  });

  it('brakes one whose few changes cost much, tells it earlier, and looks at it for a fifth of the time', () => {
    const brake = start();
    const costMs = 700;
    let spent = 0;
    // Three changes a second: less than would brake it by their number.
    const changeSlowly = (seconds: number): void => {
      for (let step = 0; step < seconds * 3; step += 1) {
        const from = looks.length;
        if (brake.allows('a')) looks.push(clock.monotonic());
        clock.pass(333);
        for (const _ of looks.slice(from)) {
          spent += costMs;
          brake.charge('a', costMs);
        }
      }
    };
    changeSlowly(4);
    expect(storms).toEqual([['a', true]]);
    spent = 0;
    changeSlowly(60);
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(60_000 / 5);
    expect(brake.allows('b')).toBe(true);
    const last = clock.monotonic();
    expect(brake.allows('a')).toBe(false);
    clock.pass(10_000);
    expect(Math.max(...looks), 'the last change is seen').toBeGreaterThanOrEqual(last);
    expect(storms.at(-1)).toEqual(['a', false]);
    expect(brake.allows('a')).toBe(true);
  });

  it('tells no storm of one costly change, and nobody waits for long on its account', () => {
    const brake = start();
    expect(brake.allows('a')).toBe(true);
    brake.charge('a', 60_000);
    expect(brake.defers('a'), 'it is not taken along').toBe(true);
    clock.pass(8_500);
    expect(looks).toHaveLength(1);
    expect(brake.defers('a')).toBe(false);
    expect(storms).toEqual([]);
    clock.pass(5_000);
    expect(brake.allows('a')).toBe(true);
  });

  it('closes the alert of one that is forgotten, and leaves no timer', () => {
    const brake = start();
    change(brake, 'a', 7);
    brake.forget('a');
    expect(storms.at(-1)).toEqual(['a', false]);
    looks = [];
    clock.pass(10_000);
    expect(looks).toEqual([]);
  });
});

describe('retries', () => {
  it('try a held lock again within milliseconds, in the end every two seconds', () => {
    const retries = createRetries(clock);
    const tries: number[] = [];
    const again = (): void => {
      tries.push(clock.monotonic());
      retries.failed('a', BUSY_PACE, again);
    };
    const from = clock.monotonic();
    again();
    for (let step = 0; step < 20_000; step += 1) clock.pass(1);
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? from));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(Math.max(...waits)).toBe(2_000);
    expect(retries.failingFor('a', BUSY_PACE)).toBe(20_000);
    retries.clear('a');
    expect(retries.failingFor('a', BUSY_PACE)).toBe(0);
  });

  it('of one that fails for ever make no other wait longer', () => {
    const retries = createRetries(clock);
    let honest = 0;
    const broken = (): void => retries.failed('broken', TROUBLE_PACE, broken);
    broken();
    for (let step = 0; step < 600; step += 1) clock.pass(100);
    retries.failed('honest', TROUBLE_PACE, () => {
      honest += 1;
    });
    clock.pass(500);
    expect(honest).toBe(1);
  });

  it('are tried at once when a lock is seen to go, and only while they wait', () => {
    const retries = createRetries(clock);
    let tries = 0;
    retries.failed('a', BUSY_PACE, () => {
      tries += 1;
    });
    retries.hurry('a');
    retries.hurry('a');
    clock.pass(60_000);
    expect(tries).toBe(1);
  });
});
