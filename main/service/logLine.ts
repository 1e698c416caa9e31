import type { EventMessage } from './contract/engine.ts';
import type { LogLine } from './contract/log.ts';
import { shown, shownName } from './contract/shown.ts';

/**
 * An event of the sync log as the app shows it; what missions named is made fit to be shown.
 * @param nameOf a mission's name by its id; `null` for one that is gone
 */
export function logLine(
  id: number,
  event: EventMessage,
  nameOf: (missionId: string) => string | null,
): LogLine {
  const line = lineOf(id, event, nameOf);
  const { missionName, text } = line;
  return {
    ...line,
    missionName: missionName === null ? null : shownName(missionName),
    text: shown(text),
  };
}

function lineOf(
  id: number,
  event: EventMessage,
  nameOf: (missionId: string) => string | null,
): LogLine {
  const missionId = 'missionId' in event ? (event.missionId ?? null) : null;
  const base = {
    id,
    at: event.at,
    level: 'info' as const,
    direction: null,
    missionId,
    missionName: missionId === null ? null : (nameOf(missionId) ?? missionId),
    hash: null,
    durationMs: null,
  };
  switch (event.event) {
    case 'ready':
      return {
        ...base,
        text: `The engine runs: ${event.running} of ${event.missions} missions are running, ${event.store} store`,
      };
    case 'sync': {
      const { direction, hash, durationMs } = event;
      const way = direction === 'up' ? 'went up to all' : 'arrived';
      return { ...base, direction, hash, durationMs, text: `${namesOf(event)} ${way}` };
    }
    case 'broadcast':
      return { ...base, text: 'Told others that the global entry changed' };
    case 'alert':
      return { ...base, level: 'warning', text: event.message };
    case 'resolved':
      return { ...base, text: `Settled: ${event.id}` };
    case 'mission':
      return { ...base, text: MISSION_CHANGES[event.change] };
    case 'refresh':
      return {
        ...base,
        level: event.outcome === 'rejected' || event.outcome === 'timeout' ? 'warning' : 'info',
        durationMs: slowestMs(event),
        text: refreshText(event),
      };
    case 'stopped':
      return { ...base, text: 'The engine stopped' };
    case 'dropped': {
      const text =
        missionId === null
          ? `${event.lines} lines are missing here: they came faster than the disk took them`
          : `${event.lines} lines of this mission are missing here: more happens in it than the log takes`;
      return { ...base, level: 'warning', text };
    }
    case 'cut-off':
      return { ...base, text: 'The log was not read for too long' };
  }
}

/** The names that an event lists, and how many more there are. */
export function namesOf({ servers, more = 0 }: Extract<EventMessage, { event: 'sync' }>): string {
  return servers.map(shownName).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

type RefreshMessage = Extract<EventMessage, { event: 'refresh' }>;

/** A refresh as one sentence, without who it was: "linear refreshed: 1a2b3c4d → 5e6f7a8b, received by 4". */
export function refreshText(event: RefreshMessage): string {
  const { server, by, from, to, receivers, outcome } = event;
  const who = by === 'engine' ? ' by the engine' : '';
  const why = event.detail === undefined ? '' : ` (${event.detail})`;
  switch (outcome) {
    case 'refreshed': {
      const others = receivers.length === 0 ? '' : `, received by ${receivers.length}`;
      return `${server} refreshed${who}: ${from ?? 'unknown'} → ${to ?? 'unknown'}${others}`;
    }
    case 'unchanged':
      return `${server} was to be refreshed${who}; nothing came of it${why}`;
    case 'timeout':
      return `${server} is being refreshed${who} and there is no result yet; others wait no longer${why}`;
    case 'rejected':
      return `${server}: the refresh${who} was rejected${why}`;
  }
}

/** When the last one had it; `null` where nobody got anything. */
export function slowestMs({ receivers }: RefreshMessage): number | null {
  return receivers.length === 0 ? null : Math.max(...receivers.map(({ durationMs }) => durationMs));
}

const MISSION_CHANGES = {
  added: 'Mission found',
  started: 'Mission started',
  stopped: 'Mission stopped',
  removed: 'Mission removed',
} as const;

/** A line of the log as text, for an export. */
export function logLineText(line: LogLine): string {
  const arrow = line.direction === null ? ' ' : { up: '↑', down: '↓' }[line.direction];
  const mark = line.level === 'warning' ? '!' : arrow;
  const mission = line.missionName === null ? '' : `${line.missionName}: `;
  const hash = line.hash === null ? '' : `  ${line.hash.slice(0, 12)}`;
  const duration = line.durationMs === null ? '' : `  ${line.durationMs} ms`;
  return `${line.at}  ${mark}  ${mission}${line.text}${hash}${duration}`;
}
