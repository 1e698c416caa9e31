import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process with an engine of some hundred missions needs; below that no collection is asked for. */
const ENOUGH_MB = 140;
/** Less to gain than this is not worth a collection. */
const WORTH_MB = 40;
/** Larger, the young generation makes nothing here faster. */
const YOUNG_MB = 32;
const LOOK_MS = 1_500;
const MB = 1024 * 1024;

/**
 * Keeps small what a storm takes of memory, and gives it back afterwards. V8 lets its young generation grow to
 * 128 MB, and collects the old one when its heap is about to grow: an engine that idles after a storm allocates
 * so little that it would hold on to hundreds of megabytes for hours. One collection takes about a tenth of a
 * second, so it is asked for only while there is something to gain.
 * @returns its own end
 */
export function tidyMemory(): () => void {
  const collect = collector();
  /** What was left after the last collection: more than that is what there is to gain. */
  let keptMb = 0;
  letYoungGrow(true);
  const observer = new PerformanceObserver(() => {
    if (youngMb() >= YOUNG_MB) letYoungGrow(false);
  });
  observer.observe({ entryTypes: ['gc'] });
  const timer = setInterval(() => {
    const { rss, heapTotal } = process.memoryUsage();
    if (rss / MB < ENOUGH_MB || heapTotal / MB < keptMb + WORTH_MB) return;
    collect();
    letYoungGrow(true);
    keptMb = process.memoryUsage().heapTotal / MB;
  }, LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    observer.disconnect();
    letYoungGrow(true);
  };
}

function youngMb(): number {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  return (young?.space_size ?? 0) / MB;
}

/** V8 asks for the factor each time: 2 is its default, with 1 the young generation stays as large as it is. */
function letYoungGrow(may: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`);
}

/** Node shows the collector only to those who ask for it at the start, or in this way. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;
  // Any other kind leaves the young generation as large as it is.
  return () => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
