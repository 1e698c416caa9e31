import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { MARK } from '../support/fake.ts';

/** One request, and what to answer it with. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Of a token request. */
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
  readonly origin: string;
  readonly response: ServerResponse;
}
export type Answers = (asked: Asked) => void;

export interface OddAuthorizationServer {
  readonly origin: string;
  /** `GET /path`, in order. */
  readonly requests: readonly string[];
  /** The bodies and headers of all token requests: what an attacker would have. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** Answers with JSON; a text is sent as it is. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function redirect(response: ServerResponse, status: number, location: string): void {
  response.writeHead(status, { location }).end();
}

/** RFC 8414 */
export function metadataOf(origin: string, more: object = {}): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    ...more,
  };
}

/** A success as RFC 6749, 5.1 wants it. */
export function tokensWith(more: object = {}): object {
  return {
    access_token: `${MARK}new-access`,
    refresh_token: `${MARK}new-refresh`,
    token_type: 'Bearer',
    expires_in: 3600,
    ...more,
  };
}

/** An authorization server on loopback that answers whatever a test likes. @param tls for https */
export async function startOddAuthorizationServer(
  answers: Answers,
  tls?: { readonly key: string; readonly cert: string },
): Promise<OddAuthorizationServer> {
  const requests: string[] = [];
  const received: string[] = [];
  let origin = '';

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const { pathname, search } = new URL(request.url ?? '/', origin);
    const { authorization } = request.headers;
    const body = await text(request);
    requests.push(`${method} ${pathname}${search}`);
    if (method === 'POST') received.push(`${body} ${authorization ?? ''}`);
    const form = new URLSearchParams(body);
    answers({ method, path: pathname, form, authorization, origin, response });
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => json(response, 500, String(error)));
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    requests,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
