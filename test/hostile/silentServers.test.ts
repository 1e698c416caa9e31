import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { editAsClient } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { type FakeServer, fakeServer, serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';

/* 120 authorization servers, each on an origin of its own, take every connection and never answer. */

const SILENT = 120;
const HONEST = 'payroll';
/** The shortest lives of which the engine refreshes at half: 120 of these are due in the same moment, before the honest one. */
const SILENT_LIFE_MS = 12_000;
const HONEST_LIFE_MS = 20_000;

let world: World;
let bank: OAuthMcpServer;
let honest: EntryRef;
let intruder: EntryRef;
let silent: readonly SilentServer[];

beforeEach(async () => {
  world = makeWorld();
  [honest, intruder] = world.addMissions('honest', 'intruder');
  bank = await startOAuthMcpServer();
  silent = await Promise.all(Array.from({ length: SILENT }, startSilent));
});
afterEach(async () => {
  for (const server of silent) server.close();
  await world.cleanup();
  await bank.close();
});

describe('120 servers that never answer do not let an honest sign-in run out', () => {
  it('that another mission brings', async () => {
    await world.startEngine();
    await bring(silent);
    const expiresAt = Date.now() + HONEST_LIFE_MS;
    await putServer(honest, signedInAt(bank, HONEST, { expiresAt }));
    await untilRefreshed(expiresAt);
  });

  it('right after a start, when nobody knows who brought what', async () => {
    const expiresAt = Date.now() + HONEST_LIFE_MS;
    const value = signedInAt(bank, HONEST, { expiresAt });
    for (const place of [honest, intruder, world.global]) {
      await bring(silent, place);
      await putServer(place, value);
    }
    await world.startEngine();
    await untilRefreshed(expiresAt);
  });

  it('while each is written anew as soon as it is asked', async () => {
    await world.startEngine();
    const expiresAt = Date.now() + HONEST_LIFE_MS;
    let stop = false;
    const rewriting = (async () => {
      const seen = new Map<SilentServer, number>();
      for (let next = silent; !stop; ) {
        await bring(next);
        for (const server of next) seen.set(server, server.asked());
        const isNew = (server: SilentServer) => server.asked() > (seen.get(server) ?? 0);
        await until('asked again', () => stop || silent.some(isNew));
        next = silent.filter(isNew);
      }
    })();
    await putServer(honest, signedInAt(bank, HONEST, { expiresAt }));
    await untilRefreshed(expiresAt).finally(() => {
      stop = true;
    });
    await rewriting;
  });
});

async function untilRefreshed(expiresAt: number): Promise<void> {
  const first = serialIn(bank, honest, HONEST);
  await until(
    () => `refreshed in time; the others were asked ${asked()} times`,
    () => bank.of('refreshed').length > 0 && serialIn(bank, honest, HONEST) !== first,
    expiresAt - Date.now(),
  );
  await until('the others were asked, too', () => asked() > 0);
  expect(bank.of('refresh-rejected')).toEqual([]);
}

const asked = (): number => silent.reduce((sum, server) => sum + server.asked(), 0);

/** Signs a mission in to all of these at once. */
function bring(servers: readonly SilentServer[], place: EntryRef = intruder): Promise<unknown> {
  const expiresAt = Date.now() + SILENT_LIFE_MS;
  const values = servers.map(({ signedIn }) => ({ ...signedIn, expiresAt }));
  return editAsClient(place, (blob) => {
    const keyed = values.map((value) => [serverKey(value.serverName), value]);
    blob.mcpOAuth = { ...blob.mcpOAuth, ...Object.fromEntries(keyed) };
  });
}

interface SilentServer {
  readonly signedIn: FakeServer;
  /** So many times yet. */
  asked(): number;
  close(): void;
}

async function startSilent(_: unknown, index: number): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    // Whoever asked has given up.
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const discoveryState = { authorizationServerUrl: origin, oauthMetadataFound: true };
  const serverUrl = `${origin}/mcp`;
  return {
    signedIn: fakeServer(`silent-${index}`, { serverUrl, discoveryState, issuer: origin }),
    asked: () => sockets.size,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
