import { shortDigest } from './digest.ts';
import { isObject, type Json } from './entry.ts';

/**
 * What a server's value says that the client changes only together with its tokens (docs/claude-code.md, measured).
 * Any mission may write it beside the tokens that all have, and so have them refreshed never, or in vain. Short
 * digests, by the member's path; what is not said has none.
 */
export interface Marks {
  /** Of the sign-in: they stay the same when its tokens are refreshed. */
  readonly signIn: Readonly<Record<string, string>>;
  /** Of this very access token: how long it lives, what it may, which refresh token goes with it. */
  readonly access: string;
}

const SIGN_IN_MEMBERS = [
  ['serverName'],
  ['serverUrl'],
  ['issuer'],
  ['discoveryState', 'authorizationServerUrl'],
  ['discoveryState', 'authServerMetadataUrl'],
] as const;
const ACCESS_MEMBERS = [['refreshToken'], ['expiresAt'], ['scope']] as const;
/** The value of an older client, or one signed in to without a discovery, gets these at its next 401. */
const ADDED_LATER = ['issuer', 'discoveryState.authorizationServerUrl'];
/** An older client leaves these out. */
const LEFT_OUT = ['issuer', 'discoveryState.authServerMetadataUrl'];

/** Entries are never changed in place, and a look at one is made again whenever the book changes. */
const remembered = new WeakMap<object, Marks>();

export function marksOf(value: Json): Marks {
  if (!isObject(value)) return readMarks(value);
  let marks = remembered.get(value);
  if (marks === undefined) {
    marks = readMarks(value);
    remembered.set(value, marks);
  }
  return marks;
}

function readMarks(value: Json): Marks {
  const signIn: Record<string, string> = {};
  for (const path of SIGN_IN_MEMBERS) {
    const said = memberAt(value, path);
    // The client itself adds `null` for what is not configured.
    if (said !== undefined && said !== null) signIn[path.join('.')] = shortDigest(said);
  }
  return {
    signIn,
    access: shortDigest(ACCESS_MEMBERS.map((path) => memberAt(value, path) ?? null)),
  };
}

/** Whether a sign-in is said to be another than it was, under tokens that are known. */
export function isOtherSignIn(known: Marks['signIn'], said: Marks['signIn']): boolean {
  const paths = new Set([...Object.keys(known), ...Object.keys(said)]);
  return [...paths].some((path) => {
    if (known[path] === undefined) return !ADDED_LATER.includes(path);
    if (said[path] === undefined) return !LEFT_OUT.includes(path);
    return known[path] !== said[path];
  });
}

function memberAt(value: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}
