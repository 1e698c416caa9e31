import { AGES, expiry } from '../text/time.ts';
import { plural, someOf } from '../text/words.ts';
import {
  type CellState,
  cellStates,
  type Grid,
  type GridCell,
  type GridColumn,
  type GridRow,
} from './grid.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What a cell says beside its shape. */
export function cellText({ state, expiresAt }: GridCell, now: number): string {
  if (state === 'soon' || (state === 'usable' && expiresAt !== null)) {
    return expiry(expiresAt ?? now, now);
  }
  return shortWords[state];
}

const shortWords: Record<CellState, string> = {
  usable: 'signed in',
  soon: 'soon',
  expired: 'renews',
  invalidated: 'sign in',
  registered: 'never',
  unknown: '?',
  absent: '—',
  vanished: 'vanished',
};

/** A state in words, as in "linear: signed in". */
export const stateWords: Record<CellState, string> = {
  usable: 'signed in',
  soon: 'signed in, expires soon',
  expired: 'expired, renews at next use',
  invalidated: 'needs a sign-in',
  registered: 'never signed in',
  unknown: 'in a state that this version does not know',
  absent: 'not there',
  vanished: 'vanished, waits for your answer',
};

/** The same in full: "signed in, expires in 38 minutes at 14:05". */
export function cellWords({ state, expiresAt }: GridCell, now: number): string {
  if (expiresAt === null) return stateWords[state];
  const at = clockTime(expiresAt, now);
  if (state === 'expired') return `expired ${at}, renews at next use`;
  return `signed in, expires in ${longSpan(expiresAt - now)} ${at}`;
}

/** Who renewed a sign-in last, and who will next; `null` where nothing is known of it. */
export function renewalWords(
  { server }: GridCell,
  nameOf: (missionId: string) => string,
  now: number,
): string | null {
  if (server === null || server.status !== 'usable') return null;
  const { refreshedAt, refreshedBy, nextRefreshAt, refreshTrouble } = server;
  const words: string[] = [];
  if (refreshedAt !== null)
    words.push(`renewed ${byWords(refreshedBy, nameOf)}${clockTime(Date.parse(refreshedAt), now)}`);
  if (nextRefreshAt !== null)
    words.push(`next by AgenC Bar ${clockTime(Date.parse(nextRefreshAt), now)}`);
  if (refreshTrouble === 'left-to-client') words.push('the next renewal is left to Claude');
  return words.length === 0 ? null : words.join('; ');
}

function byWords(by: string | null, nameOf: (missionId: string) => string): string {
  if (by === null) return '';
  if (by === 'engine') return 'by AgenC Bar ';
  return by === 'global' ? 'by a plain claude ' : `in ${nameOf(by)} `;
}

/** A server as people tell it from others. */
export function columnName({ name, tag }: GridColumn): string {
  return tag === null ? name : `${name} (${tag})`;
}

/** "linear in fix login: signed in, expires in 38 minutes at 14:05" */
export function cellName(column: GridColumn, row: GridRow, cell: GridCell, now: number): string {
  return `${columnName(column)} ${placeWords(row)}: ${cellWords(cell, now)}`;
}

/** "linear: at worst needs a sign-in", for a column's header. */
export function headerName(column: GridColumn): string {
  return `${columnName(column)}: ${column.trouble ? 'at worst ' : ''}${stateWords[column.worst]}`;
}

/** A row's header: its name, and whatever is the matter with all of it. */
export function rowName({ label, stopped, problem }: GridRow): string {
  return [label, ...(stopped ? ['stopped'] : []), ...(problem === null ? [] : [problem])].join(
    ', ',
  );
}

/** One sentence about all of it, for when nothing is pointed at. */
export function gridSummary(grid: Grid): string {
  const inTrouble = grid.columns.filter((column) => column.trouble);
  const invalidated = inTrouble.filter(({ worst }) => worst === 'invalidated');
  const [first, ...others] = invalidated.length > 0 ? invalidated : inTrouble;
  if (first !== undefined) {
    const names = someOf([first, ...others].map(columnName), 3);
    if (first.worst === 'vanished')
      return `${names} vanished somewhere: the alert asks what to do.`;
    return `${names} ${others.length === 0 ? 'needs' : 'need'} a sign-in: once, for all missions.`;
  }
  if (grid.trouble) return 'Some entries cannot be read; their servers are the last known.';
  const signedIn = grid.columns.filter(({ worst }) => !['registered', 'absent'].includes(worst));
  return `${plural(signedIn.length, 'server')} signed in; nothing to do.`;
}

/** How many cells of a column are in which state, worst first: "needs a sign-in in 2, signed in in 5". */
export function columnWords(grid: Grid, key: string): string {
  const at = grid.columns.findIndex((column) => column.key === key);
  const counts = new Map<CellState, number>();
  for (const line of grid.cells) {
    const state = line[at]?.state ?? 'absent';
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return cellStates
    .flatMap((state) => {
      const count = counts.get(state) ?? 0;
      return count === 0 ? [] : [`${stateWords[state]}: ${count}`];
    })
    .join(' · ');
}

function placeWords({ id, label, stopped }: GridRow): string {
  if (id === null) return label;
  return stopped ? `in ${label} (stopped)` : `in ${label}`;
}

function longSpan(ms: number): string {
  if (Number.isNaN(ms)) return 'an unknown time';
  if (ms > AGES) return 'more than 99 years';
  if (ms < MINUTE) return 'less than a minute';
  if (ms < 2 * HOUR) return plural(Math.floor(ms / MINUTE), 'minute');
  return ms < 2 * DAY ? plural(Math.floor(ms / HOUR), 'hour') : plural(Math.floor(ms / DAY), 'day');
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** "at 14:05", with the day where it is not today's. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  // Beyond what a Date holds: the entry is not ours, so it may say anything.
  if (Number.isNaN(date.getTime())) return 'at an unknown time';
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return `at ${time.format(date)}`;
  const near = date.getFullYear() === today.getFullYear() ? day : dayAndYear;
  return `on ${near.format(date)} at ${time.format(date)}`;
}
