import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDigester } from '../../main/credentials/digest.ts';
import type { Json } from '../../main/credentials/entry.ts';
import type { Target } from '../../main/sync/outcome.ts';
import { serverKey } from '../support/fake.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { aMission, createFleet, GLOBAL } from './fleet.ts';

/*
 * Random histories of what people and clients do in several missions, in any interleaving with the
 * engine's looks, its crashes, and client writes that slip in right before one of its own.
 * The model speaks of tokens, not of merging: each token has a serial, and a later one lasts longer.
 */

const SERVERS = ['loop', 'mail'] as const;
const MISSIONS = ['a', 'b', 'c'] as const;
type Server = (typeof SERVERS)[number];
type Place = (typeof MISSIONS)[number] | 'global';

interface Step {
  readonly act:
    | 'sign-in'
    | 'invalidate'
    | 'logout'
    | 'look'
    | 'look-all'
    | 'crash'
    | 'stop'
    | 'start'
    | 'slip-in';
  readonly place: Place;
  readonly server: Server;
}

const steps = fc.array(
  fc.record<Step>({
    act: fc.constantFrom(
      'sign-in',
      'sign-in',
      'invalidate',
      'logout',
      'look',
      'look-all',
      'crash',
      'stop',
      'start',
      'slip-in',
    ),
    place: fc.constantFrom(...MISSIONS, 'global'),
    server: fc.constantFrom(...SERVERS),
  }),
  { minLength: 5, maxLength: 40 },
);

const A_MINUTE_MS = 60_000;

const dirOf = (place: Place): string => (place === 'global' ? GLOBAL : aMission(place).configDir);

/** Plays a history and holds it against what users were promised. */
async function play(history: readonly Step[]): Promise<void> {
  const clock = createFakeClock(0);
  const fleet = createFleet(undefined, clock);
  const digester = createDigester();
  const running = new Set<string>(MISSIONS);
  const started = new Set<string>();
  /** Tokens that somebody signed out of; they must never come back. */
  const seenOut = new Set<number>();
  /** Places where a logout has not been looked at yet: a second one would look like a wipe. */
  const unseenLogouts = new Map<Place, { server: Server; tokens: number[] }>();
  /** Every token that a place ever held, by place and server: signing out there means all of them. */
  const everHeld = new Map<string, Set<number>>();
  /** Every token that the engine ever left in the global entry. */
  const shared = new Map<Server, Set<number>>();
  /** The token that the client in a place had rejected last, by place and server. */
  const rejected = new Map<string, number>();
  const serverOf = new Map<number, Server>();
  let serial = 0;
  let globalText: string | undefined;

  const servers = (dir: string): Record<string, Json> =>
    (
      JSON.parse(fleet.store.texts.get(dir) ?? '{"mcpOAuth":{}}') as {
        mcpOAuth: Record<string, Json>;
      }
    ).mcpOAuth;
  const valueIn = (dir: string, server: Server): Json => servers(dir)[serverKey(server)] ?? null;
  const tokenIn = (dir: string, server: Server): number | null => {
    const token = (valueIn(dir, server) as { accessToken?: string } | null)?.accessToken;
    return token ? Number(token.split('-').pop()) : null;
  };
  const isRejected = (dir: string, server: Server, token: number | null): boolean =>
    token !== null &&
    valueIn(dir, server) !== null &&
    (rejected.get(`${dir} ${server}`) ?? 0) >= token;
  const put = (dir: string, server: Server, value: Json | undefined): void => {
    const all = servers(dir);
    if (value === undefined) delete all[serverKey(server)];
    else all[serverKey(server)] = value;
    fleet.store.texts.set(dir, JSON.stringify({ mcpOAuth: all }));
    note(dir);
  };
  const note = (dir: string): void => {
    for (const server of SERVERS) {
      const key = `${dir} ${server}`;
      const token = tokenIn(dir, server);
      if (token !== null) everHeld.set(key, (everHeld.get(key) ?? new Set()).add(token));
    }
  };
  /** Signed out and in again before anybody looked: nobody can know of the logout. */
  const forgetUnseenLogout = (place: Place, server: Server): void => {
    if (unseenLogouts.get(place)?.server === server) unseenLogouts.delete(place);
  };
  const seeLogout = (place: Place): void => {
    for (const token of unseenLogouts.get(place)?.tokens ?? []) seenOut.add(token);
    unseenLogouts.delete(place);
  };
  const signedOut = (): Set<number> =>
    new Set([...seenOut, ...[...unseenLogouts.values()].flatMap(({ tokens }) => tokens)]);
  const signIn = (dir: string, server: Server): void => {
    serial += 1;
    serverOf.set(serial, server);
    put(dir, server, {
      serverName: server,
      accessToken: `FAKE-SECRET-${serial}`,
      refreshToken: `FAKE-SECRET-r${serial}`,
      expiresAt: serial,
    });
  };
  const targetsOf = (ids: Iterable<string>): Target[] =>
    [...ids].map((id) => {
      const first = !started.has(id);
      started.add(id);
      return { mission: aMission(id), ...(first && { phase: 'clone' as const }) };
    });
  /** The engine looks at the targets and the global entry, and at everybody if that changed. */
  const settle = async (targets: Target[]): Promise<void> => {
    await fleet.settle(targets, [...running].map(aMission));
    const fannedOut = fleet.store.texts.get(GLOBAL) !== globalText;
    globalText = fleet.store.texts.get(GLOBAL);
    for (const server of SERVERS) {
      const token = tokenIn(GLOBAL, server);
      if (token !== null) shared.set(server, (shared.get(server) ?? new Set()).add(token));
    }
    seeLogout('global');
    for (const { mission } of targets) seeLogout(mission.id as Place);
    for (const id of running) if (fannedOut) seeLogout(id as Place);
  };
  const lookAll = async (): Promise<void> => {
    await settle(targetsOf(running));
  };

  /**
   * Signed out of, or older than a token of the same server that was; or rejected at the global entry,
   * which then has nothing to hold against a logout that somebody made of an older one.
   */
  const mayGo = (token: number): boolean =>
    [...signedOut()].some(
      (old) =>
        serverOf.get(old) === serverOf.get(token) &&
        (old >= token || (rejected.get(`${GLOBAL} ${serverOf.get(token)}`) ?? 0) >= token),
    );

  fleet.store.onWrite = (dir, before, after) => {
    const [old, now] = [before, after].map(
      (text) => JSON.parse(text ?? '{"mcpOAuth":{}}').mcpOAuth,
    ) as [Record<string, { accessToken?: string }>, Record<string, { accessToken?: string }>];
    for (const [key, value] of Object.entries(old)) {
      if (!value.accessToken) continue;
      const next = now[key];
      if (next !== undefined && !next.accessToken)
        throw new Error(`${dir}: a usable ${key} was replaced by an unusable one`);
      if (next === undefined && !mayGo(Number(value.accessToken.split('-').pop())))
        throw new Error(`${dir}: ${key} was removed though nobody signed out of it`);
      if (
        next?.accessToken !== value.accessToken &&
        !fleet.journaled.has(digester.field(`/mcpOAuth/${key}`, value as Json))
      )
        throw new Error(`${dir}: ${key} was replaced without a word in the journal`);
    }
  };

  try {
    await lookAll();
    for (const { act, place, server } of history) {
      // Nothing is judged by what happened just before a mission's start: reconcile.test.ts has that.
      clock.pass(A_MINUTE_MS);
      for (const each of [GLOBAL, ...MISSIONS.map(dirOf)]) note(each);
      const dir = dirOf(place);
      const acts = place === 'global' || running.has(place);
      if (act === 'sign-in' && acts) {
        forgetUnseenLogout(place, server);
        signIn(dir, server);
      }
      const token = tokenIn(dir, server);
      if (act === 'invalidate' && acts && token !== null) {
        rejected.set(`${dir} ${server}`, token);
        put(dir, server, { serverName: server, accessToken: '', expiresAt: 0, clientId: 'c' });
      }
      if (act === 'logout' && acts && !unseenLogouts.has(place)) {
        if (valueIn(dir, server) === null) continue;
        // Where the value was unusable, it is the server that is meant, as far as the others have shared it.
        const held = everHeld.get(`${dir} ${server}`) ?? [];
        const tokens = [...held, ...(token === null ? (shared.get(server) ?? []) : [])];
        put(dir, server, undefined);
        unseenLogouts.set(place, { server, tokens });
      }
      if (act === 'slip-in' && acts) {
        fleet.store.beforeWrite = (writing) => {
          if (writing !== dir) return;
          fleet.store.beforeWrite = () => undefined;
          signIn(dir, server);
        };
      }
      if (act === 'look' && place !== 'global' && running.has(place)) {
        await settle(targetsOf([place]));
      }
      if (act === 'look-all') await lookAll();
      if (act === 'crash') {
        fleet.crash();
        await lookAll();
      }
      if (act === 'stop' && place !== 'global' && running.delete(place)) {
        await settle([{ mission: aMission(place), phase: 'write-back' }]);
      }
      if (act === 'start' && place !== 'global' && !running.has(place)) {
        running.add(place);
        await settle([{ mission: aMission(place), phase: 'clone' }]);
      }
    }

    fleet.store.beforeWrite = () => undefined;
    const before = new Map(
      SERVERS.map((server) => [
        server,
        [GLOBAL, ...[...running].map((id) => aMission(id).configDir)]
          .map((dir) => tokenIn(dir, server))
          .filter((token) => token !== null && !signedOut().has(token)) as number[],
      ]),
    );
    const logoutPending = new Set([...unseenLogouts.values()].map(({ server }) => server));
    await lookAll();

    for (const server of SERVERS) {
      // The newest token that anybody had, unless a logout that nobody had seen yet took it away.
      const alive = before.get(server) ?? [];
      const places = [GLOBAL, ...[...running].map((id) => aMission(id).configDir)];
      const candidates = logoutPending.has(server)
        ? places.map((dir) => tokenIn(dir, server) ?? 0)
        : alive;
      const won = Math.max(0, ...candidates) || null;
      const globalWants = isRejected(GLOBAL, server, won);
      for (const dir of places) {
        const own = tokenIn(dir, server);
        const what = `${server} in ${dir} after ${serial} sign-ins`;
        // Who had this token (or a later one) rejected goes on showing "needs sign-in". If that is the
        // global entry it has nothing to bring down, and the missions stay as they were.
        if (globalWants || (own === null && isRejected(dir, server, won))) continue;
        if (own !== null)
          expect(signedOut().has(own), `${what}: nothing signed-out came back`).toBe(false);
        expect(own, `${what}: everybody agrees on the newest usable token`).toBe(won);
      }
    }
  } finally {
    fleet.dispose();
  }
}

describe('any history of sign-ins, refreshes, logouts, rejections and crashes', () => {
  it('ends with everybody agreeing on the newest usable token', { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(steps, play), {
      numRuns: Number(process.env.HISTORIES ?? 1_500),
    });
  });
});
