import { isOver, type ServerSummary } from '../credentials/serverState.ts';
import type { RefreshFacts } from '../refresh/refreshAhead.ts';
import type { Alert, EngineEvent } from '../sync/events.ts';
import type { SeenEntry } from '../sync/seen.ts';
import { isoTime, isoTimeOrNull } from '../system/isoTime.ts';
import type {
  AlertMessage,
  EventMessage,
  MissionMessage,
  ServerMessage,
} from './contract/engine.ts';

export function alertMessage({ id, kind, missionId, message, servers, at }: Alert): AlertMessage {
  return { id, kind, missionId, message, servers: [...servers], at: isoTime(at) };
}

/** An engine's event as the contract has it. */
export function eventMessage(event: EngineEvent): EventMessage {
  const at = isoTime(event.at);
  switch (event.event) {
    case 'sync': {
      const { fields: _, ...told } = event;
      return { ...told, at, servers: [...event.servers], durationMs: tenths(event.durationMs) };
    }
    case 'refresh': {
      const receivers = event.receivers.map(({ missionId, durationMs }) => ({
        missionId,
        durationMs: tenths(durationMs),
      }));
      return { ...event, at, receivers };
    }
    case 'alert':
      return { ...event, at, servers: [...event.servers] };
    default:
      return { ...event, at };
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** What the contract shows of an entry. @param factsOf what is known of the refreshes of a server's value */
export function entryMessage(
  entry: SeenEntry | undefined,
  factsOf: (server: ServerSummary) => RefreshFacts,
): Pick<MissionMessage, 'hash' | 'servers' | 'trouble' | 'seenAt'> {
  const view = entry?.view;
  const trouble = entry?.trouble ?? null;
  return {
    hash: view?.status === 'found' ? view.hash : null,
    servers: view?.status === 'found' ? view.servers.map((one) => serverMessage(one, factsOf)) : [],
    seenAt: isoTimeOrNull(entry?.seenAt ?? null),
    trouble:
      trouble === null
        ? null
        : trouble.status === 'malformed'
          ? `is ${trouble.reason}`
          : trouble.detail,
  };
}

function serverMessage(
  server: ServerSummary,
  factsOf: (server: ServerSummary) => RefreshFacts,
): ServerMessage {
  const { key, name, expiresAt, endsAt } = server;
  const status = isOver(endsAt, Date.now()) ? 'ended' : server.status;
  const { refreshedAt, refreshedBy, nextRefreshAt, refreshTrouble } = factsOf(server);
  return {
    key,
    name,
    status,
    expiresAt,
    refreshedAt: isoTimeOrNull(refreshedAt),
    refreshedBy,
    nextRefreshAt: isoTimeOrNull(nextRefreshAt),
    refreshTrouble,
  };
}
