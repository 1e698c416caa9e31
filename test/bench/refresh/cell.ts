import { setTimeout as sleep } from 'node:timers/promises';
import { statusIn } from '../../claude/scene.ts';
import { until } from '../../support/until.ts';
import { type Clones, createClones } from './clones.ts';
import type { Column } from './columns.ts';

export interface Cell {
  readonly missions: number;
  /** Between the starts of two clients. On a small machine they come to their refresh less evenly. */
  readonly spacingMs: number;
  readonly column: Column;
  /** How often the token comes to its end. */
  readonly lives: number;
  /** How long the authorization server takes to answer a refresh. */
  readonly answerMs: number;
  /** Whether it revokes a whole sign-in when a used refresh token comes, as RFC 9700 advises. */
  readonly revokes: boolean;
}

export interface Outcome {
  /** Refresh tokens that the server refused: each one was used before. */
  readonly refused: number;
  /** Clients that told their user to sign in, of `missions` × `lives`. */
  readonly asked: number;
  /** Missions whose entry could not be refreshed any more in the end. */
  readonly unusable: number;
  /** Clients that could not tell, for whatever reason. */
  readonly failed: number;
  readonly refreshed: number;
}

/** Has every mission's client look at the server, once in each life of the token, and counts. */
export async function measureCell(claudePath: string, cell: Cell): Promise<Outcome> {
  const clones = await createClones(claudePath, cell.missions);
  const { world, scene } = clones;
  try {
    scene.server.setAnswerDelay(cell.answerMs);
    scene.server.setRevokesOnReuse(cell.revokes);
    if (cell.column.settings !== null) world.writeSettings(cell.column.settings);
    const seen: (string | undefined)[] = [];
    for (let life = 0; life < cell.lives; life += 1) seen.push(...(await oneLife(clones, cell)));
    const count = (status: string) => seen.filter((one) => one === status).length;
    return {
      refused: scene.server.of('refresh-rejected').length,
      refreshed: scene.server.of('refreshed').length,
      asked: count('needs-sign-in'),
      failed: seen.length - count('needs-sign-in') - count('connected'),
      unusable: clones.unusable(clones.missions).length,
    };
  } finally {
    await clones.dispose();
  }
}

async function oneLife(clones: Clones, cell: Cell): Promise<(string | undefined)[]> {
  const { world, scene, missions, places } = clones;
  const before = clones.newest();
  clones.setLeft(cell.column.leftSeconds);
  const engine = cell.column.settings === null ? null : await world.startEngine();
  if (cell.column.ahead) {
    await until(
      'the engine refreshes ahead of the clients, and every entry has the new token',
      () => clones.newest() > before && clones.unusable(places).length === 0,
    );
  }
  const seen = await Promise.all(
    missions.map(async (mission, at) => {
      await sleep(at * cell.spacingMs);
      return statusIn(scene, mission);
    }),
  );
  if (engine !== null) {
    await until('all missions in sync again', async () => {
      const { activity, missions: shown } = await world.status();
      return !activity.busy && shown.every(({ inSync }) => inSync);
    });
    const { code, signal } = await engine.kill('SIGINT');
    if (code !== 0) throw new Error(`The engine ended with ${signal ?? code}: ${engine.stderr()}`);
  }
  return seen;
}
