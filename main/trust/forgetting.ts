import type { BoundSecret, SignIn } from './signIn.ts';

/**
 * What of the book is forgotten. What lies in an entry never is; but a mission can make up hundreds of sign-ins a
 * second, and could pass a known one off as new once the engine had forgotten that. So whoever brought the most
 * gives way: nobody's sign-ins and client secrets are forgotten for another's. Pure.
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
 * Of all servers together, in characters of the file: of whoever has brought most; first those of servers that no
 * entry has any more, the youngest first, then the others.
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
function mostOf<T extends { readonly by: string }>(
  inOrder: readonly T[],
  most: number,
  sizeOf: (one: T) => number,
): T[] {
  let total = 0;
  const bringers = new Map<string, { size: number; readonly queue: T[]; next: number }>();
  for (const one of inOrder) {
    const bringer = bringers.get(one.by) ?? { size: 0, queue: [], next: 0 };
    bringers.set(one.by, bringer);
    bringer.queue.push(one);
    bringer.size += sizeOf(one);
    total += sizeOf(one);
  }
  const going: T[] = [];
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
  const youngestFirst = [...secrets]
    .toReversed()
    .map(([digest, secret]) => ({ digest, ...secret }));
  const idle = youngestFirst.filter(({ digest }) => !used.has(digest));
  return mostOf(idle, most, (one) => JSON.stringify(one).length).map(({ digest }) => digest);
}

/** Digests have 32 characters; what else is written around each part is counted roughly, as this is asked often. */
function lengthOf({ serverKey, by, tokens, clientSecrets = [], places }: SignIn): number {
  let length = 100 + serverKey.length + by.length + 35 * (tokens.length + clientSecrets.length);
  for (const { destination } of places) {
    length += 140;
    for (const [path, origin] of destination.addresses) length += 6 + path.length + origin.length;
  }
  return length;
}
