import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournalKeys } from '../../main/journal/journalKey.ts';
import { createRefreshJournal } from '../../main/refresh/refreshJournal.ts';
import { refreshLockName } from '../../main/refresh/refreshLocks.ts';
import { tokenDigest } from '../../main/refresh/refreshOrder.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import type { TokenAnswer } from '../doubles/oauthTokens.ts';
import { editAsClient, serverIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { type FakeServer, fakeToken, MARK, serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt, untilSerialIn } from '../support/oauthScene.ts';
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

/** What a client does with a token that is due. */
async function refreshedBy(place: EntryRef): Promise<void> {
  const value = serverIn(place, LOOP) as FakeServer;
  const response = await fetch(`${oauth.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: String(value.refreshToken),
      client_id: String(value.clientId),
    }),
  });
  const tokens = (await response.json()) as TokenAnswer;
  await putServer(place, {
    ...value,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    expiresAt: Date.now() + LONG_LIFE_S * 1_000,
  });
}

const serials = () => places.map((place) => serialIn(oauth, place, LOOP));
const untilSerial = (serial: number) => untilSerialIn(oauth, places, LOOP, serial);
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

it('a token that a client refreshed a moment ago is not sent again, though its entry is looked at rarely just now', async () => {
  const gate = Promise.withResolvers<void>();
  oauth.holdMetadata(gate.promise);
  await startDue();
  await until('the engine is about to refresh', () => oauth.metadataRequests > 0);
  // So many changes that the engine looks at this entry only now and then.
  for (let change = 0; change < 20; change += 1)
    await editAsClient(a, (blob) => Object.assign(blob, { noise: change }));
  await refreshedBy(a);
  gate.resolve();
  await untilSerial(2);
  await until('locks let go', () => locksLeft().length === 0);
  expect(oauth.of('refresh-rejected')).toEqual([]);
  expect(oauth.of('refreshed')).toHaveLength(1);
});

describe('what nobody must refresh', () => {
  it('is left alone while no mission runs that has the server', async () => {
    for (const id of ['a', 'b', 'c']) world.setStopped(id);
    await startDue();
    const { global } = await world.status();
    expect(global.servers).toMatchObject([{ name: LOOP, nextRefreshAt: null }]);
    world.setRunning('b');
    await until('refreshed, now that a mission runs', () => serials()[0] === 2);
  });

  it('is left alone where the setting says so', async () => {
    world.writeSettings({ refreshAhead: false });
    await startDue();
    expect((await world.mission('a')).servers).toMatchObject([{ nextRefreshAt: null }]);
    world.writeSettings({ refreshAhead: true });
    await untilSerial(2);
  });

  it('waits while a client is at it, and looks again then', async () => {
    const lock = join(a.configDir, refreshLockName(serverKey(LOOP)));
    mkdirSync(lock);
    await startDue();
    await world.status();
    expect(oauth.tokenRequests, 'nothing was sent').toEqual([]);
    rmdirSync(lock);
    await untilSerial(2);
    expect(oauth.of('refreshed')).toHaveLength(1);
  });
});

it('a client that holds the lock for long again and again, and says another end of the token each time, does not keep it from all', async () => {
  const lock = join(a.configDir, refreshLockName(serverKey(LOOP)));
  mkdirSync(lock);
  // Not due for any client for a while yet, so that the engine does not leave it to them.
  await startDue({ expiresAt: Date.now() + 580_000 });
  let held = performance.now();
  await until(
    'refreshed for the others',
    async () => {
      if (performance.now() - held > 10_000) {
        held = performance.now();
        rmdirSync(lock);
        const value = serverIn(a, LOOP) as FakeServer;
        await putServer(a, { ...value, expiresAt: Number(value.expiresAt) + 1 });
        mkdirSync(lock);
      }
      return serialIn(oauth, places[2] as EntryRef, LOOP) === 2;
    },
    150_000,
  );
  expect(oauth.of('refreshed')).toHaveLength(1);
  rmdirSync(lock);
}, 180_000);

describe('a server of which the lock is called as another one’s', () => {
  const [FIRST, SECOND] = ['git-hub', 'git hub'];
  let slow: OAuthMcpServer;

  beforeEach(async () => {
    slow = await startOAuthMcpServer({ accessLifeSeconds: DUE_LIFE_S });
  });
  afterEach(() => slow.close());

  async function holdBoth(): Promise<void> {
    const first = signedInAt(oauth, FIRST, { expiresAt: Date.now() + 3_600_000 });
    const second = signedInAt(slow, SECOND);
    for (const place of places) {
      await putServer(place, first);
      await putServer(place, second);
    }
  }

  it('keeps nobody from refreshing that one while its own server does not answer', async () => {
    const lock = (place: EntryRef) => join(place.configDir, refreshLockName(serverKey(FIRST)));
    expect(refreshLockName(serverKey(SECOND))).toBe(refreshLockName(serverKey(FIRST)));
    const answer = Promise.withResolvers<void>();
    slow.holdTokens(answer.promise);
    await holdBoth();
    oauth.setAccessLife(LONG_LIFE_S);
    slow.setAccessLife(LONG_LIFE_S);
    await world.startEngine();
    await until('the engine waits for the slow one', () => slow.tokenRequests.length > 0);
    expect(places.filter((place) => existsSync(lock(place)))).toEqual([]);
    // Another sign-in; the engine refreshes it at half of its life.
    await putServer(a, signedInAt(oauth, FIRST, { expiresAt: Date.now() + 14_000 }));
    await untilSerialIn(oauth, places, FIRST, 3);
    answer.resolve();
    await untilSerialIn(slow, places, SECOND, 2);
    expect([oauth, slow].flatMap((each) => each.of('refresh-rejected'))).toEqual([]);
  });

  it('is left alone while a client holds that lock', async () => {
    const lock = join(a.configDir, refreshLockName(serverKey(SECOND)));
    await holdBoth();
    slow.setAccessLife(LONG_LIFE_S);
    mkdirSync(lock);
    await world.startEngine();
    await world.status();
    expect(slow.tokenRequests).toEqual([]);
    rmdirSync(lock);
    await untilSerialIn(slow, places, SECOND, 2);
  });
});

it('of the global entry alone is refreshed where a mission lives by that, and only there', async () => {
  for (const id of ['a', 'b', 'c']) world.setStopped(id);
  await putServer(world.global, signedInAt(oauth, LOOP));
  oauth.setAccessLife(LONG_LIFE_S);
  const engine = await world.startEngine();
  const [shown] = (await world.status()).global.servers;
  expect(shown?.nextRefreshAt, 'a plain claude refreshes its own').toBeNull();
  // As a wrapper says that its Claude uses the global entry.
  writeFileSync(join(world.paths.missions, 'a', 'shared-store'), `${process.ppid}\n`);
  world.setRunning('a');
  expect(await engine.waitFor('refresh')).toMatchObject({ outcome: 'refreshed' });
  expect(serialIn(oauth, world.global, LOOP)).toBe(2);
  expect(serialIn(oauth, a, LOOP), 'its own entry is left alone').not.toBe(2);
});

describe('a refresh token that was refused', () => {
  /** It lies in all entries again, beside another access token, when the next engine comes. */
  async function startAgain(expiresAt: number): Promise<void> {
    await world.killAll();
    const held = serverIn(a, LOOP) as FakeServer;
    for (const place of places)
      await putServer(place, { ...held, accessToken: fakeToken('access'), expiresAt });
    await world.startEngine();
  }
  const untilTrouble = () =>
    until('it is shown as one that needs a sign-in', async () => {
      const [shown] = (await world.mission('a')).servers;
      return shown?.refreshTrouble === 'needs-sign-in';
    });

  it('is not sent again beside an older access token', async () => {
    oauth.setTokenFault({ kind: 'status', status: 400, error: 'invalid_grant' });
    await startDue();
    await untilTrouble();
    await startAgain(Date.now() + 60_000);
    await untilTrouble();
    expect(oauth.tokenRequests).toHaveLength(1);
  });

  it('is sent again beside a later one: a client has refreshed with it since', async () => {
    oauth.setTokenFault({ kind: 'status', status: 400, error: 'invalid_grant' });
    await startDue();
    await untilTrouble();
    oauth.setTokenFault(null);
    await startAgain(Date.now() + 200_000);
    await untilSerial(2);
  });
});

describe('the snapshot', () => {
  it('says who refreshed and when, and when the engine will again', async () => {
    const engine = await startDue();
    await engine.waitFor('refresh');
    await until('the new value on show', async () => {
      const [shown] = (await world.mission('a')).servers;
      return shown?.refreshedBy === 'engine' && shown.nextRefreshAt !== null;
    });
    const [shown] = (await world.mission('a')).servers;
    const dueAt = Date.parse(shown?.nextRefreshAt ?? '');
    expect((shown?.expiresAt ?? 0) - dueAt).toBeGreaterThanOrEqual(600_000);
    expect(shown?.refreshTrouble).toBeNull();
  });

  it('says whose client brought a value', async () => {
    await startDue();
    await untilSerial(2);
    await putServer(a, signedInAt(oauth, LOOP, { expiresAt: Date.now() + 7_200_000 }));
    await until('mission a named', async () => {
      const [shown] = (await world.mission('b')).servers;
      return shown?.refreshedBy === 'a';
    });
  });
});

describe('a refresh that is refused for good', () => {
  it('blanks nothing, is never tried again, and says that a sign-in is needed', async () => {
    const value = signedInAt(oauth, LOOP);
    for (const place of places) await putServer(place, value);
    oauth.setTokenFault({ kind: 'status', status: 400, error: 'invalid_grant' });
    const engine = await world.startEngine();
    expect(await engine.waitFor('refresh')).toMatchObject({ outcome: 'rejected' });
    await engine.kill('SIGKILL');
    const next = await world.startEngine();
    expect(await next.waitFor('refresh')).toMatchObject({ outcome: 'rejected' });
    expect(oauth.tokenRequests, 'not even by the next engine').toHaveLength(1);
    for (const place of places) expect(serverIn(place, LOOP)).toEqual(value);
    expect((await world.mission('a')).servers).toMatchObject([
      { status: 'usable', refreshTrouble: 'needs-sign-in' },
    ]);
  });

  it('is forgotten with the next sign-in', async () => {
    oauth.setTokenFault({ kind: 'status', status: 400, error: 'invalid_grant' });
    const engine = await startDue();
    await engine.waitFor('refresh');
    await putServer(a, signedInAt(oauth, LOOP));
    await until('the new value on show, without trouble', async () => {
      const [shown] = (await world.mission('b')).servers;
      return shown?.refreshTrouble === null && shown.nextRefreshAt !== null;
    });
  });
});

describe('a good sign-in that was spoilt by a made-up client secret', () => {
  let good: FakeServer;
  /* Before the engine first saw it, so that the right one is what looks made up, until the user has decided. */
  beforeEach(async () => {
    await oauth.close();
    oauth = await startOAuthMcpServer({
      accessLifeSeconds: DUE_LIFE_S,
      clientAuth: 'client_secret_post',
    });
    good = signedInAt(oauth, LOOP);
    const spoilt = { ...good, clientSecret: `${MARK}made-up` };
    for (const place of places) await putServer(place, spoilt);
    oauth.setAccessLife(LONG_LIFE_S);
  });

  async function accept(): Promise<void> {
    const { id } = await world.untilAlert(/^tampering-/);
    await world.ask('resolve', { alertId: id, answer: 'accept' });
  }

  it('is refreshed again once it is right again', async () => {
    const engine = await world.startEngine();
    expect(await engine.waitFor('refresh')).toMatchObject({ detail: 'invalid_client' });
    await putServer(a, good);
    await accept();
    await untilSerial(2);
    expect(oauth.tokenRequests).toHaveLength(2);
  });

  it('is refreshed by the next engine, which does not send the spoilt one again', async () => {
    const engine = await world.startEngine();
    await engine.waitFor('refresh');
    await engine.kill('SIGKILL');
    const next = await world.startEngine();
    expect(await next.waitFor('refresh')).toMatchObject({ detail: 'it was before' });
    expect(oauth.tokenRequests).toHaveLength(1);
    await putServer(a, good);
    await accept();
    await untilSerial(2);
    expect(oauth.tokenRequests).toHaveLength(2);
  });

  it('is refreshed where the right one stands beside the servers', async () => {
    const engine = await world.startEngine();
    await engine.waitFor('refresh');
    const { clientSecret, ...bare } = good;
    await editAsClient(a, (blob) => {
      blob.mcpOAuth = { [serverKey(LOOP)]: bare as FakeServer };
      Object.assign(blob, { mcpOAuthClientConfig: { [serverKey(LOOP)]: { clientSecret } } });
    });
    await accept();
    await untilSerial(2);
  });
});

describe('a failure that may pass', () => {
  it('is tried again, with the same token, which nobody has used', async () => {
    oauth.setTokenFault({ kind: 'status', status: 503 });
    await startDue();
    await until('a first try', () => oauth.tokenRequests.length > 0);
    oauth.setTokenFault(null);
    await untilSerial(2);
    expect(oauth.of('refresh-rejected')).toEqual([]);
  });

  it('that leaves open whether the token is spent is left to the client', async () => {
    oauth.setTokenFault({ kind: 'drop', spent: true });
    const engine = await startDue();
    expect(await engine.waitFor('refresh')).toMatchObject({ outcome: 'timeout' });
    await engine.kill('SIGKILL');
    const next = await world.startEngine();
    expect(await next.waitFor('refresh')).toMatchObject({ outcome: 'timeout' });
    expect(oauth.tokenRequests).toHaveLength(1);
  });
});

describe('a token that could not be saved', () => {
  it('is not refreshed', async () => {
    const user = world.giveToNobody();
    const value = signedInAt(oauth, LOOP);
    for (const place of places) await putServer(place, value);
    world.giveToNobody();
    chmodSync(world.global.configDir, 0o500);
    const engine = world.spawnEngine(user);
    await engine.waitFor('ready');
    await world.status();
    expect(oauth.tokenRequests).toEqual([]);
    chmodSync(world.global.configDir, 0o700);
    await until('refreshed, now that it can be', () => serialIn(oauth, world.global, LOOP) === 2);
  });
});

describe('an engine that is killed in the middle of a refresh', () => {
  const SCRIPT = fileURLToPath(new URL('./refreshThatDies.ts', import.meta.url));

  async function dieAt(step: string): Promise<void> {
    const value = signedInAt(oauth, LOOP);
    for (const place of places) await putServer(place, value);
    oauth.setAccessLife(LONG_LIFE_S);
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals | null>();
    const args = [SCRIPT, serverKey(LOOP), step];
    const child = spawn(process.execPath, args, { env: world.env, stdio: 'inherit' });
    child.once('exit', (_, signal) => resolve(signal));
    expect(await promise, `the step "${step}" is reached`).toBe('SIGKILL');
  }

  it.each(['answer kept', 'global written', 'one mission written', 'all written', 'note dropped'])(
    'once the answer is kept (%s), the next one brings it everywhere',
    async (step) => {
      await dieAt(step);
      const engine = await world.startEngine();
      await untilSerial(2);
      if (step === 'answer kept')
        expect(await engine.waitFor('refresh')).toMatchObject({ outcome: 'refreshed' });
      await until('nothing left open', () => notes().length + locksLeft().length === 0);
      expect(oauth.tokenRequests, 'one refresh for one token').toHaveLength(1);
    },
  );

  it.each([
    ['intent noted', 0],
    ['answer here', 1],
  ])(
    'with a token that may be spent (%s), the next one does not send it again',
    async (step, sent) => {
      await dieAt(step);
      const engine = await world.startEngine();
      expect(await engine.waitFor('refresh')).toMatchObject({ outcome: 'timeout' });
      expect(oauth.tokenRequests).toHaveLength(sent);
      expect((await world.mission('a')).servers).toMatchObject([
        { status: 'usable', refreshTrouble: 'left-to-client' },
      ]);
      await until('no lock left', () => locksLeft().length === 0);
      // A sign-in, or a client's own refresh, makes it good again.
      await putServer(a, signedInAt(oauth, LOOP));
      await until('refreshed ahead again', async () => {
        const [shown] = (await world.mission('a')).servers;
        return shown?.refreshTrouble === null && shown.nextRefreshAt !== null;
      });
    },
  );

  it('with nothing sent, the next one refreshes', async () => {
    await dieAt('locks taken');
    await world.startEngine();
    await untilSerial(2);
    expect(oauth.tokenRequests).toHaveLength(1);
  });
});

it('new tokens that no entry can hold: told once, and not tried for ever', async () => {
  const value = signedInAt(oauth, LOOP);
  for (const place of places) await putServer(place, value);
  // As an engine of before left it, which took what the server sent as it was.
  const journal = createRefreshJournal({
    dir: world.paths.refresh,
    keys: createJournalKeys({ dir: world.paths.journal, mode: 'file' }),
    now: Date.now,
  });
  const spent = tokenDigest(value as never) ?? '';
  const tokens = { refreshToken: value.refreshToken as string, expiresAt: 1e20, scope: null };
  await journal.keep(
    { serverKey: serverKey(LOOP), name: LOOP, spent, refreshDigest: null, expiresAt: null },
    { ...tokens, accessToken: `${MARK}\ud800` },
  );
  const engine = await world.startEngine();
  const { message } = await world.untilAlert('refresh');
  expect(message).toContain(`The new tokens of "${LOOP}" are lost`);
  expect(message).toContain('sign in again');
  const [left] = (await journal.list()).open;
  expect(left, 'it is closed: there is nothing to carry').toMatchObject({ spent, state: 'sent' });
  await engine.kill('SIGTERM');
  await world.startEngine();
  expect((await world.status()).alerts).toEqual([]);
  expect(oauth.tokenRequests, 'and what may be spent is not sent again').toEqual([]);
});
