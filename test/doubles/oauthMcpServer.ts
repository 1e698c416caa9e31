import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK } from '../support/fake.ts';
import { type OAuthEvent, OAuthTokens, type TokenAnswer } from './oauthTokens.ts';
import {
  type ClientAuth,
  carryOutFault,
  readTokenRequest,
  type TokenFault,
  type TokenRequest,
} from './tokenEndpoint.ts';

export interface OAuthMcpServerOptions {
  /** Life of an access token in seconds; `setAccessLife` changes it later. Default: one hour. */
  accessLifeSeconds?: number;
  /** How clients that register are to authenticate. Default: `none`, public clients. */
  clientAuth?: ClientAuth;
  /** Where the metadata says that the token endpoint is. Default: here. */
  tokenEndpoint?: string;
  /** What the protected resource's metadata calls itself; `null`: it has none. Default: the MCP endpoint. */
  resource?: string | null;
  /** For https, PEM. Default: http. */
  tls?: { readonly key: string; readonly cert: string };
}

/** What the server says about itself, where it is not the plain truth. */
export interface SaidElsewise {
  /** The authorization server that the protected resource's metadata names (RFC 9728). */
  authorizationServer?: string;
  /** Where a refused request is told to look for that metadata. */
  resourceMetadata?: string;
  /** What the authorization server's metadata says of itself (RFC 8414). */
  issuer?: string;
}

export interface OAuthMcpServer {
  /** The MCP endpoint, as given to `claude mcp add`. */
  url: string;
  /** What happened, in order; tokens by serial number. */
  events: readonly OAuthEvent[];
  /** The events of one kind. */
  of<Kind extends OAuthEvent['kind']>(kind: Kind): Extract<OAuthEvent, { kind: Kind }>[];
  /** Serial number of an access or refresh token, for comparing an entry with the events. */
  serialOf(token: unknown): number | undefined;
  /** Life of the access tokens issued from now on, in seconds. */
  setAccessLife(seconds: number): void;
  /** What refreshes leave out of their answers from now on: a server need not rotate, nor say how long. */
  setLeftOut(left: { refreshToken?: boolean; expiresIn?: boolean }): void;
  /** What the metadata say from now on; what is left out is as it was at the start. */
  setSaid(said: SaidElsewise): void;
  /** Revokes an access token, so that the server answers 401 to it. */
  reject(accessToken: unknown): void;
  /** A sign-in without a browser: the tokens, and whom they were issued to. */
  grant(): { tokens: TokenAnswer; clientId: string; clientSecret: string | undefined };
  /** The authorization server. */
  issuer: string;
  /** All requests to the token endpoint, refused ones too. */
  tokenRequests: readonly TokenRequest[];
  /** How the token endpoint ails from now on; `null`: it is well. */
  setTokenFault(fault: TokenFault | null): void;
  /** Refreshes are answered only once the promise is kept; `null`: at once. */
  holdTokens(until: Promise<unknown> | null): void;
  /** The same for the authorization server's metadata. */
  holdMetadata(until: Promise<unknown> | null): void;
  /** How often that was asked for. */
  readonly metadataRequests: number;
  /** Whether a refresh with this token would be granted. */
  isGood(refreshToken: unknown): boolean;
  /** From now on a used refresh token has all of its sign-in revoked (RFC 9700, 4.14.2). */
  setRevokesOnReuse(revokes: boolean): void;
  /** What the token endpoint decides is answered so many ms later from now on, as over a network. */
  setAnswerDelay(delayMs: number): void;
  close(): Promise<void>;
}

/** What one authorization code stands for until it is traded in, once. */
interface PendingCode {
  clientId: string;
  redirectUri: string;
  codeChallenge: string;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: object;
  fault?: TokenFault;
}

const TOOL = {
  name: 'echo',
  description: 'Answers with the text it was given.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

/**
 * An OAuth 2.1 authorization server and the MCP server it guards, on one loopback port: RFC 8414 and
 * RFC 9728 metadata, RFC 7591 registration, PKCE S256, rotating single-use refresh tokens, RFC 7009
 * revocation, streamable HTTP. The authorization page approves at once. Every secret carries the mark.
 */
export async function startOAuthMcpServer(
  options: OAuthMcpServerOptions = {},
): Promise<OAuthMcpServer> {
  const tokens = new OAuthTokens(options.accessLifeSeconds ?? 3600);
  const clients = new Map<string, { redirectUris: string[]; secret: string | undefined }>();
  const clientAuth = options.clientAuth ?? 'none';
  const tokenRequests: TokenRequest[] = [];
  let tokenFault: TokenFault | null = null;
  let tokenGate: Promise<unknown> | null = null;
  let metadataGate: Promise<unknown> | null = null;
  let metadataRequests = 0;
  let answerDelayMs = 0;
  let said: SaidElsewise = {};
  const codes = new Map<string, PendingCode>();

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request)
      .catch((error: unknown): Answer => ({ status: 500, body: { error: String(error) } }))
      .then(({ status, headers, body, fault }) => {
        if (fault !== undefined) return carryOutFault(fault, response);
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(body === undefined ? '' : JSON.stringify(body));
      });
  };
  const { tls } = options;
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', origin);
    const body = await text(request);
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /.well-known/oauth-authorization-server':
        metadataRequests += 1;
        await metadataGate;
        return {
          status: 200,
          body: {
            ...authorizationServerMetadata(origin, clientAuth, options.tokenEndpoint),
            ...(said.issuer !== undefined && { issuer: said.issuer }),
          },
        };
      case 'GET /.well-known/oauth-protected-resource':
      case 'GET /.well-known/oauth-protected-resource/mcp':
        return options.resource === null
          ? { status: 404, body: { error: 'not_found' } }
          : {
              status: 200,
              body: {
                ...protectedResourceMetadata(origin, options.resource),
                authorization_servers: [said.authorizationServer ?? origin],
              },
            };
      case 'POST /register':
        return register(JSON.parse(body) as { redirect_uris?: string[] });
      case 'GET /authorize':
        return authorize(url.searchParams);
      case 'POST /token':
        return token(new URLSearchParams(body), request.headers.authorization);
      case 'POST /revoke':
        tokens.revoke(new URLSearchParams(body).get('token') ?? '');
        return { status: 200, body: {} };
      case 'POST /mcp':
        return guarded(request, (serial) => mcp(JSON.parse(body), serial));
      case 'GET /mcp':
      case 'DELETE /mcp':
        // No server-sent messages and no sessions: a client may ask, and is told so.
        return guarded(request, () => ({ status: 405, body: { error: 'method_not_allowed' } }));
      default:
        return { status: 404, body: { error: 'not_found' } };
    }
  }

  function register(asked: { redirect_uris?: string[] }): Answer {
    const clientId = addClient(asked.redirect_uris ?? []);
    const secret = clients.get(clientId)?.secret;
    const body = {
      ...asked,
      client_id: clientId,
      token_endpoint_auth_method: clientAuth,
      ...(secret !== undefined && { client_secret: secret }),
    };
    return { status: 201, body };
  }

  function addClient(redirectUris: string[]): string {
    const clientId = `client-${clients.size + 1}`;
    const secret =
      clientAuth === 'none' ? undefined : `${MARK}secret-${randomBytes(9).toString('hex')}`;
    clients.set(clientId, { redirectUris, secret });
    return clientId;
  }

  function authorize(query: URLSearchParams): Answer {
    const clientId = query.get('client_id') ?? '';
    const redirectUri = query.get('redirect_uri') ?? '';
    const codeChallenge = query.get('code_challenge') ?? '';
    const known = clients.get(clientId)?.redirectUris.includes(redirectUri) ?? false;
    if (!known || query.get('code_challenge_method') !== 'S256' || codeChallenge === '') {
      return { status: 400, body: { error: 'invalid_request' } };
    }
    const code = `${MARK}code-${randomBytes(9).toString('hex')}`;
    codes.set(code, { clientId, redirectUri, codeChallenge });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    return { status: 302, headers: { location: back.href } };
  }

  async function token(form: URLSearchParams, authorization?: string): Promise<Answer> {
    const secretOf = (id: string) => clients.get(id)?.secret;
    const { request, known } = readTokenRequest(form, authorization, secretOf);
    tokenRequests.push(request);
    await tokenGate;
    const refresh = form.get('refresh_token');
    if (tokenFault !== null) {
      if ('spent' in tokenFault && tokenFault.spent) tokens.rotate(refresh ?? '');
      return { status: 0, fault: tokenFault };
    }
    if (!known) return { status: 401, body: { error: 'invalid_client' } };
    const tokenAnswer =
      form.get('grant_type') === 'refresh_token'
        ? tokens.rotate(refresh ?? '')
        : trade(form, request.clientId);
    await sleep(answerDelayMs);
    return tokenAnswer === undefined
      ? { status: 400, body: { error: 'invalid_grant' } }
      : { status: 200, body: tokenAnswer };
  }

  /** A code is good once, for its own client, with the verifier that its challenge was made from. */
  function trade(form: URLSearchParams, clientId: string): TokenAnswer | undefined {
    const code = form.get('code') ?? '';
    const pending = codes.get(code);
    codes.delete(code);
    const verifier = form.get('code_verifier') ?? '';
    const isTheirs =
      pending?.codeChallenge === createHash('sha256').update(verifier).digest('base64url') &&
      pending.clientId === clientId &&
      pending.redirectUri === form.get('redirect_uri');
    return isTheirs ? tokens.signIn() : undefined;
  }

  function guarded(request: IncomingMessage, handle: (serial: number) => Answer): Answer {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const judged = tokens.check(bearer);
    if (judged.ok) return handle(judged.serial);
    const where = said.resourceMetadata ?? `${origin}/.well-known/oauth-protected-resource/mcp`;
    const metadata = `resource_metadata="${where}"`;
    const challenge = bearer === undefined ? metadata : `error="invalid_token", ${metadata}`;
    return {
      status: 401,
      headers: { 'www-authenticate': `Bearer ${challenge}` },
      body: { error: 'invalid_token' },
    };
  }

  function mcp({ id, method, params = {} }: McpCall, access: number): Answer {
    tokens.events.push({ kind: 'mcp', method, access });
    if (method === 'tools/call') {
      tokens.events.push({ kind: 'tool-call', tool: params.name ?? '', access });
    }
    if (id === undefined) return { status: 202 };
    const result = mcpResult(method, params);
    const error = { code: -32601, message: `Method not found: ${method}` };
    return {
      status: 200,
      body: { jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) },
    };
  }

  return {
    url: `${origin}/mcp`,
    events: tokens.events,
    of: (kind) =>
      tokens.events.filter(
        (event): event is Extract<OAuthEvent, { kind: typeof kind }> => event.kind === kind,
      ),
    serialOf: (secret) => tokens.serialOf(secret),
    setAccessLife: (seconds) => {
      tokens.accessLifeSeconds = seconds;
    },
    setLeftOut: (left) => {
      tokens.leftOut = left;
    },
    setSaid: (now) => {
      said = now;
    },
    reject: (accessToken) => {
      if (typeof accessToken === 'string') tokens.revoke(accessToken);
    },
    grant() {
      const clientId = addClient([]);
      return { tokens: tokens.signIn(), clientId, clientSecret: clients.get(clientId)?.secret };
    },
    issuer: origin,
    tokenRequests,
    setTokenFault: (fault) => {
      tokenFault = fault;
    },
    holdTokens: (until) => {
      tokenGate = until;
    },
    holdMetadata: (until) => {
      metadataGate = until;
    },
    get metadataRequests() {
      return metadataRequests;
    },
    isGood: (refreshToken) => tokens.isGood(refreshToken),
    setRevokesOnReuse: (revokes) => {
      tokens.revokesOnReuse = revokes;
    },
    setAnswerDelay: (delayMs) => {
      answerDelayMs = delayMs;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** RFC 8414 */
function authorizationServerMetadata(
  origin: string,
  clientAuth: ClientAuth,
  tokenEndpoint = `${origin}/token`,
): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: tokenEndpoint,
    registration_endpoint: `${origin}/register`,
    revocation_endpoint: `${origin}/revoke`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: [clientAuth],
    scopes_supported: ['mcp'],
  };
}

/** RFC 9728 */
function protectedResourceMetadata(origin: string, resource = `${origin}/mcp`): object {
  return {
    resource,
    authorization_servers: [origin],
    scopes_supported: ['mcp'],
    bearer_methods_supported: ['header'],
  };
}

interface McpCall {
  id?: string | number;
  method: string;
  params?: CallParams;
}

interface CallParams {
  name?: string;
  protocolVersion?: string;
  arguments?: { text?: string };
}

/** The result of one MCP method, or `undefined` for a method that this server lacks. */
function mcpResult(method: string, params: CallParams): object | undefined {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion ?? '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'loop', version: '1.0.0' },
      };
    case 'ping':
      return {};
    case 'tools/list':
      return { tools: [TOOL] };
    case 'tools/call':
      return { content: [{ type: 'text', text: params.arguments?.text ?? '' }] };
    default:
      return undefined;
  }
}
