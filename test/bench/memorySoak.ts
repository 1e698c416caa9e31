import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serverKey } from '../support/fake.ts';
import { startEngine } from './engineProcess.ts';
import { createFleet, realisticServer, writeAsClient } from './fleet.ts';
import { usageOf } from './processUsage.ts';
import { machineText } from './report.ts';

/*
 * `npm run soak:memory`: whether an engine's memory stays where it is while missions write without end and
 * followers of its socket do not read. Options:
 *   --minutes 3   --missions 200   --rate 100 (writes a second)   --followers 5 (that never read)
 *   --calm 20 (s, after the writes)
 * Prints the resident memory before, during and after, and the descriptors. Exit code 1: it ended above 250 MB.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    missions: { type: 'string', default: '200' },
    rate: { type: 'string', default: '100' },
    followers: { type: 'string', default: '5' },
    calm: { type: 'string', default: '20' },
  },
});
const LIMIT_MB = 250;
const WRITERS = 40;

/** One figure of a process over time. */
function spread(samples: readonly number[]): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
  return `min ${at(0)}, median ${at(0.5)}, max ${at(1)}`;
}

function descriptorsOf(pid: number): number {
  return process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : Number.NaN;
}

/** As a suspended `log --follow`: it connects and never reads. */
function neverRead(socketPath: string, url: string): Socket {
  const socket = connect(socketPath);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${url} HTTP/1.1\r\nhost: x\r\n\r\n`);
  return socket;
}

const fleet = createFleet({ missions: Number(values.missions) });
const engine = await startEngine(fleet);
try {
  const resident = (): number => usageOf(engine.pid).residentMb;
  const [before, descriptorsBefore] = [resident(), descriptorsOf(engine.pid)];
  const socketPath = join(fleet.agencDir, 'bar', 'engine.sock');
  const followers = Array.from({ length: Number(values.followers) }, (_, index) =>
    neverRead(socketPath, index === 0 ? '/events' : '/snapshots'),
  );
  const memory: number[] = [];
  const descriptors: number[] = [];
  const end = performance.now() + Number(values.minutes) * 60_000;
  const pauseMs = 1_000 / Number(values.rate);
  let writes = 0;
  for (let next = performance.now(); performance.now() < end; next += pauseMs) {
    const entry = fleet.entries[writes % Math.min(WRITERS, fleet.entries.length)] ?? '';
    const server = realisticServer(`storm-${writes % 60}`);
    writeAsClient(entry, (servers) => {
      servers[serverKey(server.serverName)] = server;
    });
    writes += 1;
    if (writes % Number(values.rate) === 0) {
      memory.push(resident());
      descriptors.push(descriptorsOf(engine.pid));
      // Else nobody sees anything before the end.
      if (memory.length % 30 === 0)
        console.log(`${memory.length} s of writes: ${resident().toFixed(0)} MB`);
    }
    await sleep(Math.max(0, next + pauseMs - performance.now()));
  }
  for (const follower of followers) follower.destroy();
  await sleep(Number(values.calm) * 1000);
  const after = resident();
  console.log(
    [
      machineText(),
      `${values.missions} missions, ${writes} writes in ${values.minutes} minutes (${values.rate}/s asked for), ` +
        `${values.followers} followers that never read; ${engine.events.length} events`,
      `resident: ${before.toFixed(0)} MB before; ${spread(memory)} MB during; ${after.toFixed(0)} MB ${values.calm} s after`,
      `descriptors: ${descriptorsBefore} before; ${spread(descriptors)} during; ${descriptorsOf(engine.pid)} after`,
    ].join('\n'),
  );
  if (after > LIMIT_MB) process.exitCode = 1;
} finally {
  await engine.stop();
  fleet.dispose();
}
