import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { editAsClient } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt, untilSerialIn } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';

const LOOP = 'loop';
/** Less than the engine's lead: it is refreshed as soon as it is seen. */
const DUE_LIFE_S = 120;

let world: World;
let oauth: OAuthMcpServer;
let places: EntryRef[];
let spent: FakeServer;

beforeEach(async () => {
  world = makeWorld();
  places = [world.global, ...world.addMissions('a', 'b')];
  oauth = await startOAuthMcpServer({ accessLifeSeconds: DUE_LIFE_S });
  spent = signedInAt(oauth, LOOP);
  for (const place of places) await putServer(place, spent);
  oauth.setAccessLife(3_600);
  await world.startEngine();
  await untilSerial(2);
});
afterEach(async () => {
  await world.cleanup();
  await oauth.close();
});

const serials = () => places.map((place) => serialIn(oauth, place, LOOP));
const untilSerial = (serial: number | undefined) => untilSerialIn(oauth, places, LOOP, serial);

describe('a refresh token that was sent once', () => {
  it('is not sent again, nor spread, when a backup puts it back in the global entry', async () => {
    await putServer(world.global, spent);
    await untilSerial(2);
    expect(oauth.tokenRequests).toHaveLength(1);
  });

  it('is not sent again when everything but the engine’s own notes is rolled back', async () => {
    // Until then the new tokens are kept there, and would be put back.
    await until('the refresh is at its end', () => readdirSync(world.paths.refresh).length === 0);
    await world.killAll();
    for (const place of places) await putServer(place, spent);
    await world.startEngine();
    await until('it is left to the client', async () => {
      const [shown] = (await world.status()).global.servers;
      return shown?.refreshTrouble === 'left-to-client';
    });
    expect(oauth.tokenRequests).toHaveLength(1);
  });

  it('stays away for good once somebody has signed out', async () => {
    await editAsClient(places[1] as EntryRef, (blob) => {
      delete blob.mcpOAuth?.[serverKey(LOOP)];
    });
    await untilSerial(undefined);
    await putServer(places[2] as EntryRef, spent);
    await untilSerial(undefined);
    await world.status();
    expect(serials()).toEqual([undefined, undefined, undefined]);
    expect(oauth.tokenRequests).toHaveLength(1);
  });
});
