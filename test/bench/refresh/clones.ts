import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEntry } from '../../claude/client.ts';
import {
  addConfigDir,
  createScene,
  LOOP,
  putEntry,
  type Scene,
  serverIn,
} from '../../claude/scene.ts';
import { makeWorld, type World } from '../../support/engineHarness.ts';

/** Running missions whose entries, and the global one, are copies of one sign-in of the real client. */
export interface Clones {
  readonly world: World;
  readonly scene: Scene;
  /** The config directory of each mission. */
  readonly missions: readonly string[];
  /** Those and the global one. */
  readonly places: readonly string[];
  /** Serial number of the newest token that the server issued. */
  newest(): number;
  /** Those of the places that hold no refresh token which the server would still take. */
  unusable(places: readonly string[]): string[];
  /**
   * Makes time pass for every entry, as far as the client and the engine can tell. No engine may run:
   * it would take it for a change.
   */
  setLeft(seconds: number): void;
  dispose(): Promise<void>;
}

/** @param claudePath the client's binary, from `available()` */
export async function createClones(claudePath: string, count: number): Promise<Clones> {
  const world = makeWorld();
  const scene = await createScene(claudePath);
  const dispose = async () => {
    try {
      await world.cleanup();
    } finally {
      await scene.dispose();
    }
  };
  try {
    const missions = Array.from(
      { length: count },
      (_, index) => world.addMission(`m${String(index + 1).padStart(2, '0')}`).configDir,
    );
    const places = [...missions, world.global.configDir];
    const [first = '', ...others] = places;
    await addConfigDir(scene, first);
    const { exitCode, output } = await scene.claude.login(first, LOOP);
    if (exitCode !== 0) throw new Error(`The client could not sign in: ${output}`);
    for (const place of others) {
      copyFileSync(join(first, '.claude.json'), join(place, '.claude.json'));
      putEntry(place, readEntry(first));
    }
    const newest = () =>
      Math.max(
        ...[...scene.server.of('signed-in'), ...scene.server.of('refreshed')].map(
          ({ access }) => access,
        ),
      );
    return {
      world,
      scene,
      missions,
      places,
      newest,
      unusable: (among) =>
        among.filter((place) => !scene.server.isGood(serverIn(place)?.value.refreshToken)),
      setLeft(seconds) {
        for (const place of places) {
          const { key, value } = serverIn(place) ?? {};
          if (key === undefined || value?.refreshToken === undefined) continue;
          const entry = readEntry(place);
          const expiresAt = Date.now() + seconds * 1000;
          putEntry(place, {
            ...entry,
            mcpOAuth: { ...(entry?.mcpOAuth as object), [key]: { ...value, expiresAt } },
          });
        }
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
