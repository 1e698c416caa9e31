import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineProcess, startEngine } from './engineProcess.ts';
import { createFleet } from './fleet.ts';
import { usageOf } from './processUsage.ts';
import type { Row } from './report.ts';

/** The second sweep is after 3 s; then an engine has nothing left of its start. */
const SETTLE_MS = 5_000;
const CPU_LIMIT_PERCENT = 0.1;
const RESIDENT_LIMIT_MB = 100;

export interface IdleUsage {
  readonly cpuPercent: number;
  readonly residentMb: number;
  readonly readBytes: number | null;
}

/** What an engine uses while nothing happens. */
export async function measureIdle(engine: EngineProcess, forMs: number): Promise<IdleUsage> {
  await sleep(SETTLE_MS);
  const from = performance.now();
  const before = usageOf(engine.pid);
  await sleep(forMs);
  const after = usageOf(engine.pid);
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    cpuPercent: (100 * cpuMs) / (performance.now() - from),
    residentMb: after.residentMb,
    readBytes:
      after.readBytes === null || before.readBytes === null
        ? null
        : after.readBytes - before.readBytes,
  };
}

/** An idle engine on the file store: CPU and memory over more than one poll, and what it reads. */
export async function measureIdleFile(missions: number, quick: boolean): Promise<Row[]> {
  const pollMs = quick ? 2_000 : 60_000;
  const forMs = quick ? 5_000 : 65_000;
  const fleet = createFleet({ missions, settings: { pollIntervalMs: pollMs } });
  try {
    const engine = await startEngine(fleet);
    const idle = await measureIdle(engine, forMs);
    await engine.stop();
    const opened = await countEntryReads(missions, quick ? 1 : 3);
    return [
      {
        what: `Idle, ${missions} running missions, file store, ${forMs / 1000} s with a poll every ${pollMs / 1000} s: CPU`,
        measured: `${idle.cpuPercent.toFixed(3)} % of a core`,
        limit: `≤ ${CPU_LIMIT_PERCENT} %`,
        ofLimit: idle.cpuPercent / CPU_LIMIT_PERCENT,
      },
      {
        what: '… resident memory',
        measured: `${idle.residentMb.toFixed(0)} MB`,
        limit: `≤ ${RESIDENT_LIMIT_MB} MB`,
        ofLimit: idle.residentMb / RESIDENT_LIMIT_MB,
      },
      ...(idle.readBytes === null
        ? []
        : [{ what: '… read, all told', measured: `${(idle.readBytes / 1024).toFixed(1)} KB` }]),
      opened,
    ];
  } finally {
    fleet.dispose();
  }
}

/** Counts with `strace` how often an idle engine opens an entry, polls included. */
async function countEntryReads(missions: number, polls: number): Promise<Row> {
  const what = `… times that an entry was opened in ${polls} polls (strace)`;
  const pollMs = 2_000;
  const fleet = createFleet({ missions, settings: { pollIntervalMs: pollMs } });
  try {
    const engine = await startEngine(fleet);
    await sleep(SETTLE_MS);
    const trace = ['-f', '-qq', '-e', 'trace=open,openat', '-p', String(engine.pid)];
    const strace = spawn('strace', trace, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    strace.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const ended = Promise.race([once(strace, 'close'), once(strace, 'error')]);
    await Promise.race([sleep(polls * pollMs + pollMs / 2), ended]);
    const traced = strace.exitCode === null && strace.pid !== undefined;
    if (traced) strace.kill('SIGINT');
    await ended;
    await engine.stop();
    if (!traced) return { what, measured: 'not counted: strace is not usable here' };
    // A poll reads every pid file: without those, nothing was traced.
    if (!text.includes('/pid"')) return { what, measured: 'not counted: strace saw no poll' };
    const opens = text.split('\n').filter((line) => line.includes('.credentials.json"')).length;
    return { what, measured: String(opens), limit: '0', ofLimit: opens };
  } finally {
    fleet.dispose();
  }
}
