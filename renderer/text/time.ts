const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Younger than this is "just now": nobody reads faster. */
const JUST_NOW = 2 * SECOND;

/** How long ago: "just now", "12 s ago", "3 min ago", "2 h ago", "yesterday 14:05", "3 Nov 14:05". */
export function ago(at: number, now: number): string {
  if (!isDate(at)) return 'at an unknown time';
  const age = now - at;
  // A clock that runs a little ahead is no reason for "in 1 s".
  if (age < JUST_NOW) return age < -MINUTE ? dayAndTime(at, now) : 'just now';
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s ago`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (daysBetween(at, now) === 0 || age < 6 * HOUR) return `${Math.floor(age / HOUR)} h ago`;
  return dayAndTime(at, now);
}

/** Beyond this (ms) nobody counts. */
export const AGES = 99 * 365 * DAY;

/** A span in its largest unit, rounded down: "40 s", "38 min", "6 h", "4 d"; of what is none, "no known time". */
export function span(ms: number): string {
  if (Number.isNaN(ms)) return 'no known time';
  if (ms > AGES) return '> 99 y';
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** How long a sign-in still lasts: "38 min", or "renews at next use" once it is past. */
export function expiry(expiresAt: number, now: number): string {
  const left = expiresAt - now;
  if (left <= 0) return 'renews at next use';
  return left < MINUTE ? '< 1 min' : span(left);
}

/** How long something took: "4 ms", "1.2 s". */
export function took(ms: number): string {
  return ms < SECOND ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(1)} s`;
}

/** The moment in full, for a tooltip: "Tue, 24 Nov 2026, 14:05:33". */
export function exactTime(at: number): string {
  return isDate(at) ? full.format(at) : 'an unknown time';
}

/** For `<time dateTime>`; `undefined` if it is none. */
export function machineTime(at: number): string | undefined {
  return isDate(at) ? new Date(at).toISOString() : undefined;
}

/** ms since the epoch, or `null` for no time. */
export function msOf(isoTime: string | null): number | null {
  if (isoTime === null) return null;
  const ms = Date.parse(isoTime);
  return Number.isNaN(ms) ? null : ms;
}

function dayAndTime(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return `today ${clock.format(at)}`;
  if (days === 1) return `yesterday ${clock.format(at)}`;
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return sameYear ? `${day.format(at)} ${clock.format(at)}` : dayAndYear.format(at);
}

function daysBetween(at: number, now: number): number {
  const start = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);
  // Rounded: a day in which the clock changes has 23 or 25 hours.
  return Math.round((start(now) - start(at)) / DAY);
}

// An entry is not ours and may say anything; beyond this, formatting throws.
function isDate(at: number): boolean {
  return Math.abs(at) <= 8_640_000_000_000_000;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const full = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
