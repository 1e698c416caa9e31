import type { EntryView } from '../sync/entryView.ts';
import type { Alert, EngineEvent } from '../sync/events.ts';
import type { AlertMessage, EventMessage, MissionMessage } from './contract.ts';

/** ms since the epoch to the contract's ISO time. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

export function alertMessage({ id, kind, missionId, message, servers, at }: Alert): AlertMessage {
  return { id, kind, missionId, message, servers: [...servers], at: isoTime(at) };
}

/** An engine's event as the contract has it. */
export function eventMessage(event: EngineEvent): EventMessage {
  const at = isoTime(event.at);
  switch (event.event) {
    case 'sync':
      return {
        ...event,
        at,
        servers: [...event.servers],
        durationMs: Math.round(event.durationMs * 10) / 10,
      };
    case 'alert':
      return { ...event, at, servers: [...event.servers] };
    default:
      return { ...event, at };
  }
}

/** What the contract shows of an entry. */
export function entryMessage(
  view: EntryView | undefined,
): Pick<MissionMessage, 'hash' | 'servers' | 'trouble'> {
  if (view?.status === 'found')
    return { hash: view.hash, servers: [...view.servers], trouble: null };
  const trouble =
    view?.status === 'malformed'
      ? `is ${view.reason}`
      : view?.status === 'unavailable'
        ? view.detail
        : null;
  return { hash: null, servers: [], trouble };
}
