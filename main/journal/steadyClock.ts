/** For so long the wall clock must have gone as time went. */
const STEADY_MS = 60 * 60 * 1000;
/** A clock that is set, or a machine that slept, is further off than this. */
const DRIFT_MS = 60_000;

/**
 * Whether the wall clock may be believed where something is dropped for its age. A machine that wakes up in
 * another year, until it has asked the network for the time, would else drop all that there is.
 * @param now wall clock, ms since the epoch
 * @param monotonic ms, since whenever
 * @returns whether the clock has not been set for an hour, as far as it was asked
 */
export function createSteadyClock(now: () => number, monotonic: () => number): () => boolean {
  let from = { wall: now(), passed: monotonic() };
  return () => {
    const passed = monotonic() - from.passed;
    if (Math.abs(now() - from.wall - passed) <= DRIFT_MS) return passed >= STEADY_MS;
    from = { wall: now(), passed: monotonic() };
    return false;
  };
}
