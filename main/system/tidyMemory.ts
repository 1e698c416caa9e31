import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What an engine with some hundred missions needs; below that nothing is done. */
const ENOUGH_MB = 140;
/** Less to gain than this is not worth a collection. */
const WORTH_MB = 24;
const LOOK_MS = 2_500;
const MB = 1024 * 1024;

/**
 * Gives back the memory that a storm left behind. V8 collects when its heap is about to grow, and an engine
 * that idles after a storm allocates so little that it would hold on to hundreds of megabytes for hours.
 * One collection takes about a tenth of a second, so it is asked for only while there is something to gain.
 * @returns its own end
 */
export function tidyMemory(): () => void {
  const collect = collector();
  /** What was left after the last collection: more than that is what there is to gain. */
  let keptMb = 0;
  const timer = setInterval(() => {
    const { rss, heapTotal } = process.memoryUsage();
    if (rss / MB < ENOUGH_MB || heapTotal / MB < keptMb + WORTH_MB) return;
    collect();
    keptMb = process.memoryUsage().heapTotal / MB;
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Node shows the collector only to those who ask for it at the start, or in this way. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;
  // Any other kind keeps the young generation as large as it has ever been, up to 128 MB.
  return () => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
