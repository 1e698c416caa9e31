import type { BoundSecret, SignIn } from './signIn.ts';

/**
 * What of the book is forgotten. What lies in an entry never is; but a mission can make up hundreds of sign-ins a
 * second, and for it to pass one of them off as new it would be enough that the engine forgot it. So whoever
 * brought the most gives way: nobody's sign-ins are forgotten for another's. Pure.
 */
const MOST_IDLE = 4 * 1024 * 1024;
const MOST_IDLE_SECRETS = 1024 * 1024;

/**
 * Of one server: the oldest of whoever has brought most.
 * @param all in the order in which they came
 */
export function signInsOfServerToForget(
  all: readonly SignIn[],
  used: ReadonlySet<SignIn>,
  most: number,
): SignIn[] {
  const idle = all.filter((one) => !used.has(one));
  return mostOf(idle, most, () => 1);
}

/**
 * Of all servers together, in characters of the file: of whoever has brought most, the youngest of servers that
 * nobody has any more, then of the others.
 * @param signIns by server, in the order in which they came
 */
export function signInsToForget(
  signIns: ReadonlyMap<string, readonly SignIn[]>,
  used: ReadonlySet<SignIn>,
  most = MOST_IDLE,
): SignIn[] {
  const servers = [...signIns.values()].toReversed().map((all) => {
    const idle = all.filter((one) => !used.has(one)).toReversed();
    return { idle, isUsed: idle.length < all.length };
  });
  const inOrder = [false, true].flatMap((isUsed) =>
    servers.flatMap((server) => (server.isUsed === isUsed ? server.idle : [])),
  );
  return mostOf(inOrder, most, lengthOf);
}

/** @param inOrder those first that go first @returns the fewest with which the rest is no more than `most` */
function mostOf(
  inOrder: readonly SignIn[],
  most: number,
  sizeOf: (one: SignIn) => number,
): SignIn[] {
  let total = 0;
  const bringers = new Map<string, { size: number; readonly queue: SignIn[]; next: number }>();
  for (const one of inOrder) {
    const bringer = bringers.get(one.by) ?? { size: 0, queue: [], next: 0 };
    bringers.set(one.by, bringer);
    bringer.queue.push(one);
    bringer.size += sizeOf(one);
    total += sizeOf(one);
  }
  const going: SignIn[] = [];
  while (total > most) {
    const greatest = [...bringers.values()].reduce((a, b) => (b.size > a.size ? b : a));
    const one = greatest.queue[greatest.next];
    if (one === undefined) break;
    greatest.next += 1;
    greatest.size -= sizeOf(one);
    total -= sizeOf(one);
    going.push(one);
  }
  return going;
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

function lengthOf({ serverKey, tokens, places }: SignIn): number {
  let length = serverKey.length + tokens.reduce((sum, token) => sum + token.length, 0);
  for (const { destination } of places)
    for (const [path, origin] of destination.addresses) length += path.length + origin.length;
  return length;
}
