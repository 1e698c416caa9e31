import { median } from './figures.ts';
import { churn } from './hostile/churn.ts';
import { ms, type Row } from './report.ts';

/** Resident memory of an engine in the storm, whatever was killed and started meanwhile. */
const MEMORY_LIMIT_MB = 250;
const READY_LIMIT_MS = 2_000;

/**
 * Missions that all write without a pause, and engines that are killed meanwhile.
 * @throws Error if anything was lost in it
 */
export async function measureStorm(missions: number, quick: boolean): Promise<Row[]> {
  const report = await churn({
    missions,
    writesPerSecond: 100,
    seconds: quick ? 12 : 120,
    upSeconds: quick ? 4 : 20,
    seed: 1,
  });
  const { memory, readyMs, violations } = report;
  if (violations.length > 0) throw new Error(violations.join('\n'));
  const ready = median(readyMs);
  return [
    {
      what: `100 writes/s in ${missions} missions: a new engine is ready after, median of ${readyMs.length}`,
      measured: ms(ready),
      limit: `≤ ${READY_LIMIT_MS / 1_000} s`,
      ofLimit: ready / READY_LIMIT_MS,
    },
    {
      what: `… resident memory at first, at most, 15 s afterwards (${report.writes} writes)`,
      measured: [memory.base, memory.max, memory.after]
        .map((mb) => `${mb.toFixed(0)} MB`)
        .join(', '),
      limit: `≤ ${MEMORY_LIMIT_MB} MB`,
      ofLimit: memory.max / MEMORY_LIMIT_MB,
    },
    { what: '… all in step after the last write', measured: ms(report.settleMs) },
  ];
}
