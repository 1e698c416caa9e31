/**
 * The broadcast file holds one timestamp: Unix seconds with six decimals. Here it is a whole number of
 * microseconds, so that "one larger than the last" is exact.
 */
export type Microseconds = number;

/** Beyond this (the year 2255) microseconds are no longer exact; no real broadcast is that late. */
const LATEST: Microseconds = Number.MAX_SAFE_INTEGER;

/** Reads a timestamp, strictly; `null` for anything that is not one (`Inf`, `-1`, `1e9`, empty, …). */
export function parseTimestamp(text: string): Microseconds | null {
  const match = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (match === null) return null;
  const micros = Number(match[1]) * 1e6 + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
  return micros <= LATEST ? micros : null;
}

/** `%f` of the seed: seconds with six decimals. */
export function formatTimestamp(micros: Microseconds): string {
  const seconds = Math.floor(micros / 1e6);
  return `${seconds}.${String(micros - seconds * 1e6).padStart(6, '0')}`;
}

/**
 * The next broadcast's timestamp: now, but larger than the last one even if the clock went back. Other
 * programs compare the values as doubles, where neighbours of today's size are 0.24 µs apart.
 * @param nowMs ms since the epoch
 */
export function nextTimestamp(nowMs: number, last: Microseconds | null): Microseconds {
  const now = Math.round(nowMs * 1000);
  return last === null || now > last ? now : Math.min(last + 1, LATEST);
}
