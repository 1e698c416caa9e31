import { describe, expect, it, onTestFinished } from 'vitest';
import type { Entry } from '../../main/credentials/entry.ts';
import { createOAuthRefresher } from '../../main/refresh/oauthRefresh.ts';
import { type RefreshOrder, refreshOrder, withTokens } from '../../main/refresh/refreshOrder.ts';
import type { RefreshAnswer } from '../../main/refresh/tokenAnswer.ts';
import {
  type OAuthMcpServer,
  type OAuthMcpServerOptions,
  startOAuthMcpServer,
} from '../doubles/oauthMcpServer.ts';
import { MARK, serverKey } from '../support/fake.ts';
import { signedInAt } from '../support/oauthScene.ts';

const KEY = serverKey('loop');

async function serve(options: OAuthMcpServerOptions = {}): Promise<OAuthMcpServer> {
  const server = await startOAuthMcpServer(options);
  onTestFinished(() => server.close());
  return server;
}

function orderOf(value: Record<string, unknown>, rest: object = {}): RefreshOrder {
  const order = refreshOrder({ mcpOAuth: { [KEY]: value }, ...rest } as Entry, KEY);
  if (order === null) throw new Error('the value says all that a refresh needs');
  return order;
}

const refresherOf = (options = {}) => createOAuthRefresher({ now: () => 1_000_000, ...options });

/** Both halves of a refresh, as the lease asks for them. */
async function ask(order: RefreshOrder, refresher = refresherOf()): Promise<RefreshAnswer> {
  const endpoint = await refresher.discover(order);
  return endpoint.status === 'found' ? refresher.refresh(order, endpoint) : endpoint;
}

describe('a refresh', () => {
  it.each(['none', 'client_secret_basic', 'client_secret_post'] as const)(
    'shows who it is as it was registered (%s), and names the resource as the client does',
    async (clientAuth) => {
      const oauth = await serve({ clientAuth });
      const order = orderOf(signedInAt(oauth, 'loop'));
      const answer = await ask(order);
      expect(answer.status).toBe('issued');
      expect(oauth.tokenRequests).toMatchObject([
        { grantType: 'refresh_token', auth: clientAuth, resource: oauth.url, clientId: 'client-1' },
      ]);
    },
  );

  it('takes the secret of a client that was registered by hand from beside the servers', async () => {
    const oauth = await serve({ clientAuth: 'client_secret_post' });
    const { clientSecret, ...value } = signedInAt(oauth, 'loop');
    const order = orderOf(value, { mcpOAuthClientConfig: { [KEY]: { clientSecret } } });
    expect((await ask(order)).status).toBe('issued');
  });

  it('keeps what the server does not say again, and what else the value holds', async () => {
    const oauth = await serve();
    const value = signedInAt(oauth, 'loop', { note: 1 });
    oauth.setLeftOut({ refreshToken: true, expiresIn: true });
    const answer = await ask(orderOf(value));
    if (answer.status !== 'issued') throw new Error(answer.status);
    const after = withTokens(value as never, answer.tokens);
    expect(after).toMatchObject({ refreshToken: value.refreshToken, scope: 'mcp', note: 1 });
    expect(after, 'as the client: no word on its life, no expiresAt').not.toHaveProperty(
      'expiresAt',
    );
  });

  it('counts the life of a token in ms from the moment it came', async () => {
    const oauth = await serve({ accessLifeSeconds: 60 });
    const answer = await ask(orderOf(signedInAt(oauth, 'loop')));
    expect(answer).toMatchObject({ tokens: { expiresAt: 1_060_000 } });
  });
});

describe('an ailing token endpoint', () => {
  it.each([
    ['invalid_grant', { status: 400, error: 'invalid_grant' }, 'refused'],
    ['invalid_client', { status: 401, error: 'invalid_client' }, 'refused'],
    ['unauthorized_client', { status: 400, error: 'unauthorized_client' }, 'refused'],
    ['429', { status: 429, retryAfter: '7' }, 'failed'],
    ['503', { status: 503 }, 'failed'],
    ['a gateway that gave up', { status: 504 }, 'unsure'],
    ['403 without a word of OAuth', { status: 403 }, 'unfit'],
    ['invalid_scope', { status: 400, error: 'invalid_scope' }, 'unfit'],
  ] as const)('%s: %o is %s', async (_, fault, expected) => {
    const oauth = await serve();
    const order = orderOf(signedInAt(oauth, 'loop'));
    oauth.setTokenFault({ kind: 'status', ...fault });
    const answer = await ask(order);
    expect(answer.status).toBe(expected);
    expect(oauth.tokenRequests).toHaveLength(1);
    if ('retryAfter' in fault) expect(answer).toMatchObject({ retryAfterMs: 7_000 });
  });

  it.each([
    ['a connection that breaks', { kind: 'drop', spent: true }],
    ['no answer in time', { kind: 'silence', spent: true }],
    ['an answer without an end', { kind: 'huge', bytes: 300_000 }],
  ] as const)('%s leaves it open whether the token is spent', async (_, fault) => {
    const oauth = await serve();
    const order = orderOf(signedInAt(oauth, 'loop'));
    oauth.setTokenFault(fault);
    const answer = await ask(order, refresherOf({ discoverLimitMs: 1_000, refreshLimitMs: 1_000 }));
    expect(answer.status).toBe('unsure');
    expect(JSON.stringify(answer)).not.toContain(MARK);
  });

  it('that leads elsewhere is not followed: the token goes nowhere else', async () => {
    const [oauth, other] = [await serve(), await serve()];
    const order = orderOf(signedInAt(oauth, 'loop'));
    oauth.setTokenFault({ kind: 'redirect', to: `${other.issuer}/token` });
    expect((await ask(order)).status).toBe('unfit');
    expect(other.tokenRequests).toEqual([]);
  });

  it('that is not there: the token was not sent', async () => {
    const oauth = await serve();
    const order = orderOf(signedInAt(oauth, 'loop'));
    const refresher = refresherOf();
    const endpoint = await refresher.discover(order);
    await oauth.close();
    if (endpoint.status !== 'found') throw new Error(endpoint.status);
    expect((await refresher.refresh(order, endpoint)).status).toBe('failed');
    expect((await refresher.discover(order)).status).toBe('failed');
  });
});

describe('where a refresh token may go', () => {
  it.each([
    ['plain http', 'http://as.example.test'],
    ['a name that only looks like this machine', 'http://127.0.0.1.example.test'],
  ])('not to %s', async (_, authorizationServerUrl) => {
    const oauth = await serve();
    const value = signedInAt(oauth, 'loop', {
      discoveryState: { authorizationServerUrl },
      issuer: authorizationServerUrl,
    });
    expect((await ask(orderOf(value))).status).toBe('unfit');
  });

  it('not to a token endpoint of plain http that the metadata names', async () => {
    const oauth = await serve({ tokenEndpoint: 'http://as.example.test/token' });
    expect((await ask(orderOf(signedInAt(oauth, 'loop')))).status).toBe('unfit');
  });

  it('not to a server that did not issue it', async () => {
    const oauth = await serve();
    const value = signedInAt(oauth, 'loop', { issuer: 'https://other.example.test' });
    expect(refreshOrder({ mcpOAuth: { [KEY]: value } } as Entry, KEY)).toBeNull();
  });
});
