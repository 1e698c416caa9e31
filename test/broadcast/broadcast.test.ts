import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBroadcastFile } from '../../main/broadcast/broadcastFile.ts';
import { createBroadcastListener } from '../../main/broadcast/broadcastListener.ts';
import { debounce } from '../../main/broadcast/debounce.ts';
import { formatTimestamp, nextTimestamp, parseTimestamp } from '../../main/broadcast/timestamp.ts';
import { createFakeClock } from '../support/fakeClock.ts';

describe('the timestamp', () => {
  it.each(['0', '1795457092.986123', '1795457092', ' 1795457092.5\n', '4000000000.000001'])(
    'reads %j',
    (text) => {
      expect(parseTimestamp(text)).toBe(Math.round(Number(text) * 1e6));
    },
  );

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    'Inf',
    '+Inf',
    'NaN',
    '1e9',
    '0x10',
    '1795457092.',
    '.5',
    '1 2',
    '99999999999',
    '1,5',
  ])('does not take %j for one', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it('has six decimals, and reads back as itself', () => {
    expect(formatTimestamp(1_795_457_092_000_007)).toBe('1795457092.000007');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (micros) => {
        expect(formatTimestamp(micros)).toMatch(/^\d+\.\d{6}$/);
        expect(parseTimestamp(formatTimestamp(micros))).toBe(micros);
      }),
    );
  });

  it('is larger than the one before even if the clock went back an hour, also as a double', () => {
    const last = 1_795_457_092_986_123;
    const next = nextTimestamp(last / 1000 - 3_600_000, last);
    expect(next).toBe(last + 1);
    expect(Number(formatTimestamp(next))).toBeGreaterThan(Number(formatTimestamp(last)));
  });
});

describe('the debounce', () => {
  it('waits until it is quiet', () => {
    const clock = createFakeClock();
    let runs = 0;
    const call = debounce(
      () => (runs += 1),
      () => 1_000,
      clock,
    );
    call();
    clock.pass(900);
    call();
    clock.pass(900);
    expect(runs).toBe(0);
    clock.pass(100);
    expect(runs).toBe(1);
  });

  it('is not starved by a call every half second for a minute', () => {
    const clock = createFakeClock();
    const runsAt: number[] = [];
    const call = debounce(
      () => runsAt.push(clock.monotonic()),
      () => 1_000,
      clock,
    );
    for (let ms = 0; ms < 60_000; ms += 500) {
      call();
      clock.pass(500);
    }
    expect(runsAt.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...runsAt.map((at, i) => at - (runsAt[i - 1] ?? 0)))).toBeLessThanOrEqual(
      5_500,
    );
  });
});

describe('the broadcast file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agenc-bar-broadcast-'));
    path = join(folder, 'global-credentials-expiry');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is created as 0, and not touched if it is there', async () => {
    const file = createBroadcastFile(path, Date.now);
    await file.ensure();
    expect(readFileSync(path, 'utf8')).toBe('0');
    writeFileSync(path, '1795457092.000001');
    await file.ensure();
    expect(readFileSync(path, 'utf8')).toBe('1795457092.000001');
  });

  it('is replaced, not rewritten, with ever larger values', async () => {
    const file = createBroadcastFile(path, () => 1_795_000_000_000);
    const inodes = new Set<number>();
    const values: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      values.push(await file.announce());
      inodes.add(statSync(path).ino);
    }
    expect([...values].sort((a, b) => a - b)).toEqual(values);
    expect(new Set(values).size).toBe(values.length);
    expect(inodes.size).toBeGreaterThan(1);
  });

  it('goes on from a value that is no timestamp', async () => {
    writeFileSync(path, 'Inf');
    const file = createBroadcastFile(path, () => 1_795_000_000_000);
    expect(file.read()).toEqual({ status: 'bad', text: 'Inf' });
    await file.announce();
    expect(readFileSync(path, 'utf8')).toBe('1795000000.000000');
  });

  function listen() {
    const clock = createFakeClock();
    const file = createBroadcastFile(path, clock.now);
    const heard: number[] = [];
    const bad: (string | null)[] = [];
    const listener = createBroadcastListener({
      file,
      clock,
      debounceMs: () => 1_000,
      onBroadcast: () => heard.push(clock.monotonic()),
      onBad: (message) => bad.push(message),
    });
    const write = (text: string): void => {
      writeFileSync(path, text);
      listener.look();
      clock.pass(1_000);
    };
    return { clock, file, listener, heard, bad, write };
  }

  it('is heard when another program writes any other value: a smaller one and one from the future too', () => {
    const { heard, write } = listen();
    write('1795457092.5');
    write('1795460692.5');
    write('1795457093.0');
    write('1795457093.0');
    expect(heard).toHaveLength(3);
  });

  it('is not heard when it is our own', async () => {
    const { clock, file, listener, heard } = listen();
    listener.own(await file.announce());
    listener.look();
    clock.pass(10_000);
    expect(heard).toEqual([]);
  });

  it('is read only once it is quiet: another program may have emptied it to rewrite it', () => {
    const { clock, listener, heard, bad, write } = listen();
    writeFileSync(path, '');
    listener.look();
    clock.pass(10);
    write('1795457092.5');
    expect(heard).toHaveLength(1);
    expect(bad).toEqual([]);
  });

  it('reports a bad value once, ignores it, and says when it is well again', () => {
    const { heard, bad, write } = listen();
    write('Inf');
    write('Inf');
    expect(bad).toEqual([expect.stringContaining('"Inf"')]);
    write('1795457092.5');
    expect(bad).toHaveLength(2);
    expect(bad[1]).toBeNull();
    expect(heard).toHaveLength(1);
  });
});
