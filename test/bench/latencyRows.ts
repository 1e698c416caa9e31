import { median, quantile } from './figures.ts';
import { type LatencySamples, measureLatency, WRITES_AT_ONCE } from './latency.ts';
import { ms, type Row, times } from './report.ts';

/** The seed polls each mission every 60 s and debounces broadcasts by 1 s: half a poll and one wait. */
const SEED_MEAN_MS = 31_000;
const BARE_LIMIT = 2.5;

export interface LatencyLimits {
  readonly medianMs: number;
  readonly p99Ms?: number;
}

export async function latencyRows(
  missions: number,
  rounds: number,
  limits: LatencyLimits,
): Promise<Row[]> {
  return rowsOf(missions, await measureLatency(missions, rounds), limits);
}

function rowsOf(missions: number, samples: LatencySamples, limits: LatencyLimits): Row[] {
  const signIn = median(samples.signIn);
  const p99 = quantile(samples.signIn, 0.99);
  const parallel = median(samples.bareParallel);
  const serial = median(samples.bareSerial);
  const ratio = signIn / parallel;
  const refresh = median(samples.refresh);
  return [
    {
      what: `Sign-in → global entry and all others, ${missions} missions: median of ${samples.signIn.length}`,
      measured: ms(signIn),
      limit: `≤ ${limits.medianMs} ms`,
      ofLimit: signIn / limits.medianMs,
    },
    {
      what: '… p99',
      measured: ms(p99),
      ...(limits.p99Ms !== undefined && {
        limit: `≤ ${limits.p99Ms} ms`,
        ofLimit: p99 / limits.p99Ms,
      }),
    },
    { what: '… the global entry has it: median', measured: ms(median(samples.signInGlobal)) },
    {
      what: `… against the same ${missions} files written bare, ${WRITES_AT_ONCE} at once (${ms(parallel)})`,
      measured: times(ratio),
      limit: `≤ ${BARE_LIMIT}×`,
      ofLimit: ratio / BARE_LIMIT,
    },
    {
      what: `… against the same written bare one after another (${ms(serial)})`,
      measured: times(signIn / serial),
    },
    {
      what: `… against the seed's poll and debounce (${SEED_MEAN_MS / 1000} s in the mean)`,
      measured: `${times(SEED_MEAN_MS / signIn)} faster`,
    },
    {
      what: `Token refresh (the old one is journalled first), ${missions} missions: median, p99`,
      measured: `${ms(refresh)}, ${ms(quantile(samples.refresh, 0.99))}`,
    },
    { what: '… the observer sees a bare rename after', measured: ms(samples.observer) },
  ];
}
