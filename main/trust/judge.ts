import { hash } from 'node:crypto';
import {
  authorizationServerOf,
  type Destination,
  type DestinationChange,
  destinationOf,
  isThinner,
  secretsOf,
} from '../credentials/destination.ts';
import { shortDigest } from '../credentials/digest.ts';
import { type Entry, type Json, SERVER_MAP } from '../credentials/entry.ts';
import { fieldId } from '../credentials/fields.ts';
import { isOtherSignIn, marksOf } from '../credentials/marks.ts';
import { fieldName } from '../credentials/serverState.ts';
import type { KnownSignIns } from './knownSignIns.ts';
import { changesTo, placeFor } from './places.ts';
import { type BoundSecret, type SignIn, type Superseded, supersededAs } from './signIn.ts';

/** A server's value that must be neither carried nor used. */
export interface Tampering {
  readonly serverKey: string;
  /** The server's name, for people. */
  readonly name: string;
  /** Known secrets would be sent elsewhere than where they were issued. Empty where it is only inferior. */
  readonly changes: readonly DestinationChange[];
  /**
   * What the others have is better, and replaces it: another sign-in took its place for everybody, or the
   * user has put the former one back, or the tokens are known and it leaves out where they belong, or says of them what
   * the client never changes without changing them.
   */
  readonly inferior: boolean;
  /** Whether its sign-in gave way to another, or somebody signed out of it: then it is not to come back by itself. */
  readonly superseded: Superseded;
  /** Names what the user would accept: where the value sends which sign-ins and client secrets. 12 hex digits. */
  readonly digest: string;
}

/**
 * Holds a server's value against what is known of its tokens and secrets. Pure.
 * @param isGlobal it is the global entry's: what that says of its tokens counts
 * @returns `null`: nothing speaks against it
 */
export function judge(
  known: KnownSignIns,
  entry: Entry,
  serverKey: string,
  value: Json,
  isGlobal: boolean,
  said = destinationOf(value),
): Tampering | null {
  const changes = objections(known, entry, serverKey, said);
  const { tokens } = secretsOf(entry, serverKey);
  const signIn = known.ofTokens(tokens);
  const place = signIn && placeFor(signIn, said);
  const superseded = supersededIn(known, serverKey, tokens, signIn);
  const isThin = place !== undefined && isThinner(place.destination, said);
  const isAltered =
    !isGlobal && signIn !== undefined && isOtherThanNoted(signIn, entry, serverKey, value);
  // What would have secrets sent elsewhere is told, rather than put right without a word.
  const inferior = superseded !== null || isThin || (isAltered && changes.length === 0);
  if (changes.length === 0 && !inferior) return null;
  const name = fieldName(fieldId(SERVER_MAP, serverKey), value);
  const digest = demandDigest(known, entry, serverKey, said);
  return { serverKey, name, changes, inferior, superseded, digest };
}

/** Names what all of these would have the user accept. 12 hex digits. */
export function digestOfAll(found: readonly Tampering[]): string {
  return hash('sha256', found.map(({ digest }) => digest).join()).slice(0, 12);
}

/** Everything that speaks against sending a server's secrets where its value says. */
function objections(
  { ofToken, clientSecrets }: KnownSignIns,
  entry: Entry,
  serverKey: string,
  said: Destination,
): DestinationChange[] {
  const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
  const signIns = new Set(tokens.flatMap((token) => ofToken(token) ?? []));
  const changes = [...signIns].flatMap((one) => changesTo(one, said));
  for (const { serverKey: own, otherKeys = [] } of signIns)
    if (own !== serverKey && !otherKeys.includes(serverKey))
      changes.push({ what: 'the tokens of another server', from: null, to: null });
  // Sent under another name, they would go wherever the others of the value do.
  if (tokens.some((token) => clientSecrets.has(token)))
    changes.push({ what: 'a client secret in place of a token', from: null, to: null });
  if (secrets.some((secret) => ofToken(secret) !== undefined))
    changes.push({ what: 'a token in place of the client secret', from: null, to: null });
  const client = said.client;
  if (client !== null && (ofToken(client) !== undefined || clientSecrets.has(client)))
    changes.push({ what: 'a secret in place of the client id', from: null, to: null });
  if ([...signIns].some((one) => secrets.some((secret) => isNewTo(one, secret))))
    changes.push({ what: 'another client secret', from: null, to: null });
  for (const secret of secrets) {
    const bound = clientSecrets.get(secret);
    if (bound === undefined || !isForeign(bound, serverKey, said)) continue;
    const [from, to] = [bound.authorizationServers[0] ?? null, authorizationServerOf(said)];
    changes.push({ what: 'the client secret of another server', from, to });
  }
  return changes;
}

/** Whether a value says of known tokens what was not said when they were first seen. */
function isOtherThanNoted(signIn: SignIn, entry: Entry, serverKey: string, value: Json): boolean {
  const { marks } = signIn;
  if (marks == null || signIn.serverKey !== serverKey) return false;
  const said = marksOf(value);
  if (isOtherSignIn(marks.signIn, said.signIn)) return true;
  const token = markedToken(entry, serverKey);
  const noted = token === null ? undefined : marks.access[token];
  // A refresh brings a new access token, and nothing is known of that; one that is left out is no refresh.
  return noted === undefined ? token !== null && signIn.tokens[0] === token : noted !== said.access;
}

/** The token that what is said of lifetimes belongs to: the access token, or the refresh token where there is none. */
export function markedToken(entry: Entry, serverKey: string): string | null {
  return secretsOf(entry, serverKey).tokens.at(-1) ?? null;
}

function supersededIn(
  known: KnownSignIns,
  serverKey: string,
  tokens: readonly string[],
  signIn: SignIn | undefined,
): Superseded {
  if (signIn === undefined)
    return known.isSpent(serverKey, tokens) ? gaveWay(known, serverKey) : null;
  if (signIn.serverKey !== serverKey) return null;
  if (signIn.standing === 'former') return gaveWay(known, serverKey);
  // Signed in again, at a server that goes on with the refresh token of before.
  const isAgain =
    signIn.standing === 'signed-out' && tokens.some((token) => known.ofToken(token) === undefined);
  return isAgain ? null : supersededAs(signIn.standing);
}

/** Whoever signs out means all of before, too. */
function gaveWay(known: KnownSignIns, serverKey: string): Superseded {
  const standings = known.ofServer(serverKey).map(({ standing }) => standing);
  const isOut = standings.includes('signed-out') && !standings.includes('current');
  return isOut ? 'signed-out' : 'replaced';
}

/** The same for a sign-in's later tokens: they go to the same place. */
function demandDigest(
  { ofToken }: KnownSignIns,
  entry: Entry,
  serverKey: string,
  said: Destination,
): string {
  const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
  const signedIn = tokens.map((token) => ofToken(token)?.tokens[0] ?? token);
  const addresses = [...said.addresses].sort(([a], [b]) => (a < b ? -1 : 1));
  const demand = [serverKey, addresses, said.client, [...new Set(signedIn)].sort(), secrets];
  return shortDigest(demand);
}

/** A secret that came to known tokens: it was made up, or it is another client's. */
function isNewTo({ clientSecrets }: SignIn, secret: string): boolean {
  return clientSecrets !== undefined && !clientSecrets.includes(secret);
}

/** Whether a client secret would be shown to another authorization server than its own. */
function isForeign(bound: BoundSecret, serverKey: string, said: Destination): boolean {
  const asked = authorizationServerOf(said);
  if (asked === null) return false;
  const { authorizationServers } = bound;
  return authorizationServers.length > 0
    ? !authorizationServers.includes(asked)
    : bound.serverKey !== serverKey;
}
