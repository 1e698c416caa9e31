import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventMessage } from '../../main/service/contract/engine.ts';
import type { LogLine } from '../../main/service/contract/log.ts';
import { EVERYTHING } from '../../main/service/contract/logFilter.ts';
import { createLogBook } from '../../main/service/logBook.ts';
import { until } from '../support/until.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-log-'));
  path = join(folder, 'sync.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sync = (index: number): EventMessage => ({
  event: 'sync',
  at: new Date(1_795_000_000_000 + index).toISOString(),
  direction: index % 2 === 0 ? 'up' : 'down',
  missionId: `mission-${index % 3}`,
  servers: ['loop'],
  hash: 'a'.repeat(64),
  durationMs: index / 10,
});

function write(...events: EventMessage[]): void {
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

const names = (id: string): string | null => (id === 'mission-0' ? 'fix login' : null);

it('gives pages from the newest to the oldest, each in order of time', async () => {
  write(...Array.from({ length: 12_001 }, (_, index) => sync(index)));
  const book = createLogBook(path, names, () => undefined);
  const seen: LogLine[] = [];
  let before: number | null = null;
  for (let more = true; more; ) {
    const page = await book.read(before);
    seen.unshift(...page.lines);
    before = page.lines[0]?.id ?? 0;
    more = page.more;
  }
  expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: 12_001 }, (_, index) => index));
  expect(seen[0]).toMatchObject({
    direction: 'up',
    missionName: 'fix login',
    text: 'loop went up to all',
    hash: 'a'.repeat(64),
  });
  expect(seen[1]).toMatchObject({ missionName: 'mission-1', text: 'loop arrived' });
});

it('tells what comes while it is open, once, also what comes while it is read', async () => {
  write(sync(0), sync(1), sync(2));
  const lines: LogLine[] = [];
  const book = createLogBook(path, names, (fresh) => lines.push(...fresh));
  const reading = book.read(null);
  // In the file already, and new.
  book.append(sync(2));
  book.append(sync(3));
  expect((await reading).lines.map(({ durationMs }) => durationMs)).toEqual([0, 0.1, 0.2, 0.3]);
  book.append(sync(4));
  await until('the new line is told', () => lines.length === 1);
  expect(lines[0]).toMatchObject({ id: 4, durationMs: 0.4 });
  book.close();
  book.append(sync(5));
  // What another one hears of later, it is told after all that this one would be told.
  const heard: LogLine[] = [];
  const other = createLogBook(path, names, (fresh) => heard.push(...fresh));
  await other.read(null);
  other.append(sync(6));
  await until('the other is told', () => heard.length === 1);
  other.close();
  expect(lines).toHaveLength(1);
});

it('exports what the filter lets through, open or not', async () => {
  write(sync(0), sync(1), sync(2));
  const book = createLogBook(path, names, () => undefined);
  const { text, lines } = await book.export({ ...EVERYTHING, direction: 'up', search: 'FIX' });
  expect(lines).toBe(1);
  expect(text).toBe(`${sync(0).at}  ↑  fix login: loop went up to all  aaaaaaaaaaaa  0 ms\n`);
  await book.read(null);
  expect((await book.export(EVERYTHING)).lines).toBe(3);
});

it('a log that is not there yet is empty', async () => {
  const book = createLogBook(path, names, () => undefined);
  expect(await book.read(null)).toEqual({ lines: [], more: false });
});

describe('a refresh', () => {
  const refresh = {
    event: 'refresh',
    at: new Date(1_795_000_000_000).toISOString(),
    server: 'loop',
    key: 'loop|0123456789abcdef',
    by: 'client',
    missionId: 'mission-0',
    from: '1a2b3c4d',
    to: '5e6f7a8b',
    receivers: [
      { missionId: null, durationMs: 4.1 },
      { missionId: 'mission-1', durationMs: 6.3 },
    ],
    outcome: 'refreshed',
  } as const satisfies EventMessage;
  const lineOf = async (event: EventMessage): Promise<LogLine | undefined> => {
    write(event);
    const book = createLogBook(path, names, () => undefined);
    const { lines } = await book.read(null);
    return lines[0];
  };

  it('is one line: who, which fingerprint became which, who got it, in how many ms', async () => {
    expect(await lineOf(refresh)).toMatchObject({
      level: 'info',
      missionName: 'fix login',
      text: 'loop refreshed: 1a2b3c4d → 5e6f7a8b, received by 2',
      durationMs: 6.3,
    });
  });

  it('by the engine says so', async () => {
    const line = await lineOf({ ...refresh, by: 'engine', missionId: null });
    expect(line).toMatchObject({
      missionName: null,
      text: 'loop refreshed by the engine: 1a2b3c4d → 5e6f7a8b, received by 2',
    });
  });

  it.each([
    ['rejected', 'warning', 'loop: the refresh was rejected'],
    [
      'timeout',
      'warning',
      'loop is being refreshed and there is no result yet; others wait no longer',
    ],
    ['unchanged', 'info', 'loop was to be refreshed; nothing came of it'],
  ] as const)('that was %s is a line of level %s', async (outcome, level, text) => {
    const line = await lineOf({ ...refresh, outcome, to: null, receivers: [] });
    expect(line).toMatchObject({ level, text, durationMs: null });
  });
});

it('a window that stays open over a storm holds so many lines and no more', async () => {
  write(...Array.from({ length: 40 }, (_, index) => sync(index)));
  const lines: LogLine[] = [];
  const book = createLogBook(path, names, (fresh) => lines.push(...fresh), 50);
  await book.read(null);
  for (let index = 40; index < 200; index += 1) book.append(sync(index));
  await until('the last line is told', () => lines.at(-1)?.durationMs === 19.9);
  expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: 160 }, (_, index) => 40 + index));
  const page = await book.read(180);
  expect(page.lines.at(-1)).toMatchObject({ id: 179, durationMs: 17.9 });
  expect(page.lines.length).toBeLessThanOrEqual(50);
  expect((await book.export(EVERYTHING)).lines).toBeLessThanOrEqual(50);
  expect((await book.read(10)).lines, 'those that were let go').toEqual([]);
});
