import { secretDigest } from './destination.ts';
import { type Entry, isObject, type Json, SERVER_MAP } from './entry.ts';
import { type FieldId, fieldId, isServerField, splitField } from './fields.ts';

/**
 * - `usable`: an access token and/or a refresh token is there.
 * - `registered`: known to the client, but nobody signed in (also: a value of an unknown form).
 * - `invalidated`: its refresh was rejected; the client blanks the token and sets `expiresAt: 0`.
 */
export type ServerStatus = 'usable' | 'registered' | 'invalidated';

/** What may be shown of a server: everything but its secrets. */
export interface ServerSummary {
  readonly key: string;
  readonly name: string;
  readonly status: ServerStatus;
  /** ms since the epoch, or `null` where the entry does not say. */
  readonly expiresAt: number | null;
  /** Whether it holds all that a refresh needs: the token, for whom it is, and whom to ask. */
  readonly refreshable: boolean;
  /** When it ends for good, ms since the epoch: nothing renews it. `null`: not known, or it can be renewed. */
  readonly endsAt: number | null;
  /** Names its access and refresh token without telling them; `null`: it has neither. Not shown to anybody. */
  readonly tokens: string | null;
}

export function serverStatus(value: Json): ServerStatus {
  if (!isObject(value)) return 'registered';
  if (isToken(value.accessToken) || isToken(value.refreshToken)) return 'usable';
  return value.expiresAt === 0 ? 'invalidated' : 'registered';
}

/**
 * Whether a value may replace another one. Servers and Claude's own login need a token, and a server's must not have
 * ended; of any other field nobody but the client knows, so its mere presence counts.
 * @param now ms since the epoch
 */
export function isUsable(id: FieldId, value: Json, now: number): boolean {
  if (isServerField(id)) return serverStatus(value) === 'usable' && !isOver(endsAtOf(value), now);
  return id === '/claudeAiOauth' ? serverStatus(value) === 'usable' : true;
}

/** Whether a sign-in has ended. @param endsAt as in its summary @param now ms since the epoch */
export function isOver(endsAt: number | null, now: number): boolean {
  return endsAt !== null && endsAt <= now;
}

/** When a value that nothing renews is over: an access token without a refresh token. */
function endsAtOf(value: Json): number | null {
  if (!isObject(value) || !isToken(value.accessToken) || isToken(value.refreshToken)) return null;
  return expiresAtOf(value);
}

/** The last moment that a `Date` can hold. Clients do write more: for a server that says "never", in its way. */
const LAST_MOMENT_MS = 8_640_000_000_000_000;

/**
 * `expiresAt` in ms since the epoch, or `null` if the value does not carry a moment there: no number, or one
 * that is no time of this world.
 */
export function expiresAtOf(value: Json): number | null {
  const expiresAt = isObject(value) ? value.expiresAt : undefined;
  if (typeof expiresAt !== 'number') return null;
  return expiresAt >= 0 && expiresAt <= LAST_MOMENT_MS ? expiresAt : null;
}

/**
 * Whether a server's value looks like the successor of another: the same sign-in (server, client and
 * authorization server), refreshed. That it was the client who refreshed it, nobody can tell.
 */
export function looksRefreshed(before: Json, after: Json): boolean {
  if (!isObject(before) || !isObject(after)) return false;
  if (serverStatus(before) !== 'usable' || serverStatus(after) !== 'usable') return false;
  const [old, now] = [expiresAtOf(before), expiresAtOf(after)];
  if (old === null || now === null || now <= old) return false;
  const same = (key: string): boolean => before[key] === after[key];
  return same('serverUrl') && same('clientId') && asUrl(before) === asUrl(after);
}

function asUrl({ discoveryState }: { [key: string]: Json }): Json | undefined {
  return isObject(discoveryState) ? discoveryState.authorizationServerUrl : undefined;
}

/** Longer than any name that somebody gave a server. */
const MAX_NAME_LENGTH = 200;

/** The name people know a field by: a server's own name, else the field's key; one out of all reason is cut. */
export function fieldName(id: FieldId, value?: Json): string {
  return fullName(id, value).slice(0, MAX_NAME_LENGTH);
}

function fullName(id: FieldId, value?: Json): string {
  const own = isObject(value) ? value.serverName : undefined;
  if (typeof own === 'string' && own !== '') return own;
  const { key } = splitField(id);
  // The client's keys are `<name>|<16 hex>`; opaque, but better than nothing to show.
  return isServerField(id) ? key.replace(/\|[0-9a-f]{16}$/, '') : key;
}

/** The servers of an entry as they may be shown, without any secret. */
export function summariseServers(entry: Entry | null): ServerSummary[] {
  const servers = entry?.[SERVER_MAP];
  if (!isObject(servers)) return [];
  return Object.entries(servers).map(([key, value]) => ({
    key,
    name: fieldName(fieldId(SERVER_MAP, key), value),
    status: serverStatus(value),
    expiresAt: expiresAtOf(value),
    refreshable: isRefreshable(value),
    endsAt: endsAtOf(value),
    tokens: tokensOf(value),
  }));
}

function tokensOf(value: Json): string | null {
  if (serverStatus(value) !== 'usable' || !isObject(value)) return null;
  const tokens = [value.accessToken, value.refreshToken];
  return tokens.map((token) => (isToken(token) ? secretDigest(token) : '')).join();
}

function isRefreshable(value: Json): boolean {
  if (!isObject(value) || !isObject(value.discoveryState)) return false;
  const { refreshToken, clientId, discoveryState } = value;
  return [refreshToken, clientId, discoveryState.authorizationServerUrl].every(isToken);
}

function isToken(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
