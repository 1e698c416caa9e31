import type {
  MissionMessage,
  ServerMessage,
  Snapshot,
} from '../../main/service/contract/engine.ts';
import { needsSignIn } from '../../main/service/contract/summary.ts';
import { listed } from '../text/words.ts';
import {
  byText,
  columnsOf,
  heldGlobally,
  heldKeys,
  missionLabels,
  type ServerColumn,
} from './columns.ts';

/** From here on a sign-in counts as expiring soon. */
export const SOON_MS = 5 * 60_000;

/** More columns than anybody has servers; an entry that names thousands must not make the window slow. */
export const MOST_COLUMNS = 200;

/** Worst first: what a column's header shows is the first of these that occurs in it. */
export const cellStates = [
  'invalidated',
  'vanished',
  'registered',
  'unknown',
  'soon',
  'expired',
  'usable',
  'absent',
] as const;
export type CellState = (typeof cellStates)[number];

export interface GridCell {
  readonly state: CellState;
  /** ms since the epoch; only where somebody is signed in and the entry says so. */
  readonly expiresAt: number | null;
  /** The server itself, where the entry has it. */
  readonly server: ServerMessage | null;
}

export interface GridColumn extends ServerColumn {
  /** Among what is kept in step; stopped missions count only where nothing else has the server. */
  readonly worst: CellState;
  readonly trouble: boolean;
}

export interface GridRow {
  /** The mission's id; `null`: the global entry. */
  readonly id: string | null;
  readonly label: string;
  /** Not kept in step until it runs again. */
  readonly stopped: boolean;
  /** Why the entry cannot be read, or what vanished from it. */
  readonly problem: string | null;
  readonly trouble: boolean;
}

export interface Grid {
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  /** By row, then by column. */
  readonly cells: readonly (readonly GridCell[])[];
  readonly trouble: boolean;
  /** How many servers have no column, as there are too many. */
  readonly hidden: number;
}

const ABSENT: GridCell = { state: 'absent', expiresAt: null, server: null };
const VANISHED: GridCell = { state: 'vanished', expiresAt: null, server: null };

/** Which entry has which server, and for how long: columns in trouble first, then by name. */
export function gridOf(snapshot: Snapshot, now: number): Grid {
  const sources = sourcesOf(snapshot);
  const all = columnsOf(sources.map(({ servers }) => servers));
  const unsorted = mostShared(all, sources);
  const kept = new Set(snapshot.global.servers.map(({ key }) => key));
  const lines = sources.map((source) => {
    const held = heldKeys(source.held, unsorted, kept);
    return lineOf(source, unsorted, held, now);
  });
  const judged = unsorted.map((column, at) => ({ column: judge(column, at, sources, lines), at }));
  // Array.sort is stable, so within both groups the order by name stays.
  judged.sort((one, other) => Number(other.column.trouble) - Number(one.column.trouble));
  const cells = lines.map((line) => judged.map(({ at }) => line[at] ?? ABSENT));
  const rows = sources.map((source, at) => rowOf(source, cells[at] ?? []));
  const columns = judged.map(({ column }) => column);
  const hidden = all.length - columns.length;
  return { columns, rows, cells, trouble: rows.some((row) => row.trouble), hidden };
}

/** What asks for the user: the other states mend themselves, or are nobody's fault. */
export function isTrouble(state: CellState): boolean {
  return state === 'invalidated' || state === 'vanished';
}

/** A grid with only the rows in which something asks for the user. */
export function onlyTrouble(grid: Grid): Grid {
  return {
    ...grid,
    rows: grid.rows.filter((row) => row.trouble),
    cells: grid.cells.filter((_, at) => grid.rows[at]?.trouble === true),
  };
}

interface Source {
  readonly id: string | null;
  readonly label: string;
  readonly stopped: boolean;
  readonly unreadable: string | null;
  readonly held: readonly string[];
  readonly servers: readonly ServerMessage[];
}

function sourcesOf(snapshot: Snapshot): Source[] {
  const labels = missionLabels(snapshot.missions);
  const missions = snapshot.missions
    .map((mission) => missionSource(mission, labels.get(mission.id) ?? mission.name))
    .sort(
      (one, other) => Number(one.stopped) - Number(other.stopped) || byText(one.label, other.label),
    );
  const { servers, trouble } = snapshot.global;
  const held = heldGlobally(snapshot);
  const label = 'everywhere (global)';
  return [{ id: null, label, stopped: false, unreadable: trouble, held, servers }, ...missions];
}

/** All columns, or of too many those that the global entry and the most missions have, in their order. */
function mostShared(
  columns: readonly ServerColumn[],
  sources: readonly Source[],
): readonly ServerColumn[] {
  if (columns.length <= MOST_COLUMNS) return columns;
  const weights = new Map<string, number>();
  for (const { id, servers } of sources) {
    const weight = id === null ? sources.length : 1;
    for (const { key } of servers) weights.set(key, (weights.get(key) ?? 0) + weight);
  }
  const weightOf = ({ key }: ServerColumn): number => weights.get(key) ?? 0;
  const first = columns.toSorted((one, other) => weightOf(other) - weightOf(one));
  const shown = new Set(first.slice(0, MOST_COLUMNS));
  return columns.filter((column) => shown.has(column));
}

function missionSource(mission: MissionMessage, label: string): Source {
  const { id, servers, held, trouble: unreadable } = mission;
  return { id, label, stopped: mission.state === 'stopped', unreadable, held, servers };
}

function lineOf(
  source: Source,
  columns: readonly ServerColumn[],
  held: ReadonlySet<string>,
  now: number,
): GridCell[] {
  const servers = new Map(source.servers.map((server) => [server.key, server]));
  return columns.map(({ key }) => {
    const server = servers.get(key);
    if (server !== undefined) return cellOf(server, now);
    return held.has(key) ? VANISHED : ABSENT;
  });
}

function cellOf(server: ServerMessage, now: number): GridCell {
  const { status, expiresAt } = server;
  if (needsSignIn(server)) return { state: 'invalidated', expiresAt: null, server };
  if (status === 'registered' || status === 'unknown')
    return { state: status, expiresAt: null, server };
  if (expiresAt === null) return { state: 'usable', expiresAt, server };
  if (expiresAt <= now) return { state: 'expired', expiresAt, server };
  return { state: expiresAt - now < SOON_MS ? 'soon' : 'usable', expiresAt, server };
}

function judge(
  column: ServerColumn,
  at: number,
  sources: readonly Source[],
  lines: readonly (readonly GridCell[])[],
): GridColumn {
  const statesOf = (stopped: boolean): Set<CellState | undefined> =>
    new Set(
      lines.flatMap((line, row) => (sources[row]?.stopped === stopped ? line[at]?.state : [])),
    );
  const worstOf = (states: Set<CellState | undefined>): CellState =>
    cellStates.find((state) => states.has(state)) ?? 'absent';
  const live = worstOf(statesOf(false));
  const worst = live === 'absent' ? worstOf(statesOf(true)) : live;
  return { ...column, worst, trouble: isTrouble(live) };
}

function rowOf(source: Source, line: readonly GridCell[]): GridRow {
  const { id, label, stopped, unreadable, held } = source;
  const vanished = held.length === 0 ? null : `vanished: ${listed(held)}`;
  const problem = unreadable ?? vanished;
  const trouble = !stopped && (problem !== null || line.some(({ state }) => isTrouble(state)));
  return { id, label, stopped, problem, trouble };
}
