/**
 * Times as text. `Date` throws for what is no time, and what it writes for years beyond 9999 is no RFC 3339
 * any more, so numbers that come from entries, servers or clocks pass through here.
 */

/** 9999-12-31T23:59:59.999Z */
const LAST_MS = 253_402_300_799_999;

/** ms since the epoch as ISO 8601 in UTC; `null` for what is no time between the years 1970 and 9999. */
export function isoTimeOrNull(ms: number | null): string | null {
  return ms !== null && ms >= 0 && ms <= LAST_MS ? new Date(ms).toISOString() : null;
}

/** The same for a clock's time: one that is out of all reason becomes the nearest time that can be written. */
export function isoTime(ms: number): string {
  const within = Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LAST_MS);
  return new Date(within).toISOString();
}
