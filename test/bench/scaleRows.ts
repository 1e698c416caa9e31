import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineProcess, startEngine } from './engineProcess.ts';
import { median } from './figures.ts';
import { createFleet } from './fleet.ts';
import { type IdleUsage, measureIdle } from './idleRows.ts';
import { timeSignIns } from './latency.ts';
import { ms, type Row, times } from './report.ts';

interface Scale {
  readonly cloneMs: number;
  readonly startMs: number;
  readonly syncMs: number;
  readonly idle: IdleUsage;
}

/** A few missions against many: every cost may grow with their number, none faster. */
export async function measureScale(few: number, many: number, quick: boolean): Promise<Row[]> {
  const small = await measureOne(few, quick);
  const large = await measureOne(many, quick);
  const growth = many / few;
  const line = (what: string, of: (scale: Scale) => number, text: (value: number) => string) => ({
    what: `… ${what}`,
    measured: `${text(of(large))} (with ${few}: ${text(of(small))}, so ${times(of(large) / of(small))})`,
    limit: `≤ ${times(growth)}`,
    ofLimit: of(large) / of(small) / growth,
  });
  const percent = (value: number) => `${value.toFixed(3)} %`;
  return [
    {
      what: `${many.toLocaleString('en')} running missions: alerts while it starts, syncs and idles`,
      measured: '0',
      limit: '0',
      ofLimit: 0,
    },
    line('start, every mission in step', ({ startMs }) => startMs, ms),
    line('start, every mission to be cloned', ({ cloneMs }) => cloneMs, ms),
    line('sign-in → global entry and all others, median', ({ syncMs }) => syncMs, ms),
    line('idle CPU of a core', ({ idle }) => idle.cpuPercent, percent),
    line(
      'resident memory',
      ({ idle }) => idle.residentMb,
      (value) => `${value.toFixed(0)} MB`,
    ),
  ];
}

async function measureOne(missions: number, quick: boolean): Promise<Scale> {
  const fleet = createFleet({ missions, missionText: null });
  try {
    const first = await startEngine(fleet);
    await sleep(1_000);
    await stopClean(first);
    const engine = await startEngine(fleet);
    const signIns = await timeSignIns(fleet, engine, quick ? 2 : 10);
    const idle = await measureIdle(engine, quick ? 3_000 : 62_000);
    await stopClean(engine);
    return {
      cloneMs: first.startMs,
      startMs: engine.startMs,
      syncMs: median(signIns),
      idle,
    };
  } finally {
    fleet.dispose();
  }
}

/** Ends an engine that had nothing to complain of. @throws Error with its first alert otherwise */
async function stopClean(engine: EngineProcess): Promise<void> {
  await engine.stop();
  const alert = engine.events.find((event) => event.event === 'alert');
  if (alert !== undefined) throw new Error(`The engine raised an alert: ${JSON.stringify(alert)}`);
}
