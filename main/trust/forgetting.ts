import type { BoundSecret, SignIn } from './signIn.ts';

/**
 * What of the book is forgotten. What lies in an entry never is, and of each server the newest stay anyway
 * (destinationBook.ts); but a mission can make up hundreds of servers a second. So there is an end to what lies in
 * no entry, in characters of the file: who has been known for longest stays, and who was made up last goes. Pure.
 */
const MOST_IDLE = 4 * 1024 * 1024;
const MOST_IDLE_SECRETS = 1024 * 1024;
/** Of a server that somebody has, as long as there is any way. */
const NEWEST_ALWAYS = 3;

/** @param signIns by server, in the order in which they came */
export function signInsToForget(
  signIns: ReadonlyMap<string, readonly SignIn[]>,
  used: ReadonlySet<SignIn>,
  most = MOST_IDLE,
): SignIn[] {
  const servers = [...signIns.values()].map((all) => {
    const idle = all.filter((one) => !used.has(one));
    return { idle, isUsed: idle.length < all.length };
  });
  let length = lengthOf(servers.flatMap(({ idle }) => idle));
  if (length <= most) return [];
  const youngestFirst = servers.toReversed();
  const rounds = [
    youngestFirst.filter(({ isUsed }) => !isUsed).map(({ idle }) => idle),
    youngestFirst.filter(({ isUsed }) => isUsed).map(({ idle }) => idle.slice(0, -NEWEST_ALWAYS)),
  ];
  const forgotten: SignIn[] = [];
  for (const going of rounds.flat()) {
    if (length <= most) break;
    forgotten.push(...going);
    length -= lengthOf(going);
  }
  return forgotten;
}

/** @param secrets in the order in which they came @returns their digests */
export function secretsToForget(
  secrets: ReadonlyMap<string, BoundSecret>,
  used: ReadonlySet<string>,
  most = MOST_IDLE_SECRETS,
): string[] {
  let length = 0;
  return [...secrets].flatMap(([digest, secret]) => {
    if (used.has(digest)) return [];
    length += JSON.stringify([digest, secret]).length;
    return length > most ? [digest] : [];
  });
}

function lengthOf(signIns: readonly SignIn[]): number {
  let length = 0;
  for (const { serverKey, tokens, places } of signIns) {
    length += serverKey.length + tokens.reduce((sum, token) => sum + token.length, 0);
    for (const { destination } of places)
      for (const [path, origin] of destination.addresses) length += path.length + origin.length;
  }
  return length;
}
