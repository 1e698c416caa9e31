import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { callEngine, followEngine } from '../../main/service/client.ts';
import type {
  CommandHandlers,
  EventMessage,
  LiveSnapshot,
} from '../../main/service/contract/engine.ts';
import { MAX_UNSENT_BYTES } from '../../main/service/follow.ts';
import { type ControlServer, startControlServer } from '../../main/service/server.ts';
import { until } from '../support/until.ts';

let folder: string;
let path: string;
let server: ControlServer;
let events: Set<(message: EventMessage | LiveSnapshot) => void>;
let snapshots: Set<(message: EventMessage | LiveSnapshot) => void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-followers-'));
  path = join(folder, 'engine.sock');
  events = new Set();
  snapshots = new Set();
  const feed =
    (listeners: typeof events) => (tell: (message: EventMessage | LiveSnapshot) => void) => {
      listeners.add(tell);
      return () => void listeners.delete(tell);
    };
  const handlers = { look: async () => ({}) } as unknown as CommandHandlers;
  server = await startControlServer(path, handlers, {
    '/events': { slow: 'each', subscribe: feed(events) },
    '/snapshots': { slow: 'latest', subscribe: feed(snapshots) },
  });
  // Comes last: what is registered later is undone first.
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

/** A program that follows and does not read, as a suspended one. */
function suspended(url: string): { socket: Socket; read(): () => string } {
  const socket = connect(path);
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
  return {
    socket,
    read() {
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.resume();
      return () => text;
    },
  };
}

const event = (index: number): EventMessage => ({
  event: 'alert',
  at: '2026-11-23T20:42:52.123Z',
  id: `alert-${index}`,
  kind: 'state',
  missionId: null,
  message: 'x'.repeat(10_000),
  servers: [],
});
/** What a follower of snapshots is told; only its size and its number matter here. */
const snapshot = (revision: number): LiveSnapshot =>
  ({ revision, snapshot: { filler: 'x'.repeat(100_000) } }) as unknown as LiveSnapshot;

describe('a follower that does not read', () => {
  it('of the events is cut off before it fills up the engine, and is told so once it reads', async () => {
    const lazy = suspended('/events');
    await until('it follows', () => events.size === 1);
    const perEvent = JSON.stringify(event(0)).length;
    // What the kernel takes for it comes on top of what the engine may hold.
    const most = (16 * MAX_UNSENT_BYTES) / perEvent;
    let told = 0;
    for (; events.size > 0 && told < most; told += 1) for (const tell of events) tell(event(told));
    expect(events.size, 'nobody is told any more').toBe(0);
    const text = lazy.read();
    await until('it hears the end', () => text().includes('"event":"cut-off"'));
    expect(text()).toContain('alert-0');
  });

  it('can follow again, and misses nothing from then on', async () => {
    suspended('/events');
    await until('it follows', () => events.size === 1);
    while (events.size > 0) for (const tell of events) tell(event(0));
    const over = new AbortController();
    const again = await followEngine(path, over.signal);
    await until('it follows again', () => events.size === 1);
    for (const tell of events) tell(event(7));
    for await (const told of again) {
      expect(told).toEqual(event(7));
      break;
    }
    over.abort();
  });

  it('of the snapshots costs one of them, and then gets the latest instead of all', async () => {
    const lazy = suspended('/snapshots');
    await until('it follows', () => snapshots.size === 1);
    for (let revision = 1; revision <= 500; revision += 1)
      for (const tell of snapshots) tell(snapshot(revision));
    const text = lazy.read();
    await until('it has the latest', () => text().includes('"revision":500'));
    const revisions = [...text().matchAll(/"revision":(\d+)/g)].map(([, digits]) => Number(digits));
    expect(revisions.length, `50 MB were told, it got ${revisions.join(', ')}`).toBeLessThan(50);
    expect(revisions[0]).toBe(1);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });

  it('takes nobody else the engine away: commands are answered', async () => {
    for (let index = 0; index < 70; index += 1) suspended('/events');
    await until('as many follow as may', () => events.size === 64);
    await expect(callEngine(path, 'look', {})).resolves.toEqual({});
    await expect(
      (async () => {
        for await (const one of await followEngine(path))
          throw new Error(`unexpected ${one.event}`);
      })(),
    ).rejects.toThrow('follow this engine already');
  });
});
