import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followSnapshots } from '../../main/service/client.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { editAsClient, entryFile, readBlob, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, fakeEntry, fakeServer, fakeToken, serverKey } from '../support/fake.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const login = () => ({ accessToken: fakeToken('login'), refreshToken: fakeToken('login-refresh') });

describe("Claude's own login", () => {
  it('is neither carried up nor down while missions run', async () => {
    mkdirSync(dirname(world.paths.oauthToken), { recursive: true });
    writeFileSync(world.paths.oauthToken, fakeToken('oauth'), { mode: 0o600 });
    const mine = login();
    const fresh = login();
    const a = world.addMission('a', { entry: fakeEntry([], { claudeAiOauth: mine }) });
    const b = world.addMission('b');
    await world.startEngine();
    await editAsClient(world.global, (blob) => {
      blob.claudeAiOauth = fresh;
      blob.trustedDeviceToken = 'global-device';
    });
    await world.untilHeld(await signIn(a, 'loop'));
    expect(readBlob(world.global).claudeAiOauth, 'a stale login must not go up').toEqual(fresh);
    expect(readBlob(a).claudeAiOauth, 'the mission keeps its own login').toEqual(mine);
    expect(readBlob(b)).not.toHaveProperty('claudeAiOauth');
    expect(readBlob(b)).not.toHaveProperty('trustedDeviceToken');
    expect((await world.status()).missions.every(({ inSync }) => inSync)).toBe(true);
  });

  it('is cloned at spawn where there is no OAuth token file', async () => {
    const fresh = login();
    await editAsClient(world.global, (blob) => {
      blob.claudeAiOauth = fresh;
    });
    const a = world.addMission('a', { running: false });
    await world.startEngine();
    world.setRunning('a');
    await until('the login cloned into the mission', () => 'claudeAiOauth' in readBlob(a));
    expect(readBlob(a).claudeAiOauth).toEqual(fresh);
  });

  it('is not cloned at spawn where there is an OAuth token file', async () => {
    mkdirSync(dirname(world.paths.oauthToken), { recursive: true });
    writeFileSync(world.paths.oauthToken, fakeToken('oauth'), { mode: 0o600 });
    await editAsClient(world.global, (blob) => {
      blob.claudeAiOauth = login();
    });
    const server = await signIn(world.global, 'loop');
    const a = world.addMission('a', { running: false });
    await world.startEngine();
    world.setRunning('a');
    await world.untilHeld(server, [a]);
    expect(readBlob(a)).not.toHaveProperty('claudeAiOauth');
  });

  it('follows the setting syncClaudeLogin in both directions', async () => {
    world.writeSettings({ syncClaudeLogin: true });
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const fresh = login();
    await editAsClient(a, (blob) => {
      blob.claudeAiOauth = fresh;
    });
    await until('the login in every entry', () =>
      [world.global, b].every((place) => 'claudeAiOauth' in readBlob(place)),
    );
    expect(readBlob(b).claudeAiOauth).toEqual(fresh);
  });
});

describe('what else an entry holds', () => {
  it('keeps what is not MCP’s in the entry that has it, untouched, and carries it nowhere', async () => {
    const strange = { nested: [1, { 'ke/y~': null }], text: 'ünïcødé \u{1f511}' };
    const a = world.addMission('a', { entry: fakeEntry([], { fromTheFuture: strange }) });
    const b = world.addMission('b', { entry: fakeEntry([], { onlyHere: true }) });
    await world.startEngine();
    await world.untilHeld(await signIn(b, 'loop'));
    await world.status();
    expect(readBlob(a)).toMatchObject({ fromTheFuture: strange });
    expect(readBlob(b)).toMatchObject({ onlyHere: true });
    expect(readBlob(a)).not.toHaveProperty('onlyHere');
    expect(Object.keys(readBlob(world.global))).toEqual(['mcpOAuth']);
  });

  it('carries sub-keys of mcpOAuthClientConfig and pluginSecrets one by one', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await engine.pause();
    await editAsClient(a, (blob) => {
      blob.mcpOAuthClientConfig = { first: { clientSecret: fakeToken('client') } };
      blob.pluginSecrets = { one: { key: fakeToken('plugin') } };
    });
    await editAsClient(b, (blob) => {
      blob.mcpOAuthClientConfig = { second: { clientSecret: fakeToken('client') } };
      blob.pluginSecrets = { two: { key: fakeToken('plugin') } };
    });
    engine.goOn();
    await until('both sub-keys of both maps in every entry', () =>
      [world.global, a, b].every((place) => {
        const { mcpOAuthClientConfig, pluginSecrets } = readBlob(place);
        return (
          Object.keys(mcpOAuthClientConfig ?? {}).length === 2 &&
          Object.keys(pluginSecrets ?? {}).length === 2
        );
      }),
    );
  });

  it('writes every entry for its user alone (0600)', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    for (const place of [world.global, b])
      expect(statSync(entryFile(place)).mode & 0o777).toBe(0o600);
  });
});

describe("the client's note that a server wants a sign-in", () => {
  const note = (id: string): string => join(world.ref(id).configDir, 'mcp-needs-auth-cache.json');

  it('loses its line once the sign-in has come from elsewhere', async () => {
    const [a] = world.addMissions('a', 'b');
    writeFileSync(note('b'), JSON.stringify({ loop: { timestamp: 1 }, other: { timestamp: 2 } }));
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await until('the line of "loop" gone', () => !readFileSync(note('b'), 'utf8').includes('loop'));
    expect(JSON.parse(readFileSync(note('b'), 'utf8'))).toEqual({ other: { timestamp: 2 } });
    expect(existsSync(note('a')), 'no note is made where there was none').toBe(false);
  });

  it('loses its line at a clone too', async () => {
    const server = await signIn(world.global, 'loop');
    const b = world.addMission('b', { running: false });
    writeFileSync(note('b'), JSON.stringify({ loop: { timestamp: Date.now() } }));
    await world.startEngine();
    world.setRunning('b');
    await world.untilHeld(server, [b]);
    await until('the line of "loop" gone', () => readFileSync(note('b'), 'utf8') === '{}');
  });

  it('that is damaged is left alone and stops nothing', async () => {
    const [a] = world.addMissions('a', 'b');
    writeFileSync(note('b'), '{"loop":');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    expect(readFileSync(note('b'), 'utf8')).toBe('{"loop":');
  });
});

describe('a sign-in that nothing renews', () => {
  /** Signs in to a server that issues no refresh tokens. */
  async function signInUntil(place: EntryRef, expiresAt: number): Promise<FakeServer> {
    const { refreshToken: _, ...server } = fakeServer('loop', { expiresAt });
    await editAsClient(place, (blob) => {
      blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey('loop')]: server };
    });
    return server;
  }

  it('is no sign-in once it is over: it replaces nobody’s, and a new one is asked for', async () => {
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const good = await signIn(a, 'loop');
    await world.untilHeld(good);
    const over = await signInUntil(b, Date.now() - 1);
    const later = await signIn(a, 'later');
    await world.untilHeld(later);
    await world.untilHeld(good, [world.global, a]);
    await world.untilHeld(over, [b]);
    const stateIn = (servers: readonly { name: string; status: string }[] | undefined) =>
      servers?.find(({ name }) => name === 'loop')?.status;
    const { global, missions } = await world.status();
    expect(stateIn(global.servers)).toBe('usable');
    expect(stateIn(missions.find(({ id }) => id === 'b')?.servers)).toBe('ended');
    expect((await world.run(['status'])).stdout).toContain('loop (ended, needs sign-in)');
    await world.ask('resync', {});
    await world.untilHeld(good);
  });

  it('is said to be over in the moment it is, though nobody writes anything', async () => {
    const a = world.addMission('a');
    await world.startEngine();
    const ends = Date.now() + 1_500;
    await world.untilHeld(await signInUntil(a, ends));
    const states = new Set<string>();
    for await (const { snapshot } of await followSnapshots(
      world.paths.engineSocket,
      new AbortController().signal,
    )) {
      for (const { status } of snapshot.global.servers) states.add(status);
      if (states.has('ended')) break;
    }
    expect(Date.now()).toBeGreaterThanOrEqual(ends);
    expect(states).toContain('ended');
  });
});
