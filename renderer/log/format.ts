import type { LogLine } from '../../main/service/contract/log.ts';
import { took } from '../text/time.ts';

/** "14:05:32.123", in the user's own time zone. */
export function clock(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '??:??:??.???';
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

const day = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** "Tue, 24 Nov 2026" */
export function dayOf(at: string): string {
  const date = new Date(at);
  // Formatting what is no time throws, and would take the list with it.
  return Number.isNaN(date.getTime()) ? 'an unknown day' : day.format(date);
}

/** The start of a hash: enough to tell two apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 8);
}

const number = new Intl.NumberFormat('en');

/** "1,234 lines" */
export function count(lines: number, word = 'line'): string {
  return `${thousands(lines)} ${word}${lines === 1 ? '' : 's'}`;
}

/** "1,234" */
export function thousands(lines: number): string {
  return number.format(lines);
}

/** What kind of line it is: its arrow says the direction, a warning goes before it. */
export type LineKind = 'warning' | 'up' | 'down' | 'other';

export function kindOf({ level, direction }: LogLine): LineKind {
  return level === 'warning' ? 'warning' : (direction ?? 'other');
}

/** How a kind is said. */
export const kindWords: Record<LineKind, string> = {
  warning: 'attention',
  up: 'up',
  down: 'down',
  other: '',
};

const arrows: Record<LineKind, string> = { warning: '⚠', up: '↑', down: '↓', other: '·' };

/** A line as text, for the clipboard. */
export function lineText(line: LogLine): string {
  const { at, missionName, missionId, text, hash, durationMs } = line;
  const mission = missionName ?? missionId;
  return [
    at,
    arrows[kindOf(line)],
    ...(mission === null ? [] : [mission]),
    text,
    ...(hash === null ? [] : [hash]),
    ...(durationMs === null ? [] : [took(durationMs)]),
  ].join('  ');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
