import type { EventMessage, MissionMessage, Snapshot } from '../service/contract/engine.ts';
import { refreshText, slowestMs } from '../service/logLine.ts';

/** Text from entries, folders and logs may hold anything; a terminal gets no control characters from it. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�');
}

/** The first 12 hex digits, as people see it. */
export function shortHash(hash: string | null): string {
  return hash === null ? '—' : hash.slice(0, 12);
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
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
export function serverText({ name, status, expiresAt }: Server, now: number): string {
  if (status === 'invalidated') return `${plain(name)} (needs sign-in)`;
  if (status === 'registered') return `${plain(name)} (never signed in)`;
  if (expiresAt === null) return plain(name);
  return `${plain(name)} (${expiresAt > now ? span(expiresAt - now) : 'renews at next use'})`;
}

export function serversText(servers: readonly Server[], now: number): string {
  return servers.length === 0 ? '—' : servers.map((server) => serverText(server, now)).join(', ');
}

export function missionRow(mission: MissionMessage, now: number): string[] {
  return [
    mission.id,
    plain(mission.name) === mission.id ? '' : plain(mission.name),
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

export function missionTable(missions: readonly MissionMessage[], now: number): string {
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
      const servers = event.servers.map(plain).join(', ');
      const arrow = event.direction === 'up' ? '↑ from' : '↓ to  ';
      return `${time}  ${arrow}   ${event.missionId}  ${servers}  ${shortHash(event.hash)}  ${event.durationMs} ms`;
    }
    case 'broadcast':
      return `${time}  told     the global entry changed (${event.timestamp.toFixed(6)})`;
    case 'alert':
      return `${time}  ATTENTION ${event.id}: ${plain(event.message)}`;
    case 'resolved':
      return `${time}  resolved ${event.id}`;
    case 'mission':
      return `${time}  mission  ${event.missionId} ${event.change}`;
    case 'refresh': {
      const who = event.missionId === null ? '' : `${event.missionId}  `;
      const slowest = slowestMs(event);
      const took = slowest === null ? '' : `  ${slowest} ms`;
      return `${time}  refresh  ${who}${plain(refreshText(event))}${took}`;
    }
    case 'stopped':
      return `${time}  stopped`;
  }
}
