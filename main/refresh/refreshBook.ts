import { SERVER_MAP } from '../credentials/entry.ts';
import { type FieldId, fieldId } from '../credentials/fields.ts';
import type { ServerSummary } from '../credentials/serverState.ts';
import type { EngineEvent } from '../sync/events.ts';
import type { Clock } from '../system/clock.ts';
import type { FirstSeen } from './leaseSchedule.ts';
import type { InLine } from './refreshLine.ts';

/** Why the engine leaves a value alone from now on; it is about this very value, not the next one. */
export type RefreshTrouble = 'needs-sign-in' | 'left-to-client';

/** What is remembered of a server's value in the global entry, since it was first seen. No secrets. */
export interface RefreshNote extends InLine {
  readonly name: string;
  /** Names its tokens. */
  readonly tokens: string | null;
  begunAt: number | null;
  /** When the value came, ms since the epoch; `null`: it was there before the engine. */
  readonly refreshedAt: number | null;
  /** Who brought it: `engine`, a mission's id, or `global`; `null`: unknown. */
  refreshedBy: string | null;
  failedAt: number | null;
  notBefore: number | null;
  /** Tries in a row that came to nothing. */
  failures: number;
  /** Monotonic ms of the first try, and whether a client could have been at it by then. */
  firstTryAt: number | null;
  late: boolean;
  trouble: RefreshTrouble | null;
  /** As `versionOf` named it when the trouble was met: of another one nothing is known. */
  troubled: string | null;
}

/** What is known of each server's value. */
export interface RefreshBook {
  /**
   * Takes in the servers of the global entry.
   * @param versionOf names all that a server's refresh is made of, and with what change it is another
   * @returns whether anything is other than before
   */
  takeIn(servers: readonly ServerSummary[], versionOf: (serverKey: string) => string): boolean;
  /** The engine itself brought this value of a server. */
  isEngines(serverKey: string, expiresAt: number | null): void;
  /** A server answered a refresh as it should (`true`), or not; remembered for its next values, too. */
  answered(serverKey: string, well: boolean): void;
  /** Whose client brought a value is told by whose sync carried it up. */
  onEvent(event: EngineEvent): void;
  get(serverKey: string): RefreshNote | undefined;
  all(): readonly RefreshNote[];
}

/**
 * A value that was carried up is seen in the global entry within milliseconds. A look just before that sees the
 * value that it replaces, so a look does not use the memory up.
 */
const REMEMBERED_MS = 10_000;

/** @param random from 0 to 1 */
export function createRefreshBook(clock: Clock, random: () => number): RefreshBook {
  const notes = new Map<string, RefreshNote>();
  /** By field, not by name, which anybody may use; the mission that carried it up last, in the order of time. */
  const carriedUp = new Map<FieldId, { readonly missionId: string; readonly at: number }>();
  let looked = false;

  function note({ key, name, tokens }: ServerSummary, expiresAt: number): RefreshNote {
    const up = carriedUp.get(fieldId(SERVER_MAP, key));
    const isRecent = up !== undefined && clock.monotonic() - up.at < REMEMBERED_MS;
    const before = notes.get(key);
    // Anybody can say another end of the same tokens: they are as old as they were, and whoever had brought them has.
    if (before !== undefined && tokens !== null && before.tokens === tokens)
      return {
        ...before,
        expiresAt,
        // Nor have they lived but for a moment, because somebody says so now.
        fresh: before.fresh && expiresAt >= before.expiresAt,
      };
    return {
      key,
      name,
      expiresAt,
      seen: seenNow(),
      // Nobody knows when a value was issued that is there at the first look.
      fresh: looked,
      jitter: random(),
      refreshedAt: looked ? clock.now() : null,
      // A value that the engine itself refreshed is claimed by `isEngines`, later.
      refreshedBy: looked ? (isRecent ? up.missionId : 'global') : null,
      tokens,
      // A refresh, whoever made it, leaves a sign-in what it was.
      broughtBy: isRecent ? up.missionId : (before?.broughtBy ?? null),
      begunAt: before?.begunAt ?? null,
      failedAt: before?.failedAt ?? null,
      notBefore: null,
      failures: 0,
      firstTryAt: null,
      late: false,
      trouble: null,
      troubled: null,
    };
  }

  function seenNow(): FirstSeen {
    return { wall: clock.now(), monotonic: clock.monotonic() };
  }

  /** The same token may be of use again: its client's secret is another, for one. */
  function forgive(note: RefreshNote): void {
    Object.assign(note, { trouble: null, notBefore: null, failures: 0, firstTryAt: null });
  }

  return {
    takeIn(servers, versionOf) {
      const keys = new Set<string>();
      let changed = false;
      for (const server of servers) {
        const { key, status, refreshable, expiresAt } = server;
        if (status !== 'usable' || !refreshable || expiresAt === null) continue;
        keys.add(key);
        const before = notes.get(key);
        const known = before?.expiresAt === expiresAt ? before : note(server, expiresAt);
        if (known !== before) notes.set(key, known);
        if (known.trouble !== null && known.troubled !== versionOf(key)) forgive(known);
        else if (known === before) continue;
        changed = true;
      }
      for (const key of notes.keys()) if (!keys.has(key)) changed = notes.delete(key);
      looked = true;
      return changed;
    },

    isEngines(serverKey, expiresAt) {
      const found = notes.get(serverKey);
      if (found?.expiresAt !== expiresAt) return;
      if (found.refreshedAt !== null) found.refreshedBy = 'engine';
      // There are servers that give the same tokens again, with another end.
      if (found.begunAt !== null && found.begunAt > found.seen.monotonic)
        notes.set(serverKey, { ...found, fresh: true, seen: seenNow() });
    },

    answered(serverKey, well) {
      const found = notes.get(serverKey);
      if (found !== undefined) found.failedAt = well ? null : clock.monotonic();
    },

    onEvent(event) {
      if (event.event !== 'sync') return;
      const { missionId, fields, direction } = event;
      const at = clock.monotonic();
      for (const [field, before] of carriedUp) {
        if (at - before.at < REMEMBERED_MS) break;
        carriedUp.delete(field);
      }
      for (const field of fields) {
        // What comes down to a mission replaces what it had brought.
        if (direction === 'down' && carriedUp.get(field)?.missionId !== missionId) continue;
        carriedUp.delete(field);
        if (direction === 'up') carriedUp.set(field, { missionId, at });
      }
    },

    get: (serverKey) => notes.get(serverKey),
    all: () => [...notes.values()],
  };
}
