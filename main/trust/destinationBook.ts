import { renameSync } from 'node:fs';
import {
  authorizationServerOf,
  CLIENT_CONFIG_MAP,
  type Destination,
  destinationOf,
  joinDestinations,
  secretsOf,
} from '../credentials/destination.ts';
import { type Entry, isObject, type Json, SERVER_MAP } from '../credentials/entry.ts';
import { fieldId, fieldsOf, splitField } from '../credentials/fields.ts';
import { isOtherSignIn, marksOf } from '../credentials/marks.ts';
import { errorText } from '../system/errors.ts';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';
import { judge, markedToken, type Tampering } from './judge.ts';
import { createKnownSignIns, type InUse } from './knownSignIns.ts';
import { isSameEndpoint, placeFor } from './places.ts';
import {
  type DestinationsFile,
  destinationsFile,
  GLOBAL_PLACE,
  type SignIn,
  supersededAs,
  type TokenEndpoint,
} from './signIn.ts';

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
 * Addresses noted of one sign-in beside those that it began with; real ones come to some ten. What is added at a
 * known origin is right whether it is noted or not.
 */
const MAX_ADDRESSES = 200;

/** A server's value in an entry. */
interface Value {
  readonly entry: Entry;
  readonly serverKey: string;
  readonly value: Json;
}

interface Look {
  readonly found: readonly Tampering[];
  readonly signIns: readonly SignIn[];
  /** Of each server, the one that its own value holds: not what was copied there from another. */
  readonly own: readonly SignIn[];
  /** Digests of the client secrets. */
  readonly secrets: readonly string[];
}

/** Reads the book; a damaged file counts as none, and the next save puts it aside. */
export function openDestinationBook(path: string, now: () => number = Date.now): DestinationBook {
  let damaged: string | null = null;
  const known = createKnownSignIns(read());
  const { clientSecrets } = known;
  let dirty = false;
  /** Entries looked at since the book last changed; most are looked at again and again. */
  let looked = newLooks();
  /** What lies in each place. */
  const inUse = new Map<string, Look>();

  function read(): DestinationsFile | null {
    try {
      return readJsonFile(path, destinationsFile);
    } catch (error) {
      damaged = errorText(error);
      return null;
    }
  }

  function changed(): void {
    dirty = true;
    looked = newLooks();
  }

  /** What the global entry says of known tokens counts; a mission's word is held against it. */
  function newLooks() {
    return { global: new WeakMap<Entry, Look>(), missions: new WeakMap<Entry, Look>() };
  }

  function allInUse(): InUse {
    const looks = [...inUse.values()];
    return {
      signIns: new Set(looks.flatMap(({ signIns }) => signIns)),
      secrets: new Set(looks.flatMap(({ secrets }) => secrets)),
    };
  }

  function signInOf(entry: Entry | null, serverKey: string): SignIn | undefined {
    return known.ofTokens(secretsOf(entry, serverKey).tokens);
  }

  /** @returns the sign-in that the tokens belong to */
  function take(value: Value, said: Destination, place: string): SignIn | null {
    const { entry, serverKey } = value;
    const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
    for (const secret of secrets) bind(secret, serverKey, authorizationServerOf(said), place);
    if (tokens.length === 0) return null;
    const signIn = known.ofTokens(tokens);
    if (signIn === undefined) return add(value, said, place);
    noteMarks(signIn, value, place);
    const fresh = tokens.filter((token) => known.ofToken(token) === undefined);
    const goes = placeFor(signIn, said);
    const joined = goes && joinedWith(goes.destination, said);
    const grew = goes && joined && joined.addresses.size > goes.destination.addresses.size;
    if (fresh.length === 0 && !grew && signIn.clientSecrets !== undefined) return signIn;
    signIn.clientSecrets ??= secrets;
    if (goes && joined) goes.destination = joined;
    known.addTokens(signIn, fresh);
    if (signIn.standing === 'signed-out' && signIn.serverKey === serverKey)
      signIn.standing = 'offered';
    changed();
    return signIn;
  }

  /** What is known of a sign-in that was made at the same place holds for its successor, too. */
  function add(value: Value, said: Destination, seenIn: string): SignIn {
    const { entry, serverKey } = value;
    const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
    const all = known.ofServer(serverKey);
    const before = all
      .filter(({ standing }) => standing !== 'rejected')
      .map((one) => placeFor(one, said))
      .findLast((one) => one !== undefined);
    const destination = before === undefined ? said : joinedWith(before.destination, said);
    const current = all.find(({ standing }) => standing === 'current');
    // What the engine got in a refresh counts with the sign-in that it refreshed.
    const isNext = seenIn === GLOBAL_PLACE && current && placeFor(current, said) !== undefined;
    const signIn: SignIn = {
      serverKey,
      by: isNext ? current.by : seenIn,
      tokens,
      clientSecrets: secrets,
      places: [{ destination, endpoint: before?.endpoint ?? null }],
      standing: 'offered',
    };
    noteMarks(signIn, value, seenIn);
    known.add(signIn, allInUse);
    changed();
    return signIn;
  }

  /** At first sight, and whenever the global entry says otherwise; of a refresh, what came with its access token. */
  function noteMarks(signIn: SignIn, { entry, serverKey, value }: Value, place: string): void {
    const token = markedToken(entry, serverKey);
    if (token === null || signIn.serverKey !== serverKey) return;
    const { marks } = signIn;
    if (marks === null) return;
    const said = marksOf(value);
    const counts = marks === undefined || place === GLOBAL_PLACE;
    const isKnown = marks !== undefined && (!counts || !isOtherSignIn(marks.signIn, said.signIn));
    if (
      isKnown &&
      marks.access[token] !== undefined &&
      (!counts || marks.access[token] === said.access)
    )
      return;
    const access = Object.entries(marks?.access ?? {}).filter(([each]) =>
      signIn.tokens.includes(each),
    );
    signIn.marks = {
      signIn: counts ? said.signIn : marks.signIn,
      access: Object.fromEntries([...access, [token, said.access]]),
    };
    changed();
  }

  /**
   * It is in the global entry now; what was there before has given way to it. Not so what gave way itself: an
   * account switcher, a backup or a program's late write has put it back, and nobody who knows what it is.
   */
  function makeCurrent(signIn: SignIn): void {
    if (signIn.standing !== 'offered') return;
    for (const one of known.ofServer(signIn.serverKey))
      if (one.standing === 'current') one.standing = 'former';
    signIn.standing = 'current';
    changed();
  }

  function bind(
    secret: string,
    serverKey: string,
    authorizationServer: string | null,
    place: string,
  ): void {
    const bound = clientSecrets.get(secret);
    const isKnown = bound !== undefined && bound.authorizationServers.length > 0;
    if (isKnown || (bound !== undefined && authorizationServer === null)) return;
    const authorizationServers = authorizationServer === null ? [] : [authorizationServer];
    clientSecrets.set(secret, { by: place, serverKey, ...bound, authorizationServers });
    changed();
  }

  function lookAt(entry: Entry, place: string): Look {
    const found: Tampering[] = [];
    const signIns: SignIn[] = [];
    const own: SignIn[] = [];
    const secrets: string[] = [];
    for (const [serverKey, value] of serversOf(entry)) {
      secrets.push(...secretsOf(entry, serverKey).clientSecrets);
      const said = destinationOf(value);
      const tampering = judge(known, entry, serverKey, value, place === GLOBAL_PLACE, said);
      const signIn =
        tampering === null
          ? take({ entry, serverKey, value }, said, place)
          : signInOf(entry, serverKey);
      if (tampering !== null) found.push(tampering);
      if (signIn == null) continue;
      signIns.push(signIn);
      if (signIn.serverKey === serverKey) own.push(signIn);
    }
    return { found, signIns, own, secrets };
  }

  function lookOnce(entry: Entry, place: string): Look {
    const looks = () => (place === GLOBAL_PLACE ? looked.global : looked.missions);
    let look = looks().get(entry);
    if (look === undefined) {
      look = lookAt(entry, place);
      looks().set(entry, look);
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
      const tampering = judge(known, entry, serverKey, value, true);
      return tampering ?? (signInOf(entry, serverKey) === undefined ? 'unknown' : 'known');
    },

    accept(entry, serverKey) {
      const value = fieldsOf(entry).get(fieldId(SERVER_MAP, serverKey));
      if (entry === null || value === undefined) return;
      const said = destinationOf(value);
      const authorizationServer = authorizationServerOf(said);
      const { tokens, clientSecrets: secrets } = secretsOf(entry, serverKey);
      for (const secret of secrets) {
        const bound = clientSecrets.get(secret);
        const authorizationServers = [
          ...(bound?.authorizationServers ?? []),
          ...(authorizationServer ? [authorizationServer] : []),
        ];
        clientSecrets.set(secret, { by: GLOBAL_PLACE, ...bound, serverKey, authorizationServers });
      }
      for (const one of new Set(tokens.flatMap((token) => known.ofToken(token) ?? []))) {
        one.marks = null;
        if (one.serverKey !== serverKey)
          one.otherKeys = [...new Set([...(one.otherKeys ?? []), serverKey])];
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
      const { tokens } = secretsOf(entry, serverKey);
      const signIn = known.ofTokens(tokens);
      const isForgiven = known.forgive(serverKey, tokens);
      const isOver = signIn !== undefined && supersededAs(signIn.standing) !== null;
      if (isOver) signIn.standing = 'offered';
      if (isOver || isForgiven) changed();
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
      for (const one of known.ofServer(serverKey)) {
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
      if (known.forgetTooMuch(allInUse())) changed();
      dirty = false;
      try {
        if (damaged !== null) renameSync(path, `${path}.damaged-${now()}`);
        damaged = null;
        await writeJsonFile(path, known.toFile());
      } catch (error) {
        dirty = true;
        throw error;
      }
    },
  };
}

/** Both, as long as that is no more than any provider has; else what is known. */
function joinedWith(known: Destination, said: Destination): Destination {
  const joined = joinDestinations(known, said);
  return joined.addresses.size <= MAX_ADDRESSES ? joined : known;
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
