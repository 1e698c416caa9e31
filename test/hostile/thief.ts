import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { MARK } from '../support/fake.ts';

/** One request that reached the thief, in every spelling in which a token could be in it. */
interface Received {
  readonly path: string;
  readonly text: string;
}

/** What stands for the address that an attacker has: takes whatever comes, and remembers it. */
export interface Thief {
  readonly origin: string;
  /** Where its metadata can be had, which call `issuer` whatever the attack wants. */
  metadataUrl(issuer?: string): string;
  readonly received: readonly Received[];
  /** The paths of requests that had a token of somebody else in them. */
  stolen(): string[];
  close(): Promise<void>;
}

/** Tokens that the attacker made up; they may go wherever the attacker sends them, but into no log either. */
export const BOGUS = 'BOGUS-SECRET-';

/**
 * Starts the thief's server. It is an authorization server as well: what is refreshed there is answered, so
 * that nobody would notice.
 */
export async function startThief(): Promise<Thief> {
  const received: Received[] = [];
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => '');
    const url = new URL(request.url ?? '/', origin);
    const raw = [request.url, ...request.rawHeaders, body].join('\n');
    received.push({ path: url.pathname, text: `${raw}\n${decoded(raw)}` });
    response.setHeader('content-type', 'application/json');
    if (url.pathname.startsWith('/.well-known/')) {
      const issuer = url.searchParams.get('issuer') ?? origin;
      response.end(JSON.stringify(metadata(issuer, origin)));
      return;
    }
    const serial = received.length;
    response.end(
      JSON.stringify({
        access_token: `${BOGUS}access-${serial}`,
        refresh_token: `${BOGUS}refresh-${serial}`,
        token_type: 'Bearer',
        expires_in: 3_600,
      }),
    );
  }

  return {
    origin,
    received,
    metadataUrl: (issuer) =>
      `${origin}/.well-known/oauth-authorization-server${issuer === undefined ? '' : `?issuer=${encodeURIComponent(issuer)}`}`,
    stolen: () => received.filter((one) => one.text.includes(MARK)).map(({ path }) => path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** RFC 8414. */
export function metadata(issuer: string, home: string, tokenEndpoint = `${home}/token`): object {
  return {
    issuer,
    authorization_endpoint: `${home}/authorize`,
    token_endpoint: tokenEndpoint,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
  };
}

/** URL-encoded text as it was before, and whatever may be base64, as a client's secret is (RFC 6749, 2.3.1). */
function decoded(raw: string): string {
  const plain = raw.replaceAll(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  const words = plain.match(/[A-Za-z0-9+/_-]{12,}={0,2}/g) ?? [];
  return [plain, ...words.map((word) => Buffer.from(word, 'base64').toString('latin1'))].join('\n');
}
