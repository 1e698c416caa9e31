/** A snapshot as people are shown it. Pure, and without zod, which the page does not need. */
import type { AlertMessage, MissionMessage, ServerMessage, Snapshot } from './engine.ts';
import { shown, shownName } from './shown.ts';

/** As long as the name of a server may be that is signed in to. */
const MAX_SERVER_NAME = 1_000;

/**
 * A snapshot in which every text that people read is fit to be shown. What names a thing to the engine (ids,
 * keys, folders) stays as it is.
 */
export function shownSnapshot(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot,
    global: {
      ...snapshot.global,
      servers: snapshot.global.servers.map(shownServer),
      trouble: orNull(snapshot.global.trouble),
    },
    missions: snapshot.missions.map(shownMission),
    alerts: snapshot.alerts.map(shownAlert),
  };
}

function shownMission(mission: MissionMessage): MissionMessage {
  return {
    ...mission,
    name: shownName(mission.name),
    repo: orNull(mission.repo),
    held: mission.held.map(shownServerName),
    servers: mission.servers.map(shownServer),
    trouble: orNull(mission.trouble),
  };
}

function shownServer(server: ServerMessage): ServerMessage {
  const name = shownServerName(server.name);
  return name === server.name ? server : { ...server, name };
}

function shownAlert(alert: AlertMessage): AlertMessage {
  return { ...alert, message: shown(alert.message), servers: alert.servers.map(shownServerName) };
}

function orNull(text: string | null): string | null {
  return text === null ? null : shown(text);
}

function shownServerName(name: string): string {
  return shown(name, MAX_SERVER_NAME);
}
