import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { type EngineOptions, makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { type FakeServer, fakeServer } from '../support/fake.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';
import { type Follower, follow } from './follower.ts';
import { descriptorsOf } from './processFacts.ts';
import { startThief, type Thief } from './thief.ts';

/** What the engine refreshes for the honest missions. */
const PAYROLL = 'payroll';
/** The engine refreshes at half of a life, if that is of ten seconds at least when it notices. */
const LIVES_MS = [12_000, 24_000, 48_000];
const HONEST = 9;

/** One engine, nine missions that do what clients do, a server that they are signed in to, and a thief. */
export interface Scene {
  readonly world: World;
  /** The one that runs now. */
  readonly engine: EngineProcess;
  readonly honest: readonly EntryRef[];
  /** The global entry and the honest missions'. */
  readonly everyone: readonly EntryRef[];
  /** The authorization server of the honest missions' refreshes. */
  readonly bank: OAuthMcpServer;
  /** The one whose sign-ins are attacked. */
  readonly shop: OAuthMcpServer;
  readonly thief: Thief;
  /** What a window sees all the while. */
  readonly follower: Follower;
  /** Open descriptors of the engine before any attack. */
  readonly descriptors: number;
  /** Makes the mission in which an attack happens; it runs, and is in step. */
  intruder(name: string): Promise<Intruder>;
  /**
   * Ends the engine with SIGKILL and starts another.
   * @param between happens while none runs
   * @throws Error with what it printed if the new one does not get ready
   */
  restartEngine(between?: () => void): Promise<void>;
  /** A token runs out; the engine refreshes it, and everyone has the new one. */
  untilRefreshed(): Promise<void>;
  close(): Promise<void>;
}

/** A mission whose Claude is the attacker. */
export interface Intruder {
  readonly scene: Scene;
  readonly id: string;
  readonly ref: EntryRef;
  /** `missions/<id>` */
  readonly folder: string;
  /** Its `CLAUDE_CONFIG_DIR`. */
  readonly config: string;
  /** An honest mission signs in to a server of the shop's; everyone, this mission too, has that then. */
  victim(name: string, overrides?: Record<string, unknown>): Promise<FakeServer>;
  /** Stops and starts, as the engine sees it by the pid file. */
  restart(): Promise<void>;
  /** The mission's folder goes away, is changed, and comes back: the engine finds a mission that it has to read. */
  reappear(change: (folder: string) => void): Promise<void>;
  /** The mission is removed, whatever it has become. */
  leave(): Promise<void>;
}

/** @param options of the engine's process */
export async function makeScene(options: EngineOptions = {}): Promise<Scene> {
  const world = makeWorld();
  const honest = Array.from({ length: HONEST }, (_, index) => world.addMission(`honest-${index}`));
  const everyone = [world.global, ...honest];
  const bank = await startOAuthMcpServer({ accessLifeSeconds: 3_600 });
  const shop = await startOAuthMcpServer({ accessLifeSeconds: 3_600 });
  const thief = await startThief();
  // So that there is something to lose in every entry.
  const calm = await putServer(world.global, fakeServer('calm'));
  let engine = await world.startEngine(options);
  await world.untilHeld(calm);
  let follower = follow(world.paths.engineSocket);
  const scene: Scene = {
    world,
    get engine() {
      return engine;
    },
    honest,
    everyone,
    bank,
    shop,
    thief,
    get follower() {
      return follower;
    },
    descriptors: descriptorsOf(engine.pid),

    async intruder(name) {
      const intruder = makeIntruder(scene, name);
      await intruder.restart();
      await world.untilHeld(calm, [intruder.ref]);
      return intruder;
    },

    async restartEngine(between) {
      await engine.kill('SIGKILL');
      follower.close();
      between?.();
      engine = await world.startEngine(options);
      follower = follow(world.paths.engineSocket);
    },

    async untilRefreshed() {
      const [first = world.global] = honest;
      for (const lifeMs of LIVES_MS) {
        const before = bank.of('refreshed').length;
        await putServer(first, signedInAt(bank, PAYROLL, { expiresAt: Date.now() + lifeMs }));
        const isEverywhere = (): boolean => {
          const [refreshed] = bank.of('refreshed').slice(before);
          return everyone.every((place) => serialIn(bank, place, PAYROLL) === refreshed?.access);
        };
        const done = until('refreshed, and everywhere', isEverywhere, lifeMs);
        if (await done.then(accept, refuse)) return;
      }
      throw new Error(`Expected a refresh by the engine that is everywhere. ${said(engine)}`);
    },

    async close() {
      follower.close();
      await world.cleanup().finally(async () => {
        await bank.close();
        await shop.close();
        await thief.close();
      });
    },
  };
  return scene;
}

function makeIntruder(scene: Scene, name: string): Intruder {
  const { world, shop, honest, everyone } = scene;
  const ref = world.addMission(name, { running: false, entry: '{"mcpOAuth":{}}' });
  const folder = join(world.paths.missions, name);
  const untilState = (state: string) =>
    until(
      () => `mission ${name} ${state}. ${said(scene.engine)}`,
      async () => (await world.mission(name)).state === state,
    );
  const untilGone = () =>
    until(
      () => `mission ${name} is gone (its folder: ${existsSync(folder)}). ${said(scene.engine)}`,
      async () => !(await world.status()).missions.some(({ id }) => id === name),
    );
  return {
    scene,
    id: name,
    ref,
    folder,
    config: ref.configDir,

    async victim(server, overrides = {}) {
      const [first = world.global] = honest;
      const value = await putServer(first, signedInAt(shop, server, overrides));
      await world.untilHeld(value, [...everyone, ref]);
      return value;
    },

    async restart() {
      world.setStopped(name);
      await untilState('stopped');
      world.setRunning(name);
      await untilState('running');
    },

    async reappear(change) {
      const aside = join(world.root, name);
      renameSync(folder, aside);
      await untilGone();
      change(aside);
      renameSync(aside, folder);
    },

    async leave() {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      await untilGone();
    },
  };
}

const accept = (): boolean => true;
const refuse = (): boolean => false;

/** What a failure shows of the engine. */
export function said(engine: EngineProcess): string {
  const events = engine.events.slice(-8).map((event) => JSON.stringify(event));
  return `The engine ${engine.alive() ? 'runs' : 'has ended'}:\n${events.join('\n')}\n${engine.stderr()}`;
}
