import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { logOut, readBlob, readText, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, serverKey } from '../support/fake.ts';
import { chooseSeed, createRandom } from '../support/random.ts';
import { until } from '../support/until.ts';

/** A plain `npm test` kills it this often; set the variable for a long run. */
const ROUNDS = Number(process.env.AGENC_BAR_KILL_ROUNDS ?? 12);
const SEED = chooseSeed();
const LONGEST_DELAY_MS = 60;
const MS_PER_ROUND = 4_000;

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('the engine, killed with SIGKILL at random moments', () => {
  it(
    `loses no token and damages no entry (${ROUNDS} rounds, TEST_SEED=${SEED})`,
    async () => {
      const { next: random, below, pick } = createRandom(SEED);
      const missions = world.addMissions('a', 'b', 'c', 'd');
      const places: EntryRef[] = [world.global, ...missions];
      /** What every entry shall hold in the end, and what was replaced or logged out on the way. */
      const valid = new Map<string, FakeServer>();
      const gone: FakeServer[] = [];

      let engine = await world.startEngine();
      for (const name of ['one', 'two', 'three']) valid.set(name, await signIn(missions[0], name));
      await inStep();

      for (let round = 0; round < ROUNDS; round += 1) {
        gone.length = 0;
        const busy = burst(round);
        if (random() < 0.5) await busy;
        await sleep(random() * LONGEST_DELAY_MS);
        await engine.kill('SIGKILL');
        nothingIsDamaged();
        await nothingIsLost();
        if (random() < 0.2) {
          // Another one, killed while it comes up.
          const early = world.spawnEngine();
          await sleep(random() * 300);
          await early.kill('SIGKILL');
          nothingIsDamaged();
          await nothingIsLost();
        }
        engine = await world.startEngine();
        // A client may still wait for a lock that the killed engine held: the new one removes it in time.
        await busy;
        await inStep();
        await nothingIsLost();
      }
      await world.untilNoAlert();
      await until(
        () => `no lock and no temporary file left behind, but: ${world.leftovers().join(', ')}`,
        () => world.leftovers().length === 0,
      );

      /** Sign-ins, a refresh and a logout in several missions at once, as their clients do it. */
      async function burst(round: number): Promise<void> {
        const settled = [...valid.keys()];
        const work: Promise<void>[] = [];
        for (let count = 1 + below(4); count > 0; count -= 1) {
          const name = `r${round}-${count}`;
          work.push(signIn(pick(places), name).then((server) => void valid.set(name, server)));
        }
        if (random() < 0.6) {
          const name = pick(settled);
          replaced(name);
          work.push(signIn(pick(missions), name).then((server) => void valid.set(name, server)));
          settled.splice(settled.indexOf(name), 1);
        }
        if (random() < 0.5) {
          const name = pick(settled);
          replaced(name);
          valid.delete(name);
          work.push(logOut(pick(missions), name));
        }
        await Promise.all(work);
      }

      function replaced(name: string): void {
        const server = valid.get(name);
        if (server !== undefined) gone.push(server);
      }

      function nothingIsDamaged(): void {
        for (const place of places) {
          const text = readText(place);
          expect(text, `${place.configDir} must not be emptied`).toBeTruthy();
          expect(() => JSON.parse(text ?? ''), `${place.configDir} must be JSON`).not.toThrow();
        }
      }

      async function nothingIsLost(): Promise<void> {
        const held = places.flatMap((place) => Object.values(readBlob(place).mcpOAuth ?? {}));
        const isHeld = (server: FakeServer): boolean =>
          held.some((one) => isDeepStrictEqual(one, server));
        for (const server of valid.values())
          expect(isHeld(server), `"${server.serverName}" must be in some entry`).toBe(true);
        const journal = world.journal();
        const { items } = await journal.list();
        for (const server of gone) {
          if (isHeld(server)) continue;
          const kept = await Promise.all(
            items
              .filter(({ field }) => field === `/mcpOAuth/${serverKey(server.serverName)}`)
              .map(({ id }) => journal.get(id)),
          );
          expect(
            kept.some((one) => one.status === 'found' && isDeepStrictEqual(one.value, server)),
            `"${server.serverName}" was replaced or removed, so the journal must have it`,
          ).toBe(true);
        }
      }

      async function inStep(): Promise<void> {
        const lacking = (): EntryRef[] =>
          places.filter((place) => {
            const servers = readBlob(place).mcpOAuth ?? {};
            const wanted = [...valid].map(([name, server]) => [serverKey(name), server]);
            return !isDeepStrictEqual(servers, Object.fromEntries(wanted));
          });
        await until(
          () => {
            const differences = lacking().map((place) => {
              const names = Object.values(readBlob(place).mcpOAuth ?? {}).map((s) => s.serverName);
              return `${place.configDir} (${names.join(', ')})`;
            });
            return `syncing goes on after the restart: ${[...valid.keys()].join(', ')} everywhere; differs in ${differences.join('; ')}\n${engine.output()}`;
          },
          () => lacking().length === 0,
        );
        // The answer comes after the lineage has been saved: a logout from now on is known to be one.
        await world.status();
      }
    },
    ROUNDS * MS_PER_ROUND,
  );
});
