import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { startThief, type Thief } from '../doubles/thief.ts';
import { editAsClient, readBlob, serverIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, fakeServer, fakeToken, MARK, serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';

const BANK = 'bank';
/** Less than the engine's lead: it is refreshed as soon as it is seen. */
const DUE_MS = 120_000;

let world: World;
let bank: OAuthMcpServer;
let thief: Thief;
/** Its end names what the user has read. */
const TAMPERING = /^tampering-a-[0-9a-f]{12}$/;

let mission: EntryRef;
let others: EntryRef[];

beforeEach(async () => {
  world = makeWorld();
  const [a, b, c] = world.addMissions('a', 'b', 'c');
  mission = a;
  others = [world.global, b, c];
  bank = await startOAuthMcpServer({ clientAuth: 'client_secret_basic' });
  thief = await startThief({ real: bank.issuer });
});
afterEach(async () => {
  await world.cleanup();
  await Promise.all([bank.close(), thief.close()]);
});

/** All are signed in to the bank, for long. */
async function start(overrides: Record<string, unknown> = {}): Promise<FakeServer> {
  const value = signedInAt(bank, BANK, overrides);
  for (const place of [mission, ...others]) await putServer(place, value);
  await world.startEngine();
  return JSON.parse(JSON.stringify(value)) as FakeServer;
}

/** What a mission's Claude can do: rewrite its own entry. The token then looks due. */
function tamper(change: (value: FakeServer) => void): Promise<void> {
  return editAsClient(mission, (blob) => {
    const value = blob.mcpOAuth?.[serverKey(BANK)];
    if (value === undefined) throw new Error('not signed in');
    value.expiresAt = Date.now() + DUE_MS;
    change(value);
  });
}

/** The others' sign-in is due for an engine that starts, and is refreshed, wherever that leads. */
async function untilRefreshed(): Promise<void> {
  await world.killAll();
  await editAsClient(world.global, (blob) => {
    const value = blob.mcpOAuth?.[serverKey(BANK)];
    if (value !== undefined) value.expiresAt = Date.now() + DUE_MS;
  });
  await world.startEngine();
  await until("the others' token refreshed", () =>
    others.every((one) => serialIn(bank, one, BANK) === 2),
  );
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const held = () => others.map((place) => serverIn(place, BANK));
const resolve = (alertId: string, answer: 'keep' | 'accept' | 'former' | 'dismiss') =>
  world.ask('resolve', { alertId, answer });

describe('a mission that changes where the others’ refresh token is sent', () => {
  const changes: Record<string, (value: FakeServer) => void> = {
    'the metadata alone': (value) => {
      value.discoveryState = {
        ...(value.discoveryState as object),
        authServerMetadataUrl: `${thief.origin}/.well-known/oauth-authorization-server`,
      };
    },
    'authorization server and issuer': (value) => {
      value.issuer = thief.origin;
      value.discoveryState = { authorizationServerUrl: thief.origin, oauthMetadataFound: true };
    },
    'the authorization server, with the issuer deleted': (value) => {
      delete value.issuer;
      value.discoveryState = { authorizationServerUrl: thief.origin, oauthMetadataFound: true };
    },
    'the server': (value) => {
      value.serverUrl = `${thief.origin}/mcp`;
    },
  };

  it.each(Object.keys(changes))('reaches nobody, and is told: %s', async (what) => {
    const before = await start();
    await tamper(changes[what] as (value: FakeServer) => void);
    const alert = await world.untilAlert(TAMPERING);
    expect(alert).toMatchObject({ kind: 'tampering', missionId: 'a', servers: [BANK] });
    expect(alert.message).toContain(thief.origin);
    expect(alert.message).not.toContain(MARK);
    expect(held()).toEqual([before, before, before]);
    await untilRefreshed();
    expect(thief.got, 'not even a question').toEqual([]);
  });

  it('gets back what the others have when the user keeps theirs', async () => {
    await start();
    await tamper(changes['authorization server and issuer'] as (value: FakeServer) => void);
    const { id } = await world.untilAlert(TAMPERING);
    await resolve(id, 'keep');
    await world.untilNoAlert();
    expect(serverIn(mission, BANK)).toEqual(held()[0]);
    await untilRefreshed();
    await until('refreshed there as well', () => serialIn(bank, mission, BANK) === 2);
  });

  it('is told once more each time, and is gone once it is answered, however often', async () => {
    await start();
    for (let round = 0; round < 5; round += 1) {
      await tamper((value) => {
        value.issuer = `${thief.origin}/${round}`;
      });
      const alert = await world.untilAlert(TAMPERING);
      await resolve(alert.id, 'keep');
      expect((await world.status()).alerts).toEqual([]);
    }
  });

  it('is right when the user accepts it, for everybody', async () => {
    await start();
    // Moved for real: the new address hands everything on to the bank.
    await tamper(changes['authorization server and issuer'] as (value: FakeServer) => void);
    const { id } = await world.untilAlert(TAMPERING);
    await resolve(id, 'accept');
    await world.untilNoAlert();
    await world.killAll();
    await world.startEngine();
    await until('asked at the new address', () => thief.stolen().length > 0);
    expect(held().every((value) => value?.issuer === thief.origin)).toBe(true);
  });

  it('is not right because another address was when the user read it', async () => {
    const before = await start();
    await tamper((value) => {
      value.serverUrl = `${new URL(bank.url).origin.replace('127.0.0.1', 'localhost')}/mcp`;
    });
    const read = await world.untilAlert(TAMPERING);
    await tamper(changes['authorization server and issuer'] as (value: FakeServer) => void);
    // Whether the engine has noticed by then or not.
    await expect(resolve(read.id, 'accept')).rejects.toThrow(/changed|no open alert/);
    const now = await world.untilAlert(TAMPERING);
    expect(now.id).not.toBe(read.id);
    expect(now.message).toContain(thief.origin);
    expect(held()).toEqual([before, before, before]);
    await untilRefreshed();
    expect(thief.got).toEqual([]);
  });

  it('is not right where more was changed than the alert can show', async () => {
    const before = await start();
    for (const name of ['v', 'w', 'x', 'y', 'z'])
      await world.untilHeld(await putServer(mission, signedInAt(bank, name)));
    await editAsClient(mission, (blob) => {
      for (const value of Object.values(blob.mcpOAuth ?? {})) {
        value.issuer = thief.origin;
        value.discoveryState = { authorizationServerUrl: thief.origin, oauthMetadataFound: true };
      }
    });
    const { id, message } = await world.untilAlert(TAMPERING);
    expect(message).not.toContain('"accept"');
    await expect(resolve(id, 'accept')).rejects.toThrow('more than it can show');
    expect(held()).toEqual([before, before, before]);
    expect(thief.got).toEqual([]);
  });

  it('cannot be answered with what makes no sense of it', async () => {
    await start();
    await tamper(changes['the server'] as (value: FakeServer) => void);
    const { id } = await world.untilAlert(TAMPERING);
    await expect(resolve(id, 'dismiss')).rejects.toThrow('"keep" or "accept"');
  });

  it('achieves nothing by a new start of the engine, nor by being deleted', async () => {
    const before = await start();
    await tamper(changes['authorization server and issuer'] as (value: FakeServer) => void);
    await world.untilAlert(TAMPERING);
    await world.killAll();
    await world.startEngine();
    await world.untilAlert(TAMPERING);
    expect(held()).toEqual([before, before, before]);
    rmSync(join(world.paths.missions, 'a'), { recursive: true });
    await world.untilNoAlert();
    await untilRefreshed();
    expect(thief.got).toEqual([]);
  });

  it('is found without an engine, too', async () => {
    await start();
    await tamper(changes['authorization server and issuer'] as (value: FakeServer) => void);
    await world.untilAlert(TAMPERING);
    await world.killAll();
    const { stdout } = await world.run(['alerts']);
    expect(stdout).toMatch(/tampering-a-[0-9a-f]{12}/);
  });
});

describe('what a mission says of tokens that all have', () => {
  it.each<[string, (value: FakeServer) => void]>([
    ['that they last for ever', (value) => Object.assign(value, { expiresAt: 8e15 })],
    ['that nothing renews them', (value) => Object.assign(value, { refreshToken: '' })],
    [
      'that they belong to a page of its own there',
      (value) =>
        Object.assign(value, {
          discoveryState: { authorizationServerUrl: `${bank.issuer}/evil` },
          issuer: `${bank.issuer}/evil`,
        }),
    ],
  ])('(%s) reaches nobody, and is put right', async (_, change) => {
    const value = await start();
    await editAsClient(mission, (blob) => change(blob.mcpOAuth?.[serverKey(BANK)] as FakeServer));
    await until('it is put right', () => isSame(serverIn(mission, BANK), value));
    expect(held().every((each) => isSame(each, value))).toBe(true);
    expect((await world.status()).alerts).toEqual([]);
    // And they are renewed as ever.
    await untilRefreshed();
  });
});

it('the others’ client secret, under a server of the mission’s own, is not sent there', async () => {
  const secret = fakeToken('client-secret');
  const value = signedInAt(bank, BANK, { clientSecret: undefined });
  for (const place of [mission, ...others])
    await editAsClient(place, (blob) => {
      blob.mcpOAuth = { [serverKey(BANK)]: value };
      blob.mcpOAuthClientConfig = { [serverKey(BANK)]: { clientSecret: secret } };
    });
  await world.startEngine();
  const own = fakeServer('own', {
    issuer: thief.origin,
    discoveryState: { authorizationServerUrl: thief.origin, oauthMetadataFound: true },
    expiresAt: Date.now() + DUE_MS,
  });
  await editAsClient(mission, (blob) => {
    blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey('own')]: own };
    blob.mcpOAuthClientConfig = {
      ...(blob.mcpOAuthClientConfig as object),
      [serverKey('own')]: { clientSecret: secret },
    };
  });
  expect(await world.untilAlert(TAMPERING)).toMatchObject({ servers: ['own'] });
  expect(JSON.stringify(others.map(readBlob))).not.toContain(thief.origin);
  expect(thief.got).toEqual([]);
});

it('what was known of addresses and can be read no more is told, and what the global entry says counts', async () => {
  await start();
  await world.killAll();
  writeFileSync(world.paths.destinations, '{"version":1,');
  await world.startEngine();
  const { alerts } = await world.status();
  expect(alerts).toMatchObject([{ id: 'destinations' }]);
  expect(alerts[0]?.message).toContain(world.paths.destinations);
  await tamper((value) => {
    value.issuer = thief.origin;
  });
  await world.untilAlert(TAMPERING);
});

describe('a mission that replaces the sign-in of all', () => {
  const madeUp = () => ({
    accessToken: fakeToken('made-up'),
    refreshToken: fakeToken('made-up'),
  });
  const elsewhere = () =>
    fakeServer(BANK, {
      serverUrl: bank.url,
      issuer: thief.origin,
      discoveryState: { authorizationServerUrl: thief.origin, oauthMetadataFound: true },
      expiresAt: Date.now() + 7_200_000,
    });

  it('by one made elsewhere is told before anything is sent there, and is undone in one step', async () => {
    const before = await start();
    const bogus = await putServer(mission, elsewhere());
    await world.untilHeld(bogus);
    const { alerts } = await world.status();
    const alert = alerts.find(({ kind }) => kind === 'replaced');
    expect(alert).toMatchObject({ missionId: 'a', servers: [BANK] });
    expect(alert?.message).toContain(thief.origin);
    expect(thief.got).toEqual([]);
    await resolve(alert?.id ?? '', 'former');
    await world.untilHeld(before);
    await world.untilNoAlert();
    // It does not come back with the same tokens.
    await putServer(mission, { ...bogus, expiresAt: Date.now() + 9_000_000 });
    await world.untilHeld(before);
    await world.untilNoAlert();
  });

  it('is undone also after it was removed, which is what comes to mind first', async () => {
    const before = await start();
    await world.untilHeld(await putServer(mission, elsewhere()));
    rmSync(join(world.paths.missions, 'a'), { recursive: true });
    await until('the mission is gone', async () => (await world.status()).missions.length === 2);
    const [alert] = (await world.status()).alerts;
    expect(alert).toMatchObject({ kind: 'replaced', missionId: 'a', servers: [BANK] });
    await resolve(alert?.id ?? '', 'former');
    await until('the former one is back', () => held().every((one) => isSame(one, before)));
    await world.untilNoAlert();
  });

  it('again and again is undone in one step all the same', async () => {
    const before = await start();
    for (let n = 0; n < 3; n += 1)
      await world.untilHeld(
        await putServer(mission, { ...elsewhere(), expiresAt: Date.now() + 8_000_000 + n }),
      );
    const [alert] = (await world.status()).alerts;
    await resolve(alert?.id ?? '', 'former');
    await world.untilHeld(before);
  });

  it('first by rubbish at the same addresses, which nobody is told of, is undone all the same', async () => {
    const before = await start();
    await world.untilHeld(
      await putServer(mission, { ...before, ...madeUp(), expiresAt: 8_000_000_000_000_000 }),
    );
    await world.untilHeld(
      await putServer(mission, { ...elsewhere(), expiresAt: 8_100_000_000_000_000 }),
    );
    const [alert] = (await world.status()).alerts;
    await resolve(alert?.id ?? '', 'former');
    await world.untilHeld(before);
  });

  it('over and over by what looks refreshed leaves the former one in the journal', async () => {
    const first = await start();
    const later = { expiresAt: Date.now() + 80_000_000_000 };
    const good = await putServer(world.ref('b'), { ...first, ...madeUp(), ...later });
    await world.untilHeld(good);
    for (let n = 0; n < 30; n += 1) {
      const expiresAt = Date.now() + 90_000_000_000 + n;
      await world.untilHeld(await putServer(mission, { ...good, ...madeUp(), expiresAt }));
    }
    const journal = world.journal();
    await journal.prune();
    const { items } = await journal.list();
    const kept = await Promise.all(items.map(({ id }) => journal.get(id)));
    expect(kept).toContainEqual(expect.objectContaining({ value: good }));
    expect(kept.length).toBeLessThan(20);
  });

  it('by one that the server refuses is told then, and is undone in one step', async () => {
    const before = await start({ expiresAt: undefined });
    const bogus = fakeServer(BANK, {
      ...before,
      accessToken: fakeToken('bogus'),
      refreshToken: fakeToken('bogus'),
      // The engine refreshes it when half of its life is over, unless that is under ten seconds.
      expiresAt: Date.now() + 16_000,
    });
    await putServer(mission, bogus);
    await until('an alert that names the way back', async () =>
      (await world.status()).alerts.some(({ kind }) => kind === 'replaced'),
    );
    const [alert] = (await world.status()).alerts;
    expect(alert).toMatchObject({ kind: 'replaced', missionId: 'a', servers: [BANK] });
    await resolve(alert?.id ?? '', 'former');
    await world.untilHeld(before);
    expect(bank.isGood(before.refreshToken)).toBe(true);
  });
});

it('the book of destinations holds no secret', async () => {
  await start();
  await world.status();
  expect(readFileSync(world.paths.destinations, 'utf8')).not.toContain(MARK);
});
