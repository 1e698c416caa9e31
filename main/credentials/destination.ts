import { hash } from 'node:crypto';
import { type Entry, isObject, type Json, SERVER_MAP } from './entry.ts';
import { type FieldId, fieldId } from './fields.ts';

/**
 * Where a sign-in's secrets may go: what a server's value says of addresses and of the OAuth client.
 * These stand beside the tokens, in a file that any mission may write, so they are compared with what
 * was said when the tokens were first seen. Pure.
 */
export interface Destination {
  /** By the member's path in the value (`discoveryState.authorizationServerUrl`), the origin of its address. */
  readonly addresses: ReadonlyMap<string, string>;
  /** A digest of the client id: somebody may have put a token there. `null`: none is said. */
  readonly client: string | null;
}

/** One difference between two destinations, for people. Origins only; a client id is not repeated. */
export interface DestinationChange {
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** The secrets of a server's value by what names them without telling them. */
export interface SecretDigests {
  /** Refresh and access token. */
  readonly tokens: readonly string[];
  /** Client secrets: the value's own, and the one kept beside it for a client registered by hand. */
  readonly clientSecrets: readonly string[];
}

/** The map beside the servers where the client keeps secrets of OAuth clients that were registered by hand. */
export const CLIENT_CONFIG_MAP = 'mcpOAuthClientConfig';

/** Fields that go together: a server's value and the client secret kept beside it. */
export function fieldsOfServer(serverKey: string): readonly [server: FieldId, client: FieldId] {
  return [fieldId(SERVER_MAP, serverKey), fieldId(CLIENT_CONFIG_MAP, serverKey)];
}

const SERVER_ADDRESS = 'serverUrl';
const ISSUER = 'issuer';
const AUTHORIZATION_SERVER = 'discoveryState.authorizationServerUrl';
const METADATA = 'discoveryState.authServerMetadataUrl';
/**
 * Members that hold no address a secret is sent to: secrets themselves, what differs with each sign-in, and
 * the server's own metadata, which the client notes anew from each challenge (docs/claude-code.md).
 */
const NOT_ROUTING =
  /^(accessToken|refreshToken|clientId|clientSecret|serverName|redirectUri|resourceMetadataUrl|.*scopes?)$/i;
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Longer than any real origin (RFC 1035 allows 253 bytes of host). */
const MAX_ORIGIN = 300;
const MAX_DEPTH = 8;

/** A map: of an object `constructor` would be found, and a mission may call a member so. */
const NAMES: ReadonlyMap<string, string> = new Map([
  [SERVER_ADDRESS, 'the server’s address'],
  [ISSUER, 'the issuer'],
  [AUTHORIZATION_SERVER, 'the authorization server'],
  [METADATA, 'the address of the authorization server’s metadata'],
]);

/**
 * What a server's value says of where its secrets go. Everything that the client would take for an address
 * counts: it hands whatever is there to `new URL()`, which turns a list into text and reads `" https:host"`.
 */
export function destinationOf(value: Json): Destination {
  const addresses = new Map<string, string>();
  const collect = (at: Json, path: string, depth: number): void => {
    const text = typeof at === 'string' ? at : Array.isArray(at) ? String(at) : null;
    if (NAMES.has(path) ? Boolean(at) : text !== null && isAddress(text))
      addresses.set(path, originOf(String(at)));
    if (typeof at !== 'object' || at === null || depth >= MAX_DEPTH) return;
    for (const [key, inner] of Object.entries(at)) {
      // A key may hold dots itself, and must not be taken for a path.
      const step = key.replace(/[\\.]/g, '\\$&');
      if (!NOT_ROUTING.test(key)) collect(inner, path === '' ? step : `${path}.${step}`, depth + 1);
    }
  };
  collect(value, '', 0);
  const clientId = isObject(value) ? value.clientId : undefined;
  return { addresses, client: isText(clientId) ? secretDigest(clientId) : null };
}

/**
 * How a value's destination differs from the one that its tokens were first seen with. What the client
 * itself does is no difference: to leave something out, to move within an origin, to note the discovery
 * after the sign-in where it names an origin that was known.
 */
export function destinationChanges(known: Destination, said: Destination): DestinationChange[] {
  const changes: DestinationChange[] = [];
  const origins = new Set(known.addresses.values());
  for (const [path, to] of said.addresses) {
    const from = known.addresses.get(path);
    if (from === to || (from === undefined && mayBeAdded(known, origins, path, to))) continue;
    changes.push({ what: NAMES.get(path) ?? path, from: from ?? null, to });
  }
  if (known.client !== null && said.client !== null && known.client !== said.client)
    changes.push({ what: 'the client id', from: null, to: null });
  return changes;
}

/** Whether a value leaves out whom to ask, or as whom, although that is known: then nobody could refresh it. */
export function isThinner(known: Destination, said: Destination): boolean {
  const lost = authorizationServerOf(known) !== null && authorizationServerOf(said) === null;
  return lost || (known.client !== null && said.client === null);
}

/** What is known of a destination together with what is said since, where that is no change. */
export function joinDestinations(known: Destination, said: Destination): Destination {
  return {
    addresses: new Map([...said.addresses, ...known.addresses]),
    client: known.client ?? said.client,
  };
}

/** The origin that a sign-in's tokens are sent to for a refresh, as far as it is said. */
export function authorizationServerOf({ addresses }: Destination): string | null {
  return addresses.get(AUTHORIZATION_SERVER) ?? addresses.get(ISSUER) ?? null;
}

/** The secrets of one server of an entry, by digests. */
export function secretsOf(entry: Entry | null, serverKey: string): SecretDigests {
  const value = member(entry?.[SERVER_MAP], serverKey);
  const config = member(entry?.[CLIENT_CONFIG_MAP], serverKey);
  const tokens = [member(value, 'refreshToken'), member(value, 'accessToken')];
  const clientSecrets = [member(config, 'clientSecret'), member(value, 'clientSecret')];
  return {
    tokens: tokens.filter(isText).map(secretDigest),
    clientSecrets: clientSecrets.filter(isText).map(secretDigest),
  };
}

const digests = new Map<string, string>();
const MAX_DIGESTS = 5_000;
/** UTF-16 units; longer ones, which a mission may make up by the hundred, are not kept in memory. */
const LONGEST_REMEMBERED = 4 * 1024;

/** Names a secret without telling it: 32 hex digits. Entries hold the same ones hundreds of times, so the last are remembered. */
export function secretDigest(secret: string): string {
  let digest = digests.get(secret);
  if (digest === undefined) {
    digest = hash('sha256', `agenc-bar secret\n${secret}`).slice(0, 32);
    if (secret.length > LONGEST_REMEMBERED) return digest;
    if (digests.size >= MAX_DIGESTS) digests.clear();
    digests.set(secret, digest);
  }
  return digest;
}

/** Where addresses may come to a sign-in later: at an origin that it named from the start. */
function mayBeAdded(
  known: Destination,
  origins: ReadonlySet<string>,
  path: string,
  to: string,
): boolean {
  if (path === ISSUER || path === AUTHORIZATION_SERVER || path === METADATA) {
    const home = authorizationServerOf(known) ?? known.addresses.get(SERVER_ADDRESS);
    return home === to;
  }
  return origins.has(to);
}

function isAddress(text: string): boolean {
  if (ADDRESS.test(text)) return true;
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function originOf(address: string): string {
  if (!URL.canParse(address)) return 'an address that cannot be read';
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`.slice(0, MAX_ORIGIN);
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
