import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OddAuthorizationServer } from '../doubles/oddAuthorizationServer.ts';
import { makeCertificate, trust } from '../support/certificates.ts';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { available, readEntry } from './client.ts';
import {
  addConfigDir,
  createScene,
  LOOP,
  type Scene,
  type ServerValue,
  serverIn,
  statusIn,
} from './scene.ts';
import {
  CHANGES,
  type Change,
  discovery,
  putValue,
  startElsewhere,
  type Value,
} from './tampering.ts';

const found = await available();
/** A real client takes seconds to start where the machine is busy. */
const TIMEOUT_MS = 120_000;
const SECRET = `${MARK}secret-of-a-client-registered-by-hand`;

/** Where a value's tokens are sent, and all else but the tokens and their life. */
type Routing = Record<string, unknown>;

function routingOf(value: Record<string, unknown>): Routing {
  const { accessToken: _a, refreshToken: _r, expiresAt: _e, scope: _s, ...routing } = value;
  return routing;
}

const without = (value: Value, member: string): Value => {
  const { [member]: _, ...rest } = value;
  return rest;
};

/** What a mission might write beside tokens that it leaves as they are. */
const WRITTEN = {
  ...CHANGES,
  'the address of the server’s metadata': (value, elsewhere) =>
    discovery(value, { resourceMetadataUrl: `${elsewhere}/.well-known/oauth-protected-resource` }),
  'the issuer': (value, elsewhere) => ({ ...value, issuer: elsewhere }),
} as const satisfies Readonly<Record<string, Change>>;

/** Whether the client then sends the refresh token elsewhere. */
const LEADS_AWAY: Readonly<Record<keyof typeof WRITTEN, boolean>> = {
  'the address of the metadata': false,
  'the address of the server’s metadata': false,
  'authorization server and issuer': true,
  'authorization server, issuer taken out': true,
  'authorization server alone, spelt oddly': true,
  'metadata that are brought along': true,
  'the issuer': false,
  'the server’s own address': false,
  'the client id': false,
};

describe.skipIf(!found.ok)(
  found.ok
    ? 'where the real client sends tokens'
    : `where the real client sends tokens (skipped: ${found.reason})`,
  { timeout: TIMEOUT_MS },
  () => {
    describe.each(['http', 'https'] as const)('over %s', (protocol) => {
      let scene: Scene;
      let dir: string;
      let elsewhere: OddAuthorizationServer;
      let untrust: (() => void) | undefined;
      /** The value before and after its one sign-in, whose tokens no test uses. */
      let offered: ServerValue | undefined;
      let signedIn: ServerValue;

      beforeAll(async () => {
        const tls = protocol === 'https' ? makeCertificate() : undefined;
        untrust = tls && trust(tls);
        const env = { MCP_CLIENT_SECRET: SECRET };
        scene = await createScene(found.ok ? found.claudePath : '', { tls, env });
        elsewhere = await startElsewhere(tls);
        dir = join(scene.root, 'a');
        addConfigDir(scene, dir);
        const { exitCode, output } = await scene.claude.login(dir, LOOP, () => {
          offered = serverIn(dir)?.value;
        });
        expect(exitCode, output).toBe(0);
        signedIn = value();
      }, TIMEOUT_MS);
      afterEach(() => {
        scene.server.setSaid({});
        scene.server.setLeftOut({});
      });
      afterAll(async () => {
        untrust?.();
        await elsewhere.close();
        await scene.dispose();
      });

      function value(): ServerValue {
        const there = serverIn(dir);
        if (there === undefined) throw new Error('the server is not in the entry');
        return there.value;
      }

      /** Writes a value with tokens that are new to everybody. @returns what the client finds there */
      function put(changed: Value, { nearItsEnd = false, rejected = false }): ServerValue {
        const granted = scene.server.grant().tokens;
        if (rejected) scene.server.reject(granted.access_token);
        const expiresAt = Date.now() + (nearItsEnd ? 60_000 : 3_600_000);
        const { access_token: accessToken, refresh_token: refreshToken } = granted;
        putValue(dir, () => ({ ...changed, accessToken, refreshToken, expiresAt }));
        return value();
      }

      /** Lets the client refresh, and looks at the entry while its request is at the server, and then. */
      async function refresh(): Promise<{ during: ServerValue; after: ServerValue }> {
        const before = scene.server.tokenRequests.length;
        const gate = Promise.withResolvers<void>();
        scene.server.holdTokens(gate.promise);
        const run = statusIn(scene, dir);
        let during: ServerValue;
        try {
          const asked = () => scene.server.tokenRequests.length > before;
          await until('a refresh', asked, TIMEOUT_MS);
          during = value();
        } finally {
          gate.resolve();
          scene.server.holdTokens(null);
        }
        expect(await run).toBe('connected');
        return { during, after: value() };
      }
      const sameTokens = (one: ServerValue, other: ServerValue) =>
        one.accessToken === other.accessToken && one.refreshToken === other.refreshToken;

      it('a value says where they go before it holds any', () => {
        const { issuer, url } = scene.server;
        expect(routingOf(signedIn)).toEqual({
          serverName: LOOP,
          serverUrl: url,
          clientId: 'client-1',
          issuer,
          redirectUri: expect.stringMatching(/^http:\/\/localhost:\d+\/callback$/),
          discoveryState: {
            authorizationServerUrl: issuer,
            authServerMetadataUrl: null,
            oauthMetadataFound: true,
          },
        });
        expect(offered?.accessToken).toBe('');
        expect(routingOf(offered ?? {})).toEqual(routingOf(signedIn));
      });

      it('neither a start nor a refresh changes that, and another authorization server that is named is not followed', async () => {
        const held = put(signedIn, {});
        scene.server.setSaid({ authorizationServer: elsewhere.origin });
        expect(await statusIn(scene, dir)).toBe('connected');
        expect(value()).toEqual(held);

        put(signedIn, { nearItsEnd: true });
        scene.server.setLeftOut({ refreshToken: true, expiresIn: true });
        const { during, after } = await refresh();
        expect([during, after].map(routingOf)).toEqual([routingOf(signedIn), routingOf(signedIn)]);
        expect(after.refreshToken).toBe(during.refreshToken);
        expect([sameTokens(during, after), after.expiresAt]).toEqual([false, undefined]);
        expect(elsewhere.requests).toEqual([]);
      });

      it('under refused tokens the client notes where it was told to look, on any origin, and goes on as before', async () => {
        const held = put(signedIn, { rejected: true });
        const resourceMetadata = `${elsewhere.origin}/.well-known/oauth-protected-resource`;
        scene.server.setSaid({ resourceMetadata, authorizationServer: elsewhere.origin });
        const { during, after } = await refresh();
        const noted = discovery(routingOf(signedIn), { resourceMetadataUrl: resourceMetadata });
        expect([during, after].map(routingOf)).toEqual([noted, noted]);
        expect([sameTokens(held, during), sameTokens(during, after)]).toEqual([true, false]);
        expect(elsewhere.received).toEqual([]);
      });

      it('it adds what an older client left out: a part with a refresh, all of it under refused tokens', async () => {
        const { authServerMetadataUrl: _, ...discovered } = signedIn.discoveryState as Value;
        // So 2.1.197 writes it.
        const older = { ...without(signedIn, 'issuer'), discoveryState: discovered };
        put(older, { nearItsEnd: true });
        const { during, after } = await refresh();
        const grown = discovery(routingOf(older), { authServerMetadataUrl: null });
        expect([during, after].map(routingOf)).toEqual([routingOf(older), grown]);

        // It takes the metadata's word, even for an issuer on another origin.
        scene.server.setSaid({ issuer: elsewhere.origin });
        const held = put(older, { rejected: true });
        const refused = await refresh();
        expect(sameTokens(held, refused.during)).toBe(true);
        expect(routingOf(refused.during)).toMatchObject({
          ...grown,
          issuer: elsewhere.origin,
          clientId: signedIn.clientId,
        });
        expect(elsewhere.received).toEqual([]);
      });

      it('it registers anew under refused tokens if the authorization server has another name', async () => {
        const issuer = `${scene.server.issuer}/tenant`;
        scene.server.setSaid({ issuer });
        const held = put(signedIn, { rejected: true });
        const { during } = await refresh();
        expect(sameTokens(held, during)).toBe(true);
        expect([during.clientId === held.clientId, during.issuer]).toEqual([false, issuer]);
        expect((during.discoveryState as Value).authorizationServerUrl).toBe(scene.server.issuer);
        expect(scene.server.tokenRequests.at(-1)?.clientId).toBe(during.clientId);
      });

      it.each(Object.entries(LEADS_AWAY))(
        'beside the same tokens %s: is the token sent elsewhere? %s',
        async (what, goesElsewhere) => {
          const change: Change = WRITTEN[what as keyof typeof WRITTEN];
          const [asked, got] = [scene.server.tokenRequests.length, elsewhere.received.length];
          const { refreshToken } = put(change(signedIn, elsewhere.origin), { nearItsEnd: true });
          await statusIn(scene, dir);
          const stolen = elsewhere.received.slice(got);
          const refreshes = scene.server.tokenRequests.length - asked;
          expect([stolen.length > 0, refreshes > 0]).toEqual([goesElsewhere, !goesElsewhere]);
          expect(stolen.filter((request) => !request.includes(refreshToken ?? ''))).toEqual([]);
        },
      );

      it('the secret of a client registered by hand lies beside the value and, from the first look on, in it', async () => {
        const other = join(scene.root, 'by-hand');
        const byHand = ['--client-id', 'by-hand', '--client-secret'];
        await scene.claude.addServer(other, LOOP, scene.server.url, byHand);
        const secrets = readEntry(other)?.mcpOAuthClientConfig as Value;
        expect(Object.values(secrets)).toEqual([{ clientSecret: SECRET }]);
        expect(await statusIn(scene, other)).toBe('needs-sign-in');
        expect(serverIn(other)).toMatchObject({
          key: Object.keys(secrets)[0],
          value: { clientId: 'by-hand', clientSecret: SECRET, accessToken: '' },
        });
        expect(readEntry(other)?.mcpOAuthClientConfig).toEqual(secrets);
      });
    });
  },
);
