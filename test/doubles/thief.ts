import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { MARK } from '../support/fake.ts';

/** An attacker's authorization server: it hands token requests on to the real one, so that nobody notices. */
export interface Thief {
  readonly origin: string;
  /** Everything that was sent to it: request lines, headers and bodies. */
  readonly got: readonly string[];
  /** Those with a made-up secret in them. */
  stolen(): string[];
  close(): Promise<void>;
}

/**
 * @param options.real the real authorization server's origin
 * @param options.issuer what its metadata says of itself. Default: the truth
 */
export async function startThief(options: {
  readonly real: string;
  readonly issuer?: string;
}): Promise<Thief> {
  const got: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const auth = request.headers.authorization ?? '';
    const opened = Buffer.from(auth.replace(/^Basic /, ''), 'base64').toString();
    got.push(`${request.method} ${request.url} ${auth} ${opened} ${body}`);
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      response.end(
        JSON.stringify({
          issuer: options.issuer ?? origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          response_types_supported: ['code'],
        }),
      );
      return;
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    try {
      const answer = await fetch(`${options.real}/token`, { method: 'POST', body, headers });
      response.statusCode = answer.status;
      response.end(await answer.text());
    } catch {
      // The test is over, and so is the real one.
      response.destroy();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    got,
    stolen: () => got.filter((each) => each.includes(MARK)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
