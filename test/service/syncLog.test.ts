import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EventMessage } from '../../main/service/contract/engine.ts';
import { createLogQueue, openSyncLog, readSyncLog } from '../../main/service/syncLog.ts';

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
  const log = createLogQueue({
    write(text, callback) {
      written.push(text);
      done = callback;
    },
    end: (callback) => callback(),
  });
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

it('reads what is left of a log in which somebody put an endless line', async () => {
  const path = join(folder, 'sync.log');
  writeFileSync(path, `${JSON.stringify(broadcast(1))}\n${'x'.repeat(5_000_000)}`);
  writeFileSync(`${path}.1`, `not JSON\n${JSON.stringify(broadcast(0))}\n`);
  expect(await read(path)).toEqual([broadcast(0), broadcast(1)]);
  expect(readFileSync(path, 'utf8')).toContain('xxx');
});
