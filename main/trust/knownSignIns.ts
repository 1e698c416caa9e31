import { secretsToForget, signInsOfServerToForget, signInsToForget } from './forgetting.ts';
import {
  type BoundSecret,
  clientSecretsOf,
  type DestinationsFile,
  type SignIn,
  signInsOf,
  supersededAs,
  toFile,
} from './signIn.ts';
import { createSpentTokens } from './spentTokens.ts';

/**
 * Sign-ins remembered of one server beside those that lie in some entry. A refresh makes a new one, so that this
 * is a day and a half of a token that lives an hour.
 */
const MAX_SIGN_INS = 40;
/**
 * Access tokens remembered of one refresh token: a server need not rotate that one. So many that nobody pushes one
 * out unnoticed by making others up.
 */
const MAX_TOKENS = 200;

/** What lies in the entries: never forgotten. */
export interface InUse {
  readonly signIns: ReadonlySet<SignIn>;
  /** Digests of client secrets. */
  readonly secrets: ReadonlySet<string>;
}

/** The book's memory: sign-ins by token and by server, client secrets, and what is left of forgotten sign-ins. */
export interface KnownSignIns {
  ofToken(token: string): SignIn | undefined;
  /** The sign-in that the first known of these tokens belongs to. */
  ofTokens(tokens: readonly string[]): SignIn | undefined;
  /** In the order in which they came. */
  ofServer(serverKey: string): readonly SignIn[];
  /** Of its server, the oldest of whoever brought most are forgotten for it. */
  add(signIn: SignIn, inUse: () => InUse): void;
  addTokens(signIn: SignIn, fresh: readonly string[]): void;
  /** Whether one of these tokens belongs to a forgotten sign-in that had given way. */
  isSpent(serverKey: string, tokens: readonly string[]): boolean;
  /** The user wants it back. @returns whether one of them was spent */
  forgive(serverKey: string, tokens: readonly string[]): boolean;
  readonly clientSecrets: Map<string, BoundSecret>;
  /** Makes room. @returns whether anything was forgotten */
  forgetTooMuch(inUse: InUse): boolean;
  toFile(): DestinationsFile;
}

/** @param stored `null`: there is none yet */
export function createKnownSignIns(stored: DestinationsFile | null): KnownSignIns {
  const clientSecrets = stored === null ? new Map<string, BoundSecret>() : clientSecretsOf(stored);
  const byToken = new Map<string, SignIn>();
  const byServer = new Map<string, SignIn[]>();
  const spent = createSpentTokens(stored?.spent ?? {});
  for (const one of stored === null ? [] : signInsOf(stored)) index(one);

  function index(signIn: SignIn): void {
    for (const token of signIn.tokens) byToken.set(token, signIn);
    const all = byServer.get(signIn.serverKey) ?? [];
    if (!all.includes(signIn)) all.push(signIn);
    byServer.set(signIn.serverKey, all);
  }

  function forget(dropped: readonly SignIn[]): void {
    const going = new Set(dropped);
    for (const { serverKey, standing, tokens } of dropped) {
      const [refreshToken] = tokens;
      if (supersededAs(standing) !== null && refreshToken !== undefined)
        spent.add(serverKey, refreshToken);
    }
    for (const serverKey of new Set(dropped.map((one) => one.serverKey))) {
      const left = (byServer.get(serverKey) ?? []).filter((one) => !going.has(one));
      if (left.length > 0) byServer.set(serverKey, left);
      else byServer.delete(serverKey);
    }
    for (const one of dropped)
      for (const token of one.tokens) if (byToken.get(token) === one) byToken.delete(token);
  }

  return {
    ofToken: (token) => byToken.get(token),
    ofTokens: (tokens) =>
      tokens.map((token) => byToken.get(token)).find((one) => one !== undefined),
    ofServer: (serverKey) => byServer.get(serverKey) ?? [],
    clientSecrets,

    add(signIn, inUse) {
      index(signIn);
      const all = byServer.get(signIn.serverKey) ?? [];
      if (all.length > MAX_SIGN_INS)
        forget(signInsOfServerToForget(all, inUse().signIns, MAX_SIGN_INS));
    },

    addTokens(signIn, fresh) {
      // The first is the refresh token that it began with, and stays.
      const tokens = [...signIn.tokens, ...fresh];
      const dropped = tokens.slice(1, -MAX_TOKENS);
      for (const token of dropped) byToken.delete(token);
      signIn.tokens = tokens.filter((token) => !dropped.includes(token));
      index(signIn);
    },

    isSpent: (serverKey, tokens) => tokens.some((token) => spent.has(serverKey, token)),
    forgive: (serverKey, tokens) =>
      tokens.filter((token) => spent.forgive(serverKey, token)).length > 0,

    forgetTooMuch(inUse) {
      const tooMany = signInsToForget(byServer, inUse.signIns);
      const secrets = secretsToForget(clientSecrets, inUse.secrets);
      forget(tooMany);
      for (const secret of secrets) clientSecrets.delete(secret);
      return tooMany.length + secrets.length > 0;
    },

    toFile: () => toFile([...byServer.values()].flat(), clientSecrets, spent.toFile()),
  };
}
