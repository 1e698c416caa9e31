import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Entry } from '../../main/credentials/entry.ts';
import { createOAuthRefresher } from '../../main/refresh/oauthRefresh.ts';
import { refreshOrder } from '../../main/refresh/refreshOrder.ts';
import type { RefreshAnswer } from '../../main/refresh/tokenAnswer.ts';
import {
  type Asked,
  json,
  metadataOf,
  type OddAuthorizationServer,
  redirect,
  startOddAuthorizationServer,
  tokensWith,
} from '../doubles/oddAuthorizationServer.ts';
import { type Certificate, makeCertificate, trust } from '../support/certificates.ts';
import { fakeServer, MARK, serverKey } from '../support/fake.ts';

const KEY = serverKey('loop');
const NOW = 1_800_000_000_000;
const HOUR = NOW + 3_600_000;
const NEW = { access: `${MARK}new-access`, refresh: `${MARK}new-refresh` };
const OLD = `${MARK}old-refresh`;

/** How one server was seen to answer, and what is to come of it. */
interface Row {
  /** Where it was met; without: made up. */
  readonly met?: string;
  readonly answer: (asked: Asked) => void;
  readonly is: 'issued' | 'refused' | 'failed' | 'unfit' | 'unsure';
  /** Of what was issued; by default the new refresh token, an hour, the scope as before. */
  readonly refreshToken?: string;
  readonly expiresAt?: number | null;
  readonly scope?: string;
  readonly retryAfterMs?: number | null;
}

/** A success with other fields; `undefined` leaves one out. */
const issues =
  (more: object) =>
  ({ response }: Asked): void =>
    json(response, 200, tokensWith(more));
const says =
  (status: number, body: unknown, headers?: Record<string, string>) =>
  ({ response }: Asked): void =>
    json(response, status, body, headers);
/** A success with a field that no number or text of this language can hold. */
const issuesRaw = (field: string, text: string) =>
  says(200, JSON.stringify(tokensWith({ [field]: 'RAW' })).replace('"RAW"', text));
const quoting = (asked: Asked) => `${asked.form.get('refresh_token')} ${asked.authorization}`;

const rows: Record<string, Row> = {
  'all that RFC 6749 wants': { answer: issues({}), is: 'issued' },
  'a status of 201': {
    met: 'NousResearch/hermes-agent#106185',
    answer: says(201, tokensWith()),
    is: 'issued',
  },
  'JSON with a byte order mark': {
    answer: says(200, `\uFEFF${JSON.stringify(tokensWith())}`),
    is: 'issued',
  },
  'a form, as GitHub where it is not asked for JSON': {
    met: 'QwenLM/qwen-code#5355',
    answer: ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' });
      response.end(
        `scope=a+b&access_token=${NEW.access}&refresh_token=${NEW.refresh}&expires_in=3600`,
      );
    },
    is: 'issued',
    scope: 'a b',
  },
  // The refresh token.
  'no refresh token': {
    met: 'modelcontextprotocol/python-sdk#2270',
    answer: issues({ refresh_token: undefined }),
    is: 'issued',
    refreshToken: OLD,
  },
  'refresh_token null': {
    met: 'elizaOS/eliza#30566',
    answer: issues({ refresh_token: null }),
    is: 'issued',
    refreshToken: OLD,
  },
  'refresh_token ""': {
    met: 'calcom/cal.diy#7764',
    answer: issues({ refresh_token: '' }),
    is: 'issued',
    refreshToken: OLD,
  },
  'a refresh token that is a number': { answer: issues({ refresh_token: 7 }), is: 'unsure' },
  // What nobody needs.
  'no token_type': {
    met: 'anomalyco/openauth#318',
    answer: issues({ token_type: undefined }),
    is: 'issued',
  },
  'token_type "user"': {
    met: 'different-ai/openwork#3569',
    answer: issues({ token_type: 'user' }),
    is: 'issued',
  },
  'token_type null': { answer: issues({ token_type: null }), is: 'issued' },
  'id_token null': { met: 'elizaOS/eliza#30566', answer: issues({ id_token: null }), is: 'issued' },
  // How long.
  'no expires_in': {
    met: 'anthropics/claude-code#26281',
    answer: issues({ expires_in: undefined }),
    is: 'issued',
    expiresAt: null,
  },
  'expires_in "3600"': {
    met: 'modelcontextprotocol/typescript-sdk#1120',
    answer: issues({ expires_in: '3600' }),
    is: 'issued',
  },
  'expires_in null': {
    met: 'BerriAI/litellm#30298',
    answer: issues({ expires_in: null }),
    is: 'issued',
    expiresAt: null,
  },
  'expires_in 0': {
    met: 'QwenLM/qwen-code#5355',
    answer: issues({ expires_in: 0 }),
    is: 'issued',
    expiresAt: null,
  },
  'expires_in -1': { answer: issues({ expires_in: -1 }), is: 'issued', expiresAt: null },
  'expires_in ""': {
    met: 'QwenLM/qwen-code#5355',
    answer: issues({ expires_in: '' }),
    is: 'issued',
    expiresAt: null,
  },
  'expires_in "3600s"': {
    met: 'QwenLM/qwen-code#5355',
    answer: issues({ expires_in: '3600s' }),
    is: 'issued',
    expiresAt: null,
  },
  'expires_in [3600]': { answer: issues({ expires_in: [3600] }), is: 'issued', expiresAt: null },
  'expires_in 0.0015': { answer: issues({ expires_in: 0.0015 }), is: 'issued', expiresAt: NOW + 2 },
  'expires_in 9223372036854775807, the "never" of Java': {
    answer: issuesRaw('expires_in', '9223372036854775807'),
    is: 'issued',
    expiresAt: 8.64e15,
  },
  'expires_in 1e306': {
    answer: issuesRaw('expires_in', '1e306'),
    is: 'issued',
    expiresAt: 8.64e15,
  },
  'expires_in 1e400': {
    answer: issuesRaw('expires_in', '1e400'),
    is: 'issued',
    expiresAt: 8.64e15,
  },
  // For what.
  'a scope': { answer: issues({ scope: 'a b' }), is: 'issued', scope: 'a b' },
  'scope as a list': {
    met: 'sergiodxa/remix-auth-oauth2#124',
    answer: issues({ scope: ['a', 'b'] }),
    is: 'issued',
    scope: 'a b',
  },
  'scope null': { answer: issues({ scope: null }), is: 'issued' },
  'scope ""': { met: 'anthropics/claude-code#28262', answer: issues({ scope: '' }), is: 'issued' },
  'scope as an object': { answer: issues({ scope: { a: true } }), is: 'issued' },
  'a scope with half a surrogate pair': {
    answer: issuesRaw('scope', String.raw`"\udfff"`),
    is: 'issued',
  },
  // Tokens that no entry, or no header, can hold.
  'half a surrogate pair in the access token': {
    answer: issuesRaw('access_token', String.raw`"${MARK}\ud800"`),
    is: 'unsure',
  },
  'half a surrogate pair in the refresh token': {
    answer: issuesRaw('refresh_token', String.raw`"${MARK}\ud800"`),
    is: 'unsure',
  },
  'a line break in the access token': {
    answer: issues({ access_token: `${MARK}\n` }),
    is: 'unsure',
  },
  'a NUL in the refresh token': { answer: issues({ refresh_token: `${MARK}\0` }), is: 'unsure' },
  'an access token of 64 kB': {
    answer: issues({ access_token: NEW.access.padEnd(65_536, 'x') }),
    is: 'issued',
  },
  'an access token of more': {
    answer: issues({ access_token: MARK.padEnd(65_537, 'x') }),
    is: 'unsure',
  },
  'a refresh token of more': {
    answer: issues({ refresh_token: MARK.padEnd(65_537, 'x') }),
    is: 'unsure',
  },
  'access_token ""': { answer: issues({ access_token: '' }), is: 'unsure' },
  'access_token null': { answer: issues({ access_token: null }), is: 'unsure' },
  'tokens in authed_user': {
    met: 'different-ai/openwork#3569',
    answer: says(200, { ok: true, authed_user: tokensWith() }),
    is: 'unsure',
  },
  'nothing at all': { answer: ({ response }) => response.writeHead(204).end(), is: 'unsure' },
  'a page': { answer: says(200, '<html>Welcome</html>'), is: 'unsure' },
  'a list': { answer: says(200, [tokensWith()]), is: 'unsure' },
  'JSON 100,000 deep': { answer: says(200, '['.repeat(100_000)), is: 'unsure' },
  // A prototype is no answer.
  'tokens in __proto__': {
    answer: says(200, `{"__proto__":${JSON.stringify(tokensWith())}}`),
    is: 'unsure',
  },
  // "No".
  '200 bad_refresh_token, as GitHub': {
    met: 'lelylan/simple-oauth2#459',
    answer: says(200, { error: 'bad_refresh_token' }),
    is: 'refused',
  },
  '200 invalid_refresh_token, as Slack': {
    met: 'different-ai/openwork#3569',
    answer: says(200, { ok: false, error: 'invalid_refresh_token' }),
    is: 'refused',
  },
  '200 token_expired, as Slack': {
    answer: says(200, { ok: false, error: 'token_expired' }),
    is: 'refused',
  },
  '200 token_revoked, as Slack': {
    answer: says(200, { ok: false, error: 'token_revoked' }),
    is: 'refused',
  },
  '200 invalid_grant': {
    met: 'lelylan/simple-oauth2#459',
    answer: says(200, { error: 'invalid_grant' }),
    is: 'refused',
  },
  '200 ratelimited, as Slack': {
    answer: says(200, { ok: false, error: 'ratelimited' }, { 'retry-after': '30' }),
    is: 'failed',
    retryAfterMs: 30_000,
  },
  '200 with an error of its own': {
    answer: says(200, { error: 'incorrect_client_credentials' }),
    is: 'unfit',
  },
  '401 invalid_grant': { answer: says(401, { error: 'invalid_grant' }), is: 'refused' },
  '500 invalid_grant': {
    met: 'BerriAI/litellm#29589',
    answer: says(500, { error: 'invalid_grant' }),
    is: 'refused',
  },
  '400 invalid_request': {
    met: 'metabase/metabase#80389',
    answer: says(400, { error: 'invalid_request' }),
    is: 'unfit',
  },
  '400 as Supabase': {
    met: 'supabase/auth#2829',
    answer: says(400, { code: 400, error_code: 'refresh_token_not_found' }),
    is: 'unfit',
  },
  '400 for the resource': {
    met: 'modelcontextprotocol/csharp-sdk#1883',
    answer: says(400, { error: 'invalid_target' }),
    is: 'unfit',
  },
  // The token, given back where people would read it.
  'an error that is the token': {
    answer: (asked) => json(asked.response, 400, { error: quoting(asked) }),
    is: 'unfit',
  },
  'a refusal that tells the token': {
    answer: (asked) =>
      json(asked.response, 400, { error: 'invalid_grant', error_description: quoting(asked) }),
    is: 'refused',
  },
  'a page that shows the token': {
    answer: (asked) => json(asked.response, 500, quoting(asked)),
    is: 'failed',
    retryAfterMs: null,
  },
  // "Later".
  'a Retry-After in the past': {
    answer: says(429, '', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
    is: 'failed',
    retryAfterMs: null,
  },
  'a Retry-After of 30 digits': {
    answer: says(503, '', { 'retry-after': '9'.repeat(30) }),
    is: 'failed',
    retryAfterMs: 86_400_000,
  },
  'a Retry-After of 0': {
    answer: says(503, '', { 'retry-after': '0' }),
    is: 'failed',
    retryAfterMs: null,
  },
  'a Retry-After below 0': {
    answer: says(503, '', { 'retry-after': '-5' }),
    is: 'failed',
    retryAfterMs: null,
  },
  'a Retry-After in words': {
    answer: says(503, '', { 'retry-after': 'soon' }),
    is: 'failed',
    retryAfterMs: null,
  },
  // Elsewhere.
  '307 to its trailing slash': {
    met: 'maxkuminov/obsidian-mcp#30',
    answer: ({ response }) => redirect(response, 307, '/token/'),
    is: 'unfit',
  },
  '302 to its trailing slash': {
    answer: ({ response }) => redirect(response, 302, '/token/'),
    is: 'unsure',
  },
};

let certificate: Certificate;
let distrust = (): void => undefined;
beforeAll(() => {
  certificate = makeCertificate();
});
afterAll(() => distrust());

async function refreshAt(
  answer: Row['answer'],
  scheme: 'http' | 'https',
): Promise<{ told: RefreshAnswer; server: OddAuthorizationServer }> {
  const server = await startOddAuthorizationServer(
    (asked) => {
      if (asked.method === 'POST') answer(asked);
      else json(asked.response, 200, metadataOf(asked.origin));
    },
    scheme === 'https' ? certificate : undefined,
  );
  onTestFinished(() => server.close());
  const value = fakeServer('loop', {
    refreshToken: OLD,
    issuer: server.origin,
    clientSecret: `${MARK}client`,
    discoveryState: { authorizationServerUrl: server.origin },
  });
  const order = refreshOrder({ mcpOAuth: { [KEY]: value } } as unknown as Entry, KEY);
  if (order === null) throw new Error('the value says all that a refresh needs');
  const refresher = createOAuthRefresher({ now: () => NOW });
  const endpoint = await refresher.discover(order);
  const told = endpoint.status === 'found' ? await refresher.refresh(order, endpoint) : endpoint;
  return { told, server };
}

describe.each(['http', 'https'] as const)('what a token endpoint answers, over %s', (scheme) => {
  beforeAll(() => {
    if (scheme === 'https') distrust = trust(certificate);
  });

  it.each(Object.entries(rows))('%s', async (_, row) => {
    const { told, server } = await refreshAt(row.answer, scheme);
    expect(told.status).toBe(row.is);
    expect(server.received, 'the token was sent once').toHaveLength(1);
    if (told.status !== 'issued') {
      expect(JSON.stringify(told), 'nothing secret is told').not.toContain(MARK);
      if (row.retryAfterMs !== undefined)
        expect(told).toHaveProperty('retryAfterMs', row.retryAfterMs);
      return;
    }
    const { accessToken, ...rest } = told.tokens;
    expect(accessToken.startsWith(NEW.access)).toBe(true);
    const { refreshToken = NEW.refresh, expiresAt = HOUR, scope = null } = row;
    expect(rest).toEqual({ refreshToken, expiresAt, scope });
    if (expiresAt !== null) expect(() => new Date(expiresAt).toISOString()).not.toThrow();
  });
});

it('a server whose certificate nobody vouches for gets nothing', async () => {
  distrust();
  const { told, server } = await refreshAt(issues({}), 'https');
  expect(told.status).toBe('failed');
  expect(server.requests).toEqual([]);
});
