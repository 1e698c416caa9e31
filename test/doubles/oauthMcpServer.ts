import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MARK } from '../support/fake.ts';
import { type OAuthEvent, OAuthTokens } from './oauthTokens.ts';

export interface OAuthMcpServerOptions {
  /** Life of an access token in seconds; `setAccessLife` changes it later. Default: one hour. */
  accessLifeSeconds?: number;
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
  close(): Promise<void>;
}

/** What one authorization code stands for until it is traded in, once. */
interface PendingCode {
  clientId: string;
  redirectUri: string;
  codeChallenge: string;
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
  const clients = new Map<string, { redirectUris: string[] }>();
  const codes = new Map<string, PendingCode>();

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendJson(response, 500, { error: String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    const body = await readBody(request);
    const route = `${request.method} ${url.pathname}`;
    if (route === 'GET /authorize') return authorize(url.searchParams, response);
    if (route === 'POST /register') return register(JSON.parse(body), response);
    if (route === 'POST /token') return token(new URLSearchParams(body), response);
    if (route === 'POST /revoke') {
      tokens.revoke(new URLSearchParams(body).get('token') ?? '');
      return sendJson(response, 200, {});
    }
    if (url.pathname === '/mcp') return mcp(request, body, response);
    if (url.pathname.startsWith('/.well-known/oauth-protected-resource')) {
      return sendJson(response, 200, {
        resource: `${origin}/mcp`,
        authorization_servers: [origin],
        scopes_supported: ['mcp'],
        bearer_methods_supported: ['header'],
      });
    }
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      return sendJson(response, 200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        revocation_endpoint: `${origin}/revoke`,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        scopes_supported: ['mcp'],
      });
    }
    sendJson(response, 404, { error: 'not_found' });
  }

  function register(asked: { redirect_uris?: string[] }, response: ServerResponse): void {
    const clientId = `client-${clients.size + 1}`;
    clients.set(clientId, { redirectUris: asked.redirect_uris ?? [] });
    sendJson(response, 201, {
      ...asked,
      client_id: clientId,
      token_endpoint_auth_method: 'none',
    });
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const clientId = query.get('client_id') ?? '';
    const redirectUri = query.get('redirect_uri') ?? '';
    const codeChallenge = query.get('code_challenge') ?? '';
    const known = clients.get(clientId)?.redirectUris.includes(redirectUri) ?? false;
    if (!known || query.get('code_challenge_method') !== 'S256' || codeChallenge === '') {
      return sendJson(response, 400, { error: 'invalid_request' });
    }
    const code = `${MARK}code-${randomBytes(9).toString('hex')}`;
    codes.set(code, { clientId, redirectUri, codeChallenge });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: back.href }).end();
  }

  function token(form: URLSearchParams, response: ServerResponse): void {
    if (form.get('grant_type') === 'refresh_token') {
      const renewed = tokens.rotate(form.get('refresh_token') ?? '');
      if (renewed === undefined) return sendJson(response, 400, { error: 'invalid_grant' });
      return sendJson(response, 200, renewed);
    }
    const code = form.get('code') ?? '';
    const pending = codes.get(code);
    codes.delete(code);
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (
      pending === undefined ||
      pending.codeChallenge !== challenge ||
      pending.clientId !== form.get('client_id') ||
      pending.redirectUri !== form.get('redirect_uri')
    ) {
      return sendJson(response, 400, { error: 'invalid_grant' });
    }
    sendJson(response, 200, tokens.signIn());
  }

  function mcp(request: IncomingMessage, body: string, response: ServerResponse): void {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const judged = tokens.check(bearer);
    if (!judged.ok) {
      const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
      const error = bearer === undefined ? '' : 'error="invalid_token", ';
      response.setHeader('www-authenticate', `Bearer ${error}resource_metadata="${metadata}"`);
      return sendJson(response, 401, { error: 'invalid_token' });
    }
    // No server-sent messages and no sessions: a client may ask, and is told so.
    if (request.method !== 'POST') return sendJson(response, 405, { error: 'method_not_allowed' });

    const call = JSON.parse(body) as { id?: unknown; method: string; params?: CallParams };
    tokens.events.push({ kind: 'mcp', method: call.method, access: judged.serial });
    if (call.id === undefined) return void response.writeHead(202).end();
    if (call.method === 'tools/call') {
      tokens.events.push({
        kind: 'tool-call',
        tool: call.params?.name ?? '',
        access: judged.serial,
      });
    }
    const result = mcpResult(call.method, call.params ?? {});
    sendJson(response, 200, {
      jsonrpc: '2.0',
      id: call.id,
      ...(result === undefined
        ? { error: { code: -32601, message: `Method not found: ${call.method}` } }
        : { result }),
    });
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
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
