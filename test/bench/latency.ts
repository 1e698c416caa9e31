import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverKey } from '../support/fake.ts';
import { watchArrival } from './arrival.ts';
import { createBareWrites } from './bareWrites.ts';
import { type EngineProcess, startEngine } from './engineProcess.ts';
import { median } from './figures.ts';
import { createFleet, type Fleet, realisticServer, writeAsClient } from './fleet.ts';
import { usageOf } from './processUsage.ts';

/** All in ms, one value a round. */
export interface LatencySamples {
  /** A sign-in: from the client's rename to the moment when the last other file has been replaced. */
  readonly signIn: number[];
  /** The same until the global entry has it. */
  readonly signInGlobal: number[];
  /** The same for a token refresh, whose old value goes to the journal first. */
  readonly refresh: number[];
  readonly bareParallel: number[];
  readonly bareSerial: number[];
  /** What the observer adds to a rename that this process makes itself. */
  readonly observer: number;
}

/** As the engine has it (`main/sync/reconciler.ts`). */
export const WRITES_AT_ONCE = 16;

/**
 * Signs in to a server in one mission after the other, refreshes its token, and logs out again (not
 * measured); in between, as many files are written bare, so that both meet the same disk.
 */
export async function measureLatency(missions: number, rounds: number): Promise<LatencySamples> {
  const fleet = createFleet({ missions });
  const engine = await startEngine(fleet);
  const bare = createBareWrites(fleet.root, missions);
  const samples: LatencySamples = {
    signIn: [],
    signInGlobal: [],
    refresh: [],
    bareParallel: [],
    bareSerial: [],
    observer: await observerDelay(fleet.root),
  };
  const key = serverKey('github');
  try {
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const source = fleet.entries[(round + WARM_UP) % missions] ?? '';
      const signedIn = await timeChange(fleet, engine, source, (servers) => {
        servers[key] = realisticServer('github');
      });
      const refreshed = await timeChange(fleet, engine, source, (servers) => {
        servers[key] = realisticServer('github');
      });
      await timeChange(fleet, engine, source, (servers) => {
        delete servers[key];
      });
      const text = readFileSync(fleet.globalEntry, 'utf8');
      const parallel = await bare.run(text, WRITES_AT_ONCE);
      const serial = await bare.run(text, 1);
      if (round < 0) continue;
      samples.signIn.push(signedIn.allMs);
      samples.signInGlobal.push(signedIn.globalMs);
      samples.refresh.push(refreshed.allMs);
      samples.bareParallel.push(parallel);
      samples.bareSerial.push(serial);
    }
    await engine.stop();
  } finally {
    fleet.dispose();
  }
  return samples;
}

/** Only sign-ins, each followed by a logout that is not measured; ms from the rename to the last file. */
export async function timeSignIns(
  fleet: Fleet,
  engine: EngineProcess,
  rounds: number,
): Promise<number[]> {
  const key = serverKey('github');
  const durations: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const source = fleet.entries[round % fleet.entries.length] ?? '';
    const { allMs } = await timeChange(fleet, engine, source, (servers) => {
      servers[key] = realisticServer('github');
    });
    durations.push(allMs);
    await timeChange(fleet, engine, source, (servers) => {
      delete servers[key];
    });
  }
  return durations;
}

/** Rounds before the measurement, for the engine's compiler; a running engine is warm. */
const WARM_UP = 5;

const QUIET_MS = 20;

/** @param receivers the entries that are to have the change; all, if not given */
export async function timeChange(
  fleet: Fleet,
  engine: EngineProcess,
  source: string,
  change: (servers: Record<string, unknown>) => void,
  receivers: readonly string[] = [fleet.globalEntry, ...fleet.entries],
): Promise<{ allMs: number; globalMs: number }> {
  const others = receivers.filter((entry) => entry !== source);
  const arrival = watchArrival(others);
  try {
    const from = writeAsClient(source, change);
    await arrival.all();
    const wanted = readFileSync(source, 'utf8');
    const stale = others.filter((path) => readFileSync(path, 'utf8') !== wanted);
    if (stale.length > 0) throw new Error(`${stale.length} files differ from ${source}`);
    const allMs = Math.max(...arrival.at.values()) - from;
    return { allMs, globalMs: (arrival.at.get(fleet.globalEntry) ?? Number.NaN) - from };
  } finally {
    arrival.dispose();
    await untilQuiet(engine);
  }
}

/** Waits until the engine has noted down what it did: the next change, or the bare writes, must not wait for that. */
async function untilQuiet({ pid }: EngineProcess): Promise<void> {
  for (let before = usageOf(pid).cpuMs; ; ) {
    await sleep(QUIET_MS);
    const now = usageOf(pid).cpuMs;
    if (now - before < QUIET_MS / 20) return;
    before = now;
  }
}

/** From a rename to the observer's callback, nothing else going on: the median of some. */
async function observerDelay(root: string): Promise<number> {
  const path = join(root, 'observed');
  const delays: number[] = [];
  writeFileSync(path, '');
  for (let i = 0; i < 50; i += 1) {
    writeFileSync(`${path}.new`, '');
    const arrival = watchArrival([path]);
    const from = performance.now();
    renameSync(`${path}.new`, path);
    await arrival.all();
    delays.push((arrival.at.get(path) ?? Number.NaN) - from);
    arrival.dispose();
  }
  return median(delays);
}
