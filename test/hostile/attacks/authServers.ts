import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type FakeServer, fakeToken } from '../../support/fake.ts';
import { metadata } from '../thief.ts';

/** What an authorization server may answer that honest missions are signed in to. */
export interface Shady {
  readonly id: string;
  readonly title: string;
  /** Answers where its metadata are asked for; as it should, if left out. */
  metadata?(response: ServerResponse, origin: string, thief: string, refreshes: number): void;
  /** Answers the refresh; with new tokens, if left out. */
  token?(response: ServerResponse, thief: string, form: string): void;
  /** The refresh token that everyone then holds is still the one that was there. */
  readonly keepsToken?: boolean;
}

const issued = (overrides: object = {}): string =>
  JSON.stringify({
    access_token: fakeToken('access'),
    refresh_token: fakeToken('refresh'),
    token_type: 'Bearer',
    expires_in: 3_600,
    ...overrides,
  });

const expiring = (id: string, expiresIn: string): Shady => ({
  id: `expires-in-${id}`,
  title: `An authorization server says that a token lives ${expiresIn} seconds`,
  token: (response) => response.end(issued({ expires_in: 7 }).replace(':7}', `:${expiresIn}}`)),
});

/** Asked once by each of two engines. */
export const MOVING = 'endpoint-moves';

export const shadyServers: readonly Shady[] = [
  {
    id: 'other-issuer',
    title: 'An authorization server’s metadata name another issuer',
    metadata: (response, origin, thief) =>
      response.end(JSON.stringify(metadata(thief, origin, `${thief}/token`))),
    keepsToken: true,
  },
  {
    id: MOVING,
    title:
      'An authorization server moves the place that tokens are sent to, once there was a refresh',
    metadata(response, origin, thief, refreshes) {
      const to = refreshes === 0 ? `${origin}/token` : `${thief}/token`;
      response.end(JSON.stringify(metadata(origin, origin, to)));
    },
    // Due as soon as the next engine finds it.
    token: (response) => response.end(issued({ expires_in: 120 })),
  },
  {
    id: 'metadata-redirect',
    title: 'An authorization server has its metadata looked up elsewhere',
    metadata: (response, _, thief) =>
      response.writeHead(302, { location: `${thief}/.well-known/x` }).end(),
    keepsToken: true,
  },
  ...[301, 302, 303, 307, 308].map(
    (status): Shady => ({
      id: `token-redirect-${status}`,
      title: `An authorization server redirects the refresh token elsewhere (${status})`,
      token: (response, thief) => response.writeHead(status, { location: `${thief}/token` }).end(),
      keepsToken: true,
    }),
  ),
  {
    id: 'userinfo-endpoint',
    title: 'An authorization server hides another host behind a user name',
    metadata: (response, origin, thief) =>
      response.end(
        JSON.stringify(metadata(origin, origin, `http://localhost@${new URL(thief).host}/token`)),
      ),
    keepsToken: true,
  },
  {
    id: 'endless-answer',
    title: 'An authorization server answers without end',
    token: pourSpaces,
    keepsToken: true,
  },
  {
    id: 'gzip-bomb',
    title: 'An authorization server answers with 100 MB in 100 kB',
    token(response) {
      response.setHeader('content-encoding', 'gzip');
      response.end(BOMB);
    },
    keepsToken: true,
  },
  {
    id: 'silent',
    title: 'An authorization server never answers',
    token: () => undefined,
    keepsToken: true,
  },
  {
    id: 'quotes-token',
    title: 'An authorization server’s error quotes the refresh token',
    token: (response, _, form) =>
      response.writeHead(400).end(JSON.stringify({ error: form, error_description: form })),
    keepsToken: true,
  },
  {
    id: 'empty-refresh-token',
    title: 'An authorization server gives an empty refresh token',
    token: (response) => response.end(issued({ refresh_token: '' })),
    keepsToken: true,
  },
  {
    id: 'lone-surrogate',
    title: 'An authorization server gives a token that is no text',
    token: (response) => response.end(issued().replace('access', '\\ud800')),
  },
  {
    id: 'deep-json',
    title: 'An authorization server answers with 100,000 brackets',
    token: (response) => response.end('['.repeat(100_000)),
    keepsToken: true,
  },
  expiring('forever', '9223372036854775807'),
  expiring('infinite', '1e306'),
  expiring('null', 'null'),
  expiring('negative', '-1'),
  expiring('word', '"soon"'),
];

/** An authorization server, and the sign-in that an honest mission has there. */
export interface ShadyServer {
  readonly shady: Shady;
  readonly signedIn: FakeServer;
  /** Requests so far. */
  asked(): number;
  close(): Promise<void>;
}

export async function startShady(shady: Shady, thief: string): Promise<ShadyServer> {
  let asked = 0;
  let refreshes = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const form = await text(request).catch(() => '');
    response.setHeader('content-type', 'application/json');
    response.on('error', () => response.destroy());
    if (request.url?.startsWith('/.well-known/oauth-authorization-server')) {
      if (shady.metadata !== undefined) shady.metadata(response, origin, thief, refreshes);
      else response.end(JSON.stringify(metadata(origin, origin)));
    } else if (request.url === '/token') {
      refreshes += 1;
      if (shady.token !== undefined) shady.token(response, thief, form);
      else response.end(issued());
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    shady,
    asked: () => asked,
    signedIn: {
      serverName: shady.id,
      serverUrl: `${origin}/mcp`,
      accessToken: fakeToken('access'),
      refreshToken: fakeToken('refresh'),
      expiresAt: 0,
      clientId: 'client-1',
      issuer: origin,
      discoveryState: { authorizationServerUrl: origin, oauthMetadataFound: true },
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const BOMB = gzipSync(Buffer.alloc(100_000_000, ' '));
const SPACES = Buffer.alloc(65_536, ' ');

function pourSpaces(response: ServerResponse): void {
  const go = (): void => {
    while (!response.destroyed) if (!response.write(SPACES)) return;
  };
  response.on('drain', go);
  go();
}
