import { hash } from 'node:crypto';
import { renameSync } from 'node:fs';
import {
  authorizationServerOf,
  CLIENT_CONFIG_MAP,
  type Destination,
  type DestinationChange,
  destinationChanges,
  destinationOf,
  isThinner,
  joinDestinations,
  secretsOf,
} from '../credentials/destination.ts';
import { type Entry, isObject, type Json, SERVER_MAP } from '../credentials/entry.ts';
import { type FieldId, fieldId, fieldsOf, splitField } from '../credentials/fields.ts';
import { fieldName } from '../credentials/serverState.ts';
import { errorText } from '../system/errors.ts';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';
import { secretsToForget, signInsOfServerToForget, signInsToForget } from './forgetting.ts';
import {
  type BoundSecret,
  clientSecretsOf,
  destinationsFile,
  GLOBAL_PLACE,
  type Place,
  type SignIn,
  type Standing,
  signInsOf,
  type TokenEndpoint,
  toFile,
} from './signIn.ts';
import { createSpentTokens } from './spentTokens.ts';

/** A server's value that must be neither carried nor used. */
export interface Tampering {
  readonly serverKey: string;
  /** The server's name, for people. */
  readonly name: string;
  /** Known secrets would be sent elsewhere than where they were issued. Empty where it is only inferior. */
  readonly changes: readonly DestinationChange[];
  /**
   * What the others have is better, and replaces it: another sign-in took its place for everybody, or the
   * user has put the former one back, or the tokens are known and it leaves out where they belong.
   */
  readonly inferior: boolean;
  /** Whether its sign-in gave way to another, or somebody signed out of it: then it is not to come back by itself. */
  readonly superseded: 'replaced' | 'signed-out' | null;
  /** Names what the user would accept: where the value sends which sign-ins and client secrets. 12 hex digits. */
  readonly digest: string;
}

/** What the engine knows of where each sign-in's secrets may go: `bar/destinations.json`. */
export interface DestinationBook {
  /** Why the file could not be used, if so. */
  damage(): string | null;
  /**
   * Looks at all servers of an entry: takes in sign-ins that are new, and tells which values must be
   * neither carried nor used. Entries that are trusted more are to be looked at first.
   * @param place whose entry it is; what lies in some place is not forgotten. Of {@link GLOBAL_PLACE} it is
   *   taken in which sign-in is everybody's now
   */
  look(entry: Entry | null, place: string): readonly Tampering[];
  /** Whether a server's secrets may be sent where the entry says; `unknown`: nobody has looked at it yet. */
  judge(entry: Entry | null, serverKey: string): 'known' | 'unknown' | Tampering;
  /** The user's word that the addresses in this entry are right. */
  accept(entry: Entry | null, serverKey: string): void;
  /** The user's word that this entry's sign-in is to give way to the former one. */
  reject(entry: Entry | null, serverKey: string): void;
  /** The user's word that a value counts again, whatever became of its sign-in. */
  reinstate(serverKey: string, value: Json): void;
  /** An entry's sign-ins that it has not any more, since better ones took their place. */
  replaced(before: Entry | null, after: Entry | null): void;
  /** Somebody signed out of what the global entry had. */
  signedOut(serverKey: string): void;
  /**
   * Pins the token endpoint of a sign-in at the first look at it.
   * @returns what it was when it was pinned, if it is another now; else `null`
   */
  pinEndpoint(entry: Entry | null, serverKey: string, now: TokenEndpoint): TokenEndpoint | null;
  /** Its entry is gone. */
  forgetPlace(place: string): void;
  /** Writes what changed since the last call. @throws the system's error */
  save(): Promise<void>;
}

/**
 * Sign-ins remembered of one server beside those that lie in some entry, newest first. A refresh makes
 * a new one, so that this is some days of a token that lives an hour.
 */
const MAX_SIGN_INS = 40;
/** Access tokens remembered of one refresh token: a server need not rotate that one. */
const MAX_TOKENS = 20;
/**
 * Addresses noted of one sign-in beside those that it began with; real ones come to some ten. What is added at a
 * known origin is right whether it is noted or not.
 */
const MAX_ADDRESSES = 200;

interface Look {
  readonly found: readonly Tampering[];
  readonly signIns: readonly SignIn[];
  /** Of each server, the one that its own value holds: not what was copied there from another. */
  readonly own: readonly SignIn[];
  /** Digests of the client secrets. */
  readonly secrets: readonly string[];
}

/** Fields that go together: a server's value and the client secret kept beside it. */
export function fieldsOfServer(serverKey: string): readonly [server: FieldId, client: FieldId] {
  return [fieldId(SERVER_MAP, serverKey), fieldId(CLIENT_CONFIG_MAP, serverKey)];
}

/** Reads the book; a damaged file counts as none, and the next save puts it aside. */
export function openDestinationBook(path: string, now: () => number = Date.now): DestinationBook {
  let damaged: string | null = null;
  const stored = read();
  const clientSecrets = stored === null ? new Map<string, BoundSecret>() : clientSecretsOf(stored);
  const byToken = new Map<string, SignIn>();
  /** By server, in the order in which they came. */
  const signIns = new Map<string, SignIn[]>();
  for (const one of stored === null ? [] : signInsOf(stored)) index(one);
  const spent = createSpentTokens(stored?.spent ?? {});
  let dirty = false;
  /** Entries looked at since the book last changed; most are looked at again and again. */
  let looked = new WeakMap<Entry, Look>();
  /** What lies in each place. */
  const inUse = new Map<string, Look>();

  function read() {
    try {
      return readJsonFile(path, destinationsFile);
    } catch (error) {
      damaged = errorText(error);
      return null;
    }
  }

  function index(signIn: SignIn): void {
    for (const token of signIn.tokens) byToken.set(token, signIn);
    const all = signIns.get(signIn.serverKey) ?? [];
    if (!all.includes(signIn)) all.push(signIn);
    signIns.set(signIn.serverKey, all);
  }

  function changed(): void {
    dirty = true;
    looked = new WeakMap();
  }

  /** Everything that speaks against sending a server's secrets where its value says. */
  function objections(entry: Entry, serverKey: string, said: Destination): DestinationChange[] {
    const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
    const known = new Set(tokens.flatMap((token) => byToken.get(token) ?? []));
    const changes = [...known].flatMap((one) => changesTo(one, said));
    const client = said.client;
    if (client !== null && (byToken.has(client) || clientSecrets.has(client)))
      changes.push({ what: 'a secret in place of the client id', from: null, to: null });
    if ([...known].some((one) => secrets.some((secret) => isNewTo(one, secret))))
      changes.push({ what: 'another client secret', from: null, to: null });
    for (const secret of secrets) {
      const bound = clientSecrets.get(secret);
      if (bound === undefined || !isForeign(bound, serverKey, said)) continue;
      const [from, to] = [bound.authorizationServers[0] ?? null, authorizationServerOf(said)];
      changes.push({ what: 'the client secret of another server', from, to });
    }
    return changes;
  }

  /** @returns the sign-in that the tokens belong to */
  function take(entry: Entry, serverKey: string, said: Destination, place: string): SignIn | null {
    const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
    for (const secret of secrets) bind(secret, serverKey, authorizationServerOf(said));
    if (tokens.length === 0) return null;
    const known = tokens.map((token) => byToken.get(token)).find((one) => one !== undefined);
    if (known === undefined) return add(serverKey, tokens, secrets, said, place);
    const fresh = tokens.filter((token) => !byToken.has(token));
    const goes = placeFor(known, said);
    const joined = goes && joinDestinations(goes.destination, said);
    const size = joined?.addresses.size ?? 0;
    const grew = size > (goes?.destination.addresses.size ?? 0) && size <= MAX_ADDRESSES;
    if (fresh.length === 0 && !grew && known.clientSecrets !== undefined) return known;
    known.clientSecrets ??= secrets;
    if (goes && joined && size <= MAX_ADDRESSES) goes.destination = joined;
    known.tokens = withoutTheOldest([...known.tokens, ...fresh]);
    if (known.standing === 'signed-out' && known.serverKey === serverKey)
      known.standing = 'offered';
    index(known);
    changed();
    return known;
  }

  /** The first is the refresh token that it began with, and stays. */
  function withoutTheOldest(tokens: readonly string[]): readonly string[] {
    const dropped = tokens.slice(1, -MAX_TOKENS);
    for (const token of dropped) byToken.delete(token);
    return tokens.filter((token) => !dropped.includes(token));
  }

  /** What is known of a sign-in that was made at the same place holds for its successor, too. */
  function add(
    serverKey: string,
    tokens: readonly string[],
    secrets: readonly string[],
    said: Destination,
    seenIn: string,
  ): SignIn {
    const all = signIns.get(serverKey) ?? [];
    const before = all
      .filter(({ standing }) => standing !== 'rejected')
      .map((one) => placeFor(one, said))
      .findLast((one) => one !== undefined);
    const destination = before === undefined ? said : joinDestinations(before.destination, said);
    const place = { destination, endpoint: before?.endpoint ?? null };
    const current = all.find(({ standing }) => standing === 'current');
    // What the engine got in a refresh counts with the sign-in that it refreshed.
    const isNext = seenIn === GLOBAL_PLACE && current && placeFor(current, said) !== undefined;
    const by = isNext ? current.by : seenIn;
    const signIn: SignIn = {
      serverKey,
      by,
      tokens,
      clientSecrets: secrets,
      places: [place],
      standing: 'offered',
    };
    index(signIn);
    forgetTheOldest(serverKey);
    changed();
    return signIn;
  }

  /** What lies in an entry is never forgotten: its tokens would count as new, whatever is said of them then. */
  function forgetTheOldest(serverKey: string): void {
    const all = signIns.get(serverKey) ?? [];
    if (all.length > MAX_SIGN_INS)
      forget(signInsOfServerToForget(all, signInsInUse(), MAX_SIGN_INS));
  }

  /** The same for all servers together. */
  function forgetTooMuch(): void {
    const tooMany = signInsToForget(signIns, signInsInUse());
    const used = new Set([...inUse.values()].flatMap(({ secrets }) => secrets));
    const secrets = secretsToForget(clientSecrets, used);
    forget(tooMany);
    for (const secret of secrets) clientSecrets.delete(secret);
    if (tooMany.length + secrets.length > 0) changed();
  }

  function signInsInUse(): Set<SignIn> {
    return new Set([...inUse.values()].flatMap((look) => look.signIns));
  }

  function forget(dropped: readonly SignIn[]): void {
    const going = new Set(dropped);
    for (const { serverKey, standing, tokens } of dropped) {
      const [refreshToken] = tokens;
      if (supersededAs(standing) !== null && refreshToken !== undefined)
        spent.add(serverKey, refreshToken);
    }
    for (const serverKey of new Set(dropped.map((one) => one.serverKey))) {
      const left = (signIns.get(serverKey) ?? []).filter((one) => !going.has(one));
      if (left.length > 0) signIns.set(serverKey, left);
      else signIns.delete(serverKey);
    }
    for (const one of dropped)
      for (const token of one.tokens) if (byToken.get(token) === one) byToken.delete(token);
  }

  /**
   * It is in the global entry now; what was there before has given way to it. Not so what gave way itself: an
   * account switcher, a backup or a program's late write has put it back, and nobody who knows what it is.
   */
  function makeCurrent(signIn: SignIn): void {
    if (signIn.standing !== 'offered') return;
    for (const one of signIns.get(signIn.serverKey) ?? [])
      if (one.standing === 'current') one.standing = 'former';
    signIn.standing = 'current';
    changed();
  }

  function bind(secret: string, serverKey: string, authorizationServer: string | null): void {
    const bound = clientSecrets.get(secret);
    const isKnown = bound !== undefined && bound.authorizationServers.length > 0;
    if (isKnown || (bound !== undefined && authorizationServer === null)) return;
    const authorizationServers = authorizationServer === null ? [] : [authorizationServer];
    clientSecrets.set(secret, { serverKey: bound?.serverKey ?? serverKey, authorizationServers });
    changed();
  }

  function signInOf(entry: Entry | null, serverKey: string): SignIn | undefined {
    return secretsOf(entry, serverKey)
      .tokens.map((token) => byToken.get(token))
      .find((one) => one !== undefined);
  }

  function judge(
    entry: Entry,
    serverKey: string,
    value: Json,
    said = destinationOf(value),
  ): Tampering | null {
    const changes = objections(entry, serverKey, said);
    const signIn = signInOf(entry, serverKey);
    const place = signIn && placeFor(signIn, said);
    const superseded = supersededIn(entry, serverKey, signIn);
    const isThin = place !== undefined && isThinner(place.destination, said);
    const inferior = superseded !== null || isThin;
    if (changes.length === 0 && !inferior) return null;
    const name = fieldName(fieldId(SERVER_MAP, serverKey), value);
    const digest = demandDigest(entry, serverKey, said);
    return { serverKey, name, changes, inferior, superseded, digest };
  }

  function supersededIn(
    entry: Entry,
    serverKey: string,
    signIn: SignIn | undefined,
  ): Tampering['superseded'] {
    const { tokens } = secretsOf(entry, serverKey);
    if (signIn === undefined)
      return tokens.some((token) => spent.has(serverKey, token)) ? gaveWay(serverKey) : null;
    if (signIn.serverKey !== serverKey) return null;
    if (signIn.standing === 'former') return gaveWay(serverKey);
    // Signed in again, at a server that goes on with the refresh token of before.
    const isAgain = signIn.standing === 'signed-out' && tokens.some((token) => !byToken.has(token));
    return isAgain ? null : supersededAs(signIn.standing);
  }

  /** Whoever signs out means all of before, too. */
  function gaveWay(serverKey: string): Tampering['superseded'] {
    const standings = (signIns.get(serverKey) ?? []).map(({ standing }) => standing);
    const isOut = standings.includes('signed-out') && !standings.includes('current');
    return isOut ? 'signed-out' : 'replaced';
  }

  /** The same for a sign-in's later tokens: they go to the same place. */
  function demandDigest(entry: Entry, serverKey: string, said: Destination): string {
    const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
    const signedIn = tokens.map((token) => byToken.get(token)?.tokens[0] ?? token);
    const addresses = [...said.addresses].sort(([a], [b]) => (a < b ? -1 : 1));
    const demand = [serverKey, addresses, said.client, [...new Set(signedIn)].sort(), secrets];
    return hash('sha256', JSON.stringify(demand)).slice(0, 12);
  }

  function lookAt(entry: Entry, place: string): Look {
    const found: Tampering[] = [];
    const used: SignIn[] = [];
    const own: SignIn[] = [];
    const secrets: string[] = [];
    for (const [serverKey, value] of serversOf(entry)) {
      secrets.push(...secretsOf(entry, serverKey).clientSecrets);
      const said = destinationOf(value);
      const tampering = judge(entry, serverKey, value, said);
      const signIn =
        tampering === null ? take(entry, serverKey, said, place) : signInOf(entry, serverKey);
      if (tampering !== null) found.push(tampering);
      if (signIn == null) continue;
      used.push(signIn);
      if (signIn.serverKey === serverKey) own.push(signIn);
    }
    return { found, signIns: used, own, secrets };
  }

  function lookOnce(entry: Entry, place: string): Look {
    let look = looked.get(entry);
    if (look === undefined) {
      look = lookAt(entry, place);
      looked.set(entry, look);
    }
    return look;
  }

  return {
    damage: () => damaged,

    look(entry, place) {
      if (entry === null) {
        inUse.delete(place);
        return [];
      }
      if (place === GLOBAL_PLACE)
        for (const signIn of lookOnce(entry, place).own) makeCurrent(signIn);
      const look = lookOnce(entry, place);
      inUse.set(place, look);
      return look.found;
    },

    judge(entry, serverKey) {
      const value = fieldsOf(entry).get(fieldId(SERVER_MAP, serverKey));
      if (entry === null || value === undefined) return 'unknown';
      const known = signInOf(entry, serverKey) === undefined ? 'unknown' : 'known';
      return judge(entry, serverKey, value) ?? known;
    },

    accept(entry, serverKey) {
      const value = fieldsOf(entry).get(fieldId(SERVER_MAP, serverKey));
      if (entry === null || value === undefined) return;
      const said = destinationOf(value);
      const authorizationServer = authorizationServerOf(said);
      const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
      for (const secret of secrets) {
        const before = clientSecrets.get(secret)?.authorizationServers ?? [];
        const authorizationServers = [
          ...before,
          ...(authorizationServer ? [authorizationServer] : []),
        ];
        clientSecrets.set(secret, { serverKey, authorizationServers });
      }
      for (const one of new Set(tokens.flatMap((token) => byToken.get(token) ?? []))) {
        // Where it was before stays right: the others still have that.
        if (placeFor(one, said) === undefined)
          one.places = [...one.places, { destination: said, endpoint: null }];
        if (one.clientSecrets !== undefined)
          one.clientSecrets = [...new Set([...one.clientSecrets, ...secrets])];
        if (one.standing === 'rejected') one.standing = 'offered';
      }
      changed();
    },

    reject(entry, serverKey) {
      const signIn = signInOf(entry, serverKey);
      if (signIn === undefined) return;
      signIn.standing = 'rejected';
      changed();
    },

    reinstate(serverKey, value) {
      const entry = { [SERVER_MAP]: { [serverKey]: value } };
      const signIn = signInOf(entry, serverKey);
      const { tokens } = secretsOf(entry, serverKey);
      const forgiven = tokens.filter((token) => spent.forgive(serverKey, token));
      const isOver = signIn !== undefined && supersededAs(signIn.standing) !== null;
      if (isOver) signIn.standing = 'offered';
      if (isOver || forgiven.length > 0) changed();
    },

    replaced(before, after) {
      for (const [serverKey] of before === null ? [] : serversOf(before)) {
        const [old, next] = [signInOf(before, serverKey), signInOf(after, serverKey)];
        if (old?.standing !== 'offered' || next === undefined || next === old) continue;
        old.standing = 'former';
        changed();
      }
    },

    signedOut(serverKey) {
      for (const one of signIns.get(serverKey) ?? []) {
        if (one.standing !== 'current') continue;
        one.standing = 'signed-out';
        changed();
      }
    },

    pinEndpoint(entry, serverKey, endpoint) {
      const value = fieldsOf(entry).get(fieldId(SERVER_MAP, serverKey)) ?? null;
      const signIn = signInOf(entry, serverKey);
      const place = signIn && placeFor(signIn, destinationOf(value));
      if (place === undefined) return null;
      const pinned = place.endpoint;
      if (pinned !== null) {
        return isSameEndpoint(pinned, endpoint) ? null : pinned;
      }
      place.endpoint = endpoint;
      changed();
      return null;
    },

    forgetPlace: (place) => void inUse.delete(place),

    async save() {
      if (!dirty) return;
      // Here, and not at each look: it goes through all that lies in any place.
      forgetTooMuch();
      dirty = false;
      try {
        if (damaged !== null) renameSync(path, `${path}.damaged-${now()}`);
        damaged = null;
        await writeJsonFile(
          path,
          toFile([...signIns.values()].flat(), clientSecrets, spent.toFile()),
        );
      } catch (error) {
        dirty = true;
        throw error;
      }
    },
  };
}

/** Names what all of these would have the user accept. 12 hex digits. */
export function digestOfAll(found: readonly Tampering[]): string {
  return hash('sha256', found.map(({ digest }) => digest).join()).slice(0, 12);
}

/**
 * Whether a client secret is asked for at all (`none`) is not the server's word but the entry's, and leads no secret
 * astray: a secret that a mission made up must not bind those who sign in after it.
 */
function isSameEndpoint(pinned: TokenEndpoint, now: TokenEndpoint): boolean {
  const methods = new Set([pinned.authMethod, now.authMethod]);
  methods.delete('none');
  return pinned.origin === now.origin && methods.size <= 1;
}

function supersededAs(standing: Standing): Tampering['superseded'] {
  if (standing === 'signed-out') return standing;
  return standing === 'former' || standing === 'rejected' ? 'replaced' : null;
}

/** The place of a sign-in that what is said fits to. */
function placeFor({ places }: SignIn, said: Destination): Place | undefined {
  return places.find(({ destination }) => destinationChanges(destination, said).length === 0);
}

/** A secret that came to known tokens: it was made up, or it is another client's. */
function isNewTo({ clientSecrets }: SignIn, secret: string): boolean {
  return clientSecrets !== undefined && !clientSecrets.includes(secret);
}

/** How what is said differs from where a sign-in's tokens may be sent. */
function changesTo(signIn: SignIn, said: Destination): DestinationChange[] {
  const [first] = signIn.places;
  if (first === undefined || placeFor(signIn, said) !== undefined) return [];
  return destinationChanges(first.destination, said);
}

/** All servers that an entry has a value or a client secret of. */
function* serversOf(entry: Entry): Generator<[serverKey: string, value: Json]> {
  for (const id of fieldsOf(entry).keys()) {
    const { map, key } = splitField(id);
    const values = entry[SERVER_MAP];
    const value = isObject(values) && Object.hasOwn(values, key) ? values[key] : undefined;
    if (map === SERVER_MAP) yield [key, value ?? null];
    // A secret may be kept before anybody signs in.
    else if (map === CLIENT_CONFIG_MAP && value === undefined) yield [key, null];
  }
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
