import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { serverKey } from '../support/fake.ts';
import { type EngineProcess, startEngine } from './engineProcess.ts';
import { median } from './figures.ts';
import { createFleet, type Fleet, realisticServer } from './fleet.ts';
import { timeChange } from './latency.ts';
import { ms, type Row, times } from './report.ts';

const FREE = 10;
const HOLDERS = [0, 1, 20] as const;
const RATIO_LIMIT = 2;

/** A refresh among ten missions, right after a sign-in, while others keep their client's lock, heartbeat and all. */
export async function holderRows(rounds: number): Promise<Row[]> {
  const most = Math.max(...HOLDERS);
  const fleet = createFleet({ missions: FREE + most });
  const engine = await startEngine(fleet);
  const samples = new Map<number, number[]>(HOLDERS.map((count) => [count, []]));
  try {
    // The first round is the engine's compiler's.
    for (let round = -1; round < rounds; round += 1) {
      for (const count of HOLDERS) {
        const letGo = await keepLocks(fleet, count);
        const taken = await timeSecondChange(fleet, engine, Math.max(0, round) % FREE);
        letGo();
        if (round >= 0) samples.get(count)?.push(taken);
      }
    }
    await engine.stop();
  } finally {
    fleet.dispose();
  }
  const free = samples.get(0) ?? [];
  return HOLDERS.map((count): Row => {
    const taken = samples.get(count) ?? [];
    const what = `Token refresh → global entry and ${FREE - 1} others, ${count} more missions keep their lock: median of ${taken.length}`;
    if (count === 0) return { what, measured: ms(median(taken)) };
    // Each against its own round's: the machine is now slow and now fast.
    const ratio = median(taken.map((each, index) => each / (free[index] ?? Number.NaN)));
    return {
      what: `${what}; against none`,
      measured: `${ms(median(taken))}; ${times(ratio)}`,
      limit: `≤ ${RATIO_LIMIT}×`,
      ofLimit: ratio / RATIO_LIMIT,
    };
  });
}

/** The second of two changes, which would have to wait for what the first one waits for. Then a logout, not measured. */
async function timeSecondChange(
  fleet: Fleet,
  engine: EngineProcess,
  from: number,
): Promise<number> {
  const key = serverKey('github');
  const receivers = [fleet.globalEntry, ...fleet.entries.slice(0, FREE)];
  const change = (edit: (servers: Record<string, unknown>) => void) =>
    timeChange(fleet, engine, fleet.entries[from] ?? '', edit, receivers);
  const signIn = (servers: Record<string, unknown>): void => {
    servers[key] = realisticServer('github');
  };
  await change(signIn);
  const { allMs } = await change(signIn);
  await change((servers) => {
    delete servers[key];
  });
  return allMs;
}

/** @returns how to let go */
async function keepLocks(fleet: Fleet, count: number): Promise<() => void> {
  const locks = fleet.entries
    .slice(FREE, FREE + count)
    .map((entry) => join(dirname(entry), '.storage-write.lock'));
  for (const lock of locks) await take(lock);
  const beat = setInterval(() => {
    for (const lock of locks) utimesSync(lock, new Date(), new Date());
  }, 1_000);
  return () => {
    clearInterval(beat);
    for (const lock of locks) rmSync(lock, { recursive: true, force: true });
  };
}

/** The engine may have it just now, for some microseconds. */
async function take(lock: string): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      await setImmediate();
    }
  }
}
