import type { EventMessage, MissionMessage, Snapshot } from '../service/contract/engine.ts';
import { shown, shownName } from '../service/contract/shown.ts';
import { namesOf, refreshText, slowestMs } from '../service/logLine.ts';

/** The first 12 hex digits, as people see it. */
export function shortHash(hash: string | null): string {
  return hash === null ? '—' : hash.slice(0, 12);
}

/** Rows as lines, with columns as wide as their widest cell is printed. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => shown(cell)));
  const widths: number[] = [];
  for (const row of cells)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    });
  return cells.map((row) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell)),
      )
      .join('  '),
  );
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What a terminal shows two columns wide: emoji, and the scripts of East Asia. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** "3 min", "2 h", "5 d": the time left until, or gone since. */
export function span(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 1) return 'now';
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

type Server = Snapshot['global']['servers'][number];

/** A server with its state: `loop`, `loop (in 20 min)`, `loop (needs sign-in)`. */
export function serverText(server: Server, now: number): string {
  const { status, expiresAt } = server;
  const name = shownName(server.name);
  if (status === 'ended') return `${name} (ended, needs sign-in)`;
  if (status === 'invalidated') return `${name} (needs sign-in)`;
  if (status === 'registered') return `${name} (never signed in)`;
  if (status === 'unknown') return `${name} (in a state that this version does not know)`;
  if (expiresAt === null) return name;
  return `${name} (${expiresAt > now ? span(expiresAt - now) : 'renews at next use'})`;
}

export function serversText(servers: readonly Server[], now: number): string {
  return servers.length === 0 ? '—' : servers.map((server) => serverText(server, now)).join(', ');
}

export function missionRow(mission: MissionMessage, now: number): string[] {
  return [
    mission.id,
    mission.name === mission.id ? '' : shownName(mission.name),
    mission.state,
    shortHash(mission.hash),
    stepText(mission),
    serversText(mission.servers, now),
  ];
}

function stepText({ trouble, shared, inSync }: MissionMessage): string {
  if (trouble !== null) return 'cannot be read';
  if (shared) return 'shared';
  return inSync ? 'in sync' : 'differs';
}

export function missionTable(missions: readonly MissionMessage[], now: number): string[] {
  return table([
    ['MISSION', 'NAME', 'STATE', 'ENTRY', '', 'SERVERS'],
    ...missions.map((one) => missionRow(one, now)),
  ]);
}

/** One event as a line for people. */
export function eventText(event: EventMessage): string {
  const time = event.at.slice(11, 23);
  switch (event.event) {
    case 'ready':
      return `${time}  ready    ${event.running} of ${event.missions} missions run; ${event.store} store; ${event.agencDir}`;
    case 'sync': {
      const arrow = event.direction === 'up' ? '↑ from' : '↓ to  ';
      return `${time}  ${arrow}   ${event.missionId}  ${namesOf(event)}  ${shortHash(event.hash)}  ${event.durationMs} ms`;
    }
    case 'broadcast':
      return `${time}  told     the global entry changed (${event.timestamp.toFixed(6)})`;
    case 'alert':
      return `${time}  ATTENTION ${event.id}: ${event.message}`;
    case 'resolved':
      return `${time}  resolved ${event.id}`;
    case 'mission':
      return `${time}  mission  ${event.missionId} ${event.change}`;
    case 'refresh': {
      const who = event.missionId === null ? '' : `${event.missionId}  `;
      const slowest = slowestMs(event);
      const took = slowest === null ? '' : `  ${slowest} ms`;
      return `${time}  refresh  ${who}${refreshText(event)}${took}`;
    }
    case 'stopped':
      return `${time}  stopped`;
    case 'dropped': {
      const { lines, missionId } = event;
      if (missionId !== undefined)
        return `${time}  dropped  ${missionId}  ${lines} lines of this mission are missing here: more happens in it than the log takes`;
      return `${time}  dropped  ${lines} lines are missing here: they came faster than the disk took them`;
    }
    case 'cut-off':
      return `${time}  cut off  this was not read for too long`;
  }
}
