import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshLockName } from '../../main/refresh/refreshLocks.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { serverIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';

const LOOP = 'loop';
/** Less than the client's window, and the engine's lead: due as soon as an engine sees it. */
const DUE_LIFE_S = 120;
const LONG_LIFE_S = 3_600;

let world: World;
let oauth: OAuthMcpServer;
let places: EntryRef[];
let a: EntryRef;

beforeEach(async () => {
  world = makeWorld();
  const missions = world.addMissions('a', 'b', 'c');
  [a] = missions;
  places = [world.global, ...missions];
  oauth = await startOAuthMcpServer({ accessLifeSeconds: DUE_LIFE_S });
});
afterEach(async () => {
  await world.cleanup();
  await oauth.close();
});

/** A value that is due, in all entries, and an engine that comes to it. What it gets lives long. */
async function startDue(overrides: Record<string, unknown> = {}): Promise<EngineProcess> {
  const value = signedInAt(oauth, LOOP, overrides);
  for (const place of places) await putServer(place, value);
  oauth.setAccessLife(LONG_LIFE_S);
  return world.startEngine();
}

const serials = () => places.map((place) => serialIn(oauth, place, LOOP));
const untilSerial = (serial: number) =>
  until(
    () => `token ${serial} in every entry; seen: ${serials().join(', ')}`,
    () => serials().every((one) => one === serial),
  );
const locksLeft = () =>
  places.filter(({ configDir }) => existsSync(join(configDir, refreshLockName(serverKey(LOOP)))));
const notes = () => (existsSync(world.paths.refresh) ? readdirSync(world.paths.refresh) : []);

describe('a token that is due', () => {
  it('is refreshed once, and is everywhere', async () => {
    const engine = await startDue({ note: 'kept' });
    const told = await engine.waitFor('refresh');
    await untilSerial(2);
    expect(told).toMatchObject({
      by: 'engine',
      missionId: null,
      server: LOOP,
      key: serverKey(LOOP),
      outcome: 'refreshed',
    });
    expect(told.from).not.toBe(told.to);
    expect(told.receivers.map(({ missionId }) => missionId)).toEqual([null, 'a', 'b', 'c']);
    expect(oauth.of('refreshed')).toHaveLength(1);
    expect(oauth.of('refresh-rejected')).toEqual([]);
    expect(serverIn(a, LOOP)).toMatchObject({ note: 'kept', scope: 'mcp', clientId: 'client-1' });
    await until('locks let go', () => locksLeft().length === 0);
    expect(notes(), 'the journal has no open refresh').toEqual([]);
  });
});
