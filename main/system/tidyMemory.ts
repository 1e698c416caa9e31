import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What an engine with some hundred missions needs; below that nothing is done. */
const ENOUGH_MB = 140;
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
    const { rss, heapUsed } = process.memoryUsage();
    if (rss / MB < ENOUGH_MB || heapUsed / MB < keptMb * 1.2) return;
    collect();
    keptMb = process.memoryUsage().heapUsed / MB;
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Node shows the collector only to those who ask for it at the start, or in this way. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
