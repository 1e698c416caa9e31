import { describe, expect, it, onTestFinished } from 'vitest';
import type { Entry } from '../../main/credentials/entry.ts';
import { createOAuthRefresher } from '../../main/refresh/oauthRefresh.ts';
import { type RefreshOrder, refreshOrder } from '../../main/refresh/refreshOrder.ts';
import {
  type Answers,
  type Asked,
  json,
  metadataOf,
  type OddAuthorizationServer,
  redirect,
  startOddAuthorizationServer,
  tokensWith,
} from '../doubles/oddAuthorizationServer.ts';
import { fakeServer, MARK, serverKey } from '../support/fake.ts';

const KEY = serverKey('bank');
const WELL_KNOWN = '/.well-known/oauth-authorization-server';

/** What OpenID Connect Discovery asks for beside RFC 8414. */
const OPENID = {
  jwks_uri: 'https://bank.example.test/keys',
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
};

async function serve(answers: Answers): Promise<OddAuthorizationServer> {
  const server = await startOddAuthorizationServer(answers);
  onTestFinished(() => server.close());
  return server;
}

/** Honest but for what `odd` answers; that is asked first. */
const serving = (odd: (asked: Asked) => boolean) =>
  serve((asked) => {
    if (odd(asked)) return;
    const { method, path, origin, response } = asked;
    if (method === 'POST') json(response, 200, tokensWith());
    else if (path === WELL_KNOWN) json(response, 200, metadataOf(origin));
    else json(response, 404, { error: 'not_found' });
  });
const honest = () => serving(() => false);
/** Has metadata at `path` only: what `body` makes of the origin. */
const showing = (at: string, body: (origin: string) => object) =>
  serving(({ method, path, origin, response }) => {
    if (method === 'POST') return false;
    if (path === at) json(response, 200, body(origin));
    else json(response, 404, {});
    return true;
  });

/** As the client keeps it after a sign-in at that issuer, with whatever a mission wrote over it. */
function orderAt(issuer: string, discovery: object = {}, value: object = {}): RefreshOrder {
  const entry = {
    mcpOAuth: {
      [KEY]: fakeServer('bank', {
        issuer,
        discoveryState: {
          authorizationServerUrl: issuer,
          oauthMetadataFound: true,
          authServerMetadataUrl: null,
          ...discovery,
        },
        ...value,
      }),
    },
  };
  const order = refreshOrder(entry as unknown as Entry, KEY);
  if (order === null) throw new Error('the value says all that a refresh needs');
  return order;
}

async function ask(order: RefreshOrder) {
  const refresher = createOAuthRefresher({ now: () => 1_000_000 });
  const endpoint = await refresher.discover(order);
  return endpoint.status === 'found' ? refresher.refresh(order, endpoint) : endpoint;
}

describe('where a refresh token goes', () => {
  it.each([
    ['and calls itself that of the real one', true],
    ['and calls itself what it is', false],
  ])('is not told by metadata elsewhere that a mission named, %s', async (_, lies) => {
    const bank = await honest();
    const thief = await serving(({ method, response, origin }) => {
      if (method === 'POST') return false;
      json(response, 200, metadataOf(origin, { issuer: lies ? bank.origin : origin }));
      return true;
    });
    const order = orderAt(bank.origin, { authServerMetadataUrl: `${thief.origin}${WELL_KNOWN}` });
    expect((await ask(order)).status).toBe('issued');
    expect(thief.requests, 'nobody even asks there').toEqual([]);
    expect(bank.received).toHaveLength(1);
  });

  it('is not looked for where metadata elsewhere is all that there is', async () => {
    const bank = await serving(({ path, response }) => {
      if (path === WELL_KNOWN) json(response, 404, {});
      return path === WELL_KNOWN;
    });
    const thief = await honest();
    const order = orderAt(bank.origin, { authServerMetadataUrl: `${thief.origin}${WELL_KNOWN}` });
    const answer = await ask(order);
    expect(answer).toMatchObject({ status: 'unfit' });
    expect(answer).toHaveProperty('detail', expect.stringContaining(thief.origin));
    expect([...thief.requests, ...bank.received]).toEqual([]);
  });

  it.each([
    ['another server', () => 'https://other.example.test'],
    ['another tenant of the same server', (origin: string) => `${origin}/realms/thief`],
    ['nobody', () => 'no address'],
  ])('is not told by metadata that is that of %s', async (_, issuer) => {
    const bank = await showing('/meta', (origin) => metadataOf(origin, { issuer: issuer(origin) }));
    const order = orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}/meta` });
    const answer = await ask(order);
    expect(answer.status).toBe('unfit');
    expect(answer).toHaveProperty('detail', expect.stringContaining(bank.origin));
    expect(bank.received).toEqual([]);
  });

  it.each([
    ['a page of somebody at the same origin', '/user/evil/meta', {}],
    ['a tenant of the same origin', '/user/evil/.well-known/openid-configuration', 'tenant'],
  ])('is not told to be elsewhere by %s', async (_, path, from) => {
    const thief = await honest();
    const isTenant = from === 'tenant';
    const bank = await showing(path, (origin) =>
      metadataOf(origin, {
        ...(isTenant && { issuer: `${origin}/user/evil`, ...OPENID }),
        token_endpoint: `${thief.origin}/token`,
      }),
    );
    const order = isTenant
      ? orderAt(`${bank.origin}/user/evil`)
      : orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}${path}` });
    expect(await ask(order)).toMatchObject({ status: 'unfit' });
    expect([...thief.requests, ...bank.received]).toEqual([]);
  });

  it('is found though a mission noted an address where no metadata is', async () => {
    const bank = await honest();
    const order = orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}/nothing/here` });
    expect((await ask(order)).status).toBe('issued');
    expect(bank.received).toHaveLength(1);
  });

  it('is told with both addresses where the metadata is that of another server', async () => {
    const bank = await showing('/meta', (origin) =>
      metadataOf(origin, { issuer: 'https://other.example.test/x?y' }),
    );
    const answer = await ask(
      orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}/meta` }),
    );
    const detail = `the metadata of ${bank.origin} is that of https://other.example.test`;
    expect(answer).toEqual({ status: 'unfit', detail });
  });

  it.each([301, 302, 303, 307, 308])(
    'is not told by another server that the metadata leads to (%i)',
    async (status) => {
      const thief = await honest();
      const bank = await serving(({ method, response }) => {
        if (method !== 'POST') redirect(response, status, `${thief.origin}${WELL_KNOWN}`);
        return method !== 'POST';
      });
      expect((await ask(orderAt(bank.origin))).status).toBe('failed');
      const named = orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}${WELL_KNOWN}` });
      expect((await ask(named)).status).toBe('failed');
      expect([...thief.requests, ...bank.received]).toEqual([]);
    },
  );

  it('is not an address with a name in it, and nothing is sent before that is known', async () => {
    const bank = await showing('/meta', (origin) =>
      metadataOf(origin, { token_endpoint: `${origin.replace('//', '//me:word@')}/token` }),
    );
    const answer = await ask(
      orderAt(bank.origin, { authServerMetadataUrl: `${bank.origin}/meta` }),
    );
    expect(answer.status).toBe('unfit');
    expect(answer).not.toHaveProperty('detail', expect.stringContaining('word'));
    expect(bank.received).toEqual([]);
    const named = orderAt(bank.origin.replace('//', '//me:word@'));
    expect((await ask(named)).status).toBe('unfit');
  });

  it.each([307, 308, 301, 302, 303])(
    'is one place, once: what the token endpoint leads to is not followed (%i)',
    async (status) => {
      const bank = await serving(({ method, response, origin }) => {
        if (method === 'POST') redirect(response, status, `${origin}/token`);
        return method === 'POST';
      });
      const answer = await ask(orderAt(bank.origin));
      // 307 and 308 say that nothing was done; after the others the token may be spent.
      expect(answer.status).toBe(status >= 307 ? 'unfit' : 'unsure');
      expect(bank.received).toHaveLength(1);
      expect(bank.requests.filter((each) => each.endsWith('/token'))).toEqual(['POST /token']);
    },
  );

  it('is known before anything is sent, and how the client will show who it is', async () => {
    const bank = await serving(({ path, response, origin }) => {
      const more = {
        token_endpoint: 'https://tokens.example.test/token',
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      };
      if (path === WELL_KNOWN) json(response, 200, metadataOf(origin, more));
      return path === WELL_KNOWN;
    });
    const refresher = createOAuthRefresher({ now: Date.now });
    const order = orderAt(bank.origin, {}, { clientSecret: `${MARK}client` });
    expect(await refresher.discover(order)).toMatchObject({
      status: 'found',
      tokenOrigin: 'https://tokens.example.test',
      authMethod: 'client_secret_post',
    });
    const open = await refresher.discover(orderAt(bank.origin));
    expect(open).toMatchObject({ authMethod: 'none' });
  });

  it('is the very origin that was found, whatever the metadata says by then', async () => {
    const [bank, thief] = [await honest(), await honest()];
    const refresher = createOAuthRefresher({ now: Date.now });
    const order = orderAt(bank.origin);
    const found = await refresher.discover(order);
    if (found.status !== 'found' || found.metadata === undefined) throw new Error(found.status);
    const metadata = { ...found.metadata, token_endpoint: `${thief.origin}/token` };
    expect((await refresher.refresh(order, { ...found, metadata })).status).toBe('failed');
    expect([...thief.received, ...bank.received]).toEqual([]);
  });
});

describe('an honest authorization server', () => {
  const oidc = (issuer: string) => ({
    jwks_uri: `${issuer}/jwks`,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  it.each([
    ['at its root', '', WELL_KNOWN, ''],
    ['with a path (RFC 8414, 3.1)', '/github', `${WELL_KNOWN}/github`, '/github'],
    [
      'of Keycloak, with a path',
      '/realms/x',
      '/realms/x/.well-known/openid-configuration',
      '/realms/x',
    ],
    ['with OpenID metadata before its path', '/t', '/.well-known/openid-configuration/t', '/t'],
    ['that ends its issuer in a slash, as JumpCloud does', '', WELL_KNOWN, '/'],
    ['that does not where its resource does, as Google does', '/', WELL_KNOWN, ''],
    ['with a path, and a slash at the end of it', '/t', `${WELL_KNOWN}/t`, '/t/'],
  ])('%s is asked', async (_, named, path, issuer) => {
    const server = await showing(path, (origin) =>
      metadataOf(origin, { issuer: `${origin}${issuer}`, ...oidc(origin) }),
    );
    expect((await ask(orderAt(`${server.origin}${named}`))).status).toBe('issued');
  });

  it('that spells its host in capitals is asked', async () => {
    const server = await honest();
    const order = orderAt(server.origin, {}, { issuer: server.origin.replace('http:', 'HTTP:') });
    expect((await ask(order)).status).toBe('issued');
  });

  it.each([
    ['that the entry names', true],
    ['that RFC 8414 names', false],
  ])('whose metadata moved within its origin is asked: %s', async (_, isNamed) => {
    const server = await serving(({ path, response, origin }) => {
      if (path === WELL_KNOWN) redirect(response, 302, '/moved');
      else if (path === '/moved') redirect(response, 307, `${origin}/moved/again`);
      else if (path === '/moved/again') json(response, 200, metadataOf(origin));
      else return false;
      return true;
    });
    const authServerMetadataUrl = isNamed ? `${server.origin}${WELL_KNOWN}` : null;
    expect((await ask(orderAt(server.origin, { authServerMetadataUrl }))).status).toBe('issued');
  });

  it('whose metadata leads round in a circle is left after a few steps', async () => {
    const server = await serving(({ method, response }) => {
      if (method === 'GET') redirect(response, 302, WELL_KNOWN);
      return method === 'GET';
    });
    const authServerMetadataUrl = `${server.origin}${WELL_KNOWN}`;
    expect((await ask(orderAt(server.origin, { authServerMetadataUrl }))).status).toBe('failed');
    expect(server.requests).toHaveLength(6);
  });

  it('that never had metadata is asked at its /token', async () => {
    const server = await serving(({ method, response }) => {
      if (method === 'GET') json(response, 404, {});
      return method === 'GET';
    });
    expect((await ask(orderAt(server.origin, { oauthMetadataFound: false }))).status).toBe(
      'issued',
    );
    expect(server.requests.at(-1)).toBe('POST /token');
  });
});

it('a client secret that no header can hold: nothing is sent, and it is not called spent', async () => {
  const server = await honest();
  const order = orderAt(server.origin, {}, { clientSecret: `${MARK}\u0142` });
  const answer = await ask(order);
  expect(answer.status).toBe('unfit');
  expect(JSON.stringify(answer)).not.toContain(MARK);
  expect(server.received).toEqual([]);
});
