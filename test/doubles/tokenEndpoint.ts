import type { ServerResponse } from 'node:http';

/** How a client proves who it is at the token endpoint (RFC 6749, 2.3.1). */
export type ClientAuth = 'none' | 'client_secret_basic' | 'client_secret_post';

/** One request to the token endpoint, without its secrets. */
export interface TokenRequest {
  readonly grantType: string;
  readonly clientId: string;
  /** RFC 8707 */
  readonly resource: string | null;
  readonly scope: string | null;
  readonly auth: ClientAuth;
  /** Names of all parameters, sorted. */
  readonly parameters: readonly string[];
}

/**
 * How the token endpoint ails. `spent`: whether the refresh token is rotated first, so that only the
 * answer is lost.
 */
export type TokenFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly error?: string;
      readonly retryAfter?: string;
    }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  | { readonly kind: 'huge'; readonly bytes: number }
  | { readonly kind: 'drop'; readonly spent: boolean }
  | { readonly kind: 'silence'; readonly spent: boolean };

/** What a fault makes of a response. */
export function carryOutFault(fault: TokenFault, response: ServerResponse): void {
  switch (fault.kind) {
    case 'status': {
      const { status, error, retryAfter } = fault;
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
      });
      response.end(error === undefined ? 'out of order' : JSON.stringify({ error }));
      return;
    }
    case 'redirect':
      response.writeHead(fault.status ?? 307, { location: fault.to }).end();
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: 'x'.repeat(fault.bytes), token_type: 'Bearer' }));
      return;
    case 'drop':
      response.destroy();
      return;
    case 'silence':
      return;
  }
}

/** Who asks, and how; `known`: the secret is the one that was registered, or there is none. */
export function readTokenRequest(
  form: URLSearchParams,
  authorization: string | undefined,
  secretOf: (clientId: string) => string | undefined,
): { request: TokenRequest; known: boolean } {
  const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  const [basicId, basicSecret] =
    basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(/:(.*)/s);
  const clientId = basicId ?? form.get('client_id') ?? '';
  const secret = basicSecret ?? form.get('client_secret') ?? undefined;
  const auth: ClientAuth =
    basicId !== undefined
      ? 'client_secret_basic'
      : secret === undefined
        ? 'none'
        : 'client_secret_post';
  return {
    known: secret === secretOf(clientId),
    request: {
      grantType: form.get('grant_type') ?? '',
      clientId,
      resource: form.get('resource'),
      scope: form.get('scope'),
      auth,
      parameters: [...form.keys()].sort(),
    },
  };
}
