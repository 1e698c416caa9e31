import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EventMessage, eventSchema } from '../../main/service/contract/engine.ts';
import { createLogQueue, openSyncLog, readSyncLog } from '../../main/service/syncLog.ts';
import { until } from '../support/until.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-synclog-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const broadcast = (timestamp: number): EventMessage => ({
  event: 'broadcast',
  at: '2026-11-23T20:42:52.123Z',
  timestamp,
});

async function read(path: string): Promise<EventMessage[]> {
  const events: EventMessage[] = [];
  for await (const event of readSyncLog(path)) events.push(event);
  return events;
}

it('loses no line of a storm that the disk can take, in order', async () => {
  const path = join(folder, 'sync.log');
  const log = openSyncLog(path, (error) => {
    throw error;
  });
  for (let index = 0; index < 5_000; index += 1) log.append(broadcast(index));
  await log.close();
  expect((await read(path)).map((event) => 'timestamp' in event && event.timestamp)).toEqual(
    Array.from({ length: 5_000 }, (_, index) => index),
  );
});

it('a disk that takes nothing costs the engine a megabyte, and the log says what it lacks', async () => {
  const written: string[] = [];
  let done: (() => void) | null = null;
  const log = createLogQueue(() => ({
    write(text, callback) {
      written.push(text);
      done = callback;
    },
    end: (callback) => callback(),
  }));
  const perLine = JSON.stringify(broadcast(100_000)).length + 1;
  const count = 50_000;
  for (let index = 0; index < count; index += 1) log.append(broadcast(100_000 + index));
  expect(written, 'one write is under way').toHaveLength(1);
  const closed = log.close();
  while (done !== null) {
    const finish: () => void = done;
    done = null;
    finish();
  }
  await closed;
  const lines = written.join('').trimEnd().split('\n');
  expect(lines.length * perLine).toBeLessThan(1.2 * 1024 * 1024);
  const last = JSON.parse(lines.at(-1) ?? '') as { event: string; lines: number };
  expect(last).toMatchObject({ event: 'dropped', lines: count - (lines.length - 1) });
});

const sync = (missionId: string, direction: 'up' | 'down', servers: string[]): EventMessage => ({
  event: 'sync',
  at: '2026-11-23T20:42:52.123Z',
  direction,
  missionId,
  servers,
  hash: null,
  durationMs: 1,
});

it('a mission that rewrites 380 servers with long names all day does not push out what others did', async () => {
  const written: string[] = [];
  let at = 0;
  const stream = {
    write(text: string, callback: (error?: Error | null) => void) {
      written.push(text);
      callback();
    },
    end: (callback: () => void) => callback(),
  };
  const log = createLogQueue(
    () => stream,
    () => undefined,
    () => at,
  );
  const names = Array.from({ length: 380 }, (_, index) => 'n'.repeat(190) + index);
  const rewrites = 24 * 3_600;
  for (; at < rewrites * 1_000; at += 1_000) {
    log.append(sync('evil', 'up', names));
    log.append(sync('b', 'down', names));
  }
  log.append(sync('b', 'up', ['bank']));
  await log.close();
  const lines = written
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  // All that the log keeps is 30 MB: it was replaced within 70 s before.
  expect(written.join('').length / 24, 'of an hour').toBeLessThan(4_000_000);
  expect(lines[0]).toMatchObject({ missionId: 'evil', more: 360, servers: names.slice(0, 20) });
  expect(lines).toContainEqual(sync('b', 'up', ['bank']));
  for (const [missionId, direction] of [
    ['evil', 'up'],
    ['b', 'down'],
  ]) {
    const ofIts = lines.filter((line) => 'missionId' in line && line.missionId === missionId);
    const told = ofIts.filter((line) => line.event === 'sync' && line.direction === direction);
    const missing = ofIts.map((line) => (line.event === 'dropped' ? line.lines : 0));
    expect(told.length + missing.reduce((sum, count) => sum + count, 0)).toBe(rewrites);
    expect(missing.filter((count) => count > 0).length).toBeGreaterThan(0);
  }
});

it('what few lines tell is all there, however many missions there are', async () => {
  const path = join(folder, 'sync.log');
  const log = openSyncLog(path, () => undefined);
  const events = Array.from({ length: 200 }, (_, index) => sync(`m${index}`, 'down', ['bank']));
  for (const event of [...events, ...events]) log.append(event);
  await log.close();
  expect(await read(path)).toEqual([...events, ...events]);
});

it('reads what is left of a log in which somebody put an endless line', async () => {
  const path = join(folder, 'sync.log');
  writeFileSync(path, `${JSON.stringify(broadcast(1))}\n${'x'.repeat(5_000_000)}`);
  writeFileSync(`${path}.1`, `not JSON\n${JSON.stringify(broadcast(0))}\n`);
  expect(await read(path)).toEqual([broadcast(0), broadcast(1)]);
  expect(readFileSync(path, 'utf8')).toContain('xxx');
});

it('a disk that was full for a moment costs no line of the log, and is told until it is written again', async () => {
  const path = join(folder, 'sync.log');
  const told: (string | null)[] = [];
  const log = openSyncLog(path, (error) => told.push(error?.message ?? null));
  log.append(broadcast(0));
  await until('it is written', async () => (await read(path)).length === 1);
  // What stands in the log's place is no file: as good as a disk that takes nothing, and any user can make it.
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  await log.close();

  const next = openSyncLog(path, (error) => told.push(error?.message ?? null));
  next.append(broadcast(1));
  await until('the error is told', () => told.length > 0);
  next.append(broadcast(2));
  rmdirSync(path);
  next.append(broadcast(3));
  await until('all is written', async () => (await read(path)).length === 4);
  await next.close();
  expect(told.at(-1)).toBe(null);
  expect(new Set(told.slice(0, -1))).toEqual(new Set([expect.stringContaining('not a file')]));
  expect(await read(path)).toEqual([0, 1, 2, 3].map(broadcast));
});

it('a line that was cut off by a full disk spoils none of those after it', async () => {
  const written: string[] = [];
  const answers = [new Error('no space left on device'), null];
  const log = createLogQueue(() => ({
    write(text, callback) {
      const error = answers.shift() ?? null;
      written.push(error === null ? text : text.slice(0, 20));
      setImmediate(callback, error);
    },
    end: (callback) => callback(),
  }));
  log.append(broadcast(1));
  await until('it failed', () => written.length === 1 && answers.length === 1);
  await new Promise(setImmediate);
  log.append(broadcast(2));
  await log.close();
  const path = join(folder, 'sync.log');
  writeFileSync(path, written.join(''));
  expect(await read(path)).toEqual([broadcast(1), broadcast(2)]);
});
