import type { AuthorizationServerMetadata } from '@modelcontextprotocol/sdk/shared/auth.js';
import {
  type BoundedFetch,
  createBoundedFetch,
  FetchFailed,
  type FetchLike,
} from './boundedFetch.ts';
import type { IssuedTokens, RefreshOrder } from './refreshOrder.ts';

/** The errors of RFC 6749, 5.2 that no second try can change. */
export const REFUSALS = ['invalid_grant', 'invalid_client', 'unauthorized_client'] as const;
export type Refusal = (typeof REFUSALS)[number];

/**
 * A refresh that came to nothing. `detail` is for people and holds no secret.
 * - `failed`: it may work later; the refresh token was not used
 * - `unfit`: it will not work like this; the refresh token was not used
 * - `unsure`: the server may have used the refresh token, and nobody has the answer
 */
export type RefreshFailure =
  | { readonly status: 'failed'; readonly retryAfterMs: number | null; readonly detail: string }
  | { readonly status: 'unfit'; readonly detail: string }
  | { readonly status: 'unsure'; readonly detail: string };

/** Where to send a refresh token. */
export interface Endpoint {
  readonly status: 'found';
  /** RFC 8414; `undefined` where the server never had any: then its `/token` is asked. */
  readonly metadata: AuthorizationServerMetadata | undefined;
}

export type RefreshAnswer =
  | { readonly status: 'issued'; readonly tokens: IssuedTokens }
  | { readonly status: 'refused'; readonly error: Refusal }
  | RefreshFailure;

/** The client's half of RFC 6749, 6, for one order. Neither function ever rejects. */
export interface OAuthRefresher {
  /** Finds the token endpoint. Sends no secret. */
  discover(order: RefreshOrder): Promise<Endpoint | RefreshFailure>;
  /** Sends the refresh token, once. */
  refresh(order: RefreshOrder, endpoint: Endpoint): Promise<RefreshAnswer>;
  /** Ends what {@link discover} has under way; a refresh that was sent is waited for. */
  dispose(): void;
}

export interface OAuthRefresherOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly fetch?: FetchLike;
  /** For each request. */
  readonly timeLimitMs?: number;
  readonly maxBytes?: number;
}

const TIME_LIMIT_MS = 10_000;
const MAX_BYTES = 256 * 1024;
/** Answers that say "not now": request timeout, too early, too many requests. */
const LATER = [408, 425, 429];
/** A gateway's word for a server that may have done it all the same. */
const GATEWAY_GAVE_UP = [502, 504];
const LATER_ERRORS = ['temporarily_unavailable', 'too_many_requests'];

export function createOAuthRefresher(options: OAuthRefresherOptions): OAuthRefresher {
  const { timeLimitMs = TIME_LIMIT_MS, maxBytes = MAX_BYTES } = options;
  const closing = new AbortController();

  const bounded = (allows: (url: URL) => boolean, signal?: AbortSignal): BoundedFetch =>
    createBoundedFetch({ allows, timeLimitMs, maxBytes, ...(signal && { signal }) }, options.fetch);

  async function findMetadata(
    order: RefreshOrder,
    fetchFn: FetchLike,
  ): Promise<AuthorizationServerMetadata | undefined> {
    if (order.metadataUrl === null) {
      const { discoverAuthorizationServerMetadata } = await loadClient();
      return discoverAuthorizationServerMetadata(order.authorizationServerUrl, { fetchFn });
    }
    const { OAuthMetadataSchema } = await import('@modelcontextprotocol/sdk/shared/auth.js');
    const response = await fetchFn(order.metadataUrl, { headers: { accept: 'application/json' } });
    return response.ok ? OAuthMetadataSchema.parse(await response.json()) : undefined;
  }

  return {
    async discover(order) {
      const home = new URL(order.authorizationServerUrl).origin;
      const allowed = [
        home,
        ...(order.metadataUrl === null ? [] : [new URL(order.metadataUrl).origin]),
      ];
      if (!allowed.every((origin) => isSafe(new URL(origin)))) {
        return unfit(`${home} is neither https nor on this machine`);
      }
      const { fetch: fetchFn, lastAnswer } = bounded(
        (url) => allowed.includes(url.origin),
        closing.signal,
      );
      let metadata: AuthorizationServerMetadata | undefined;
      try {
        metadata = await findMetadata(order, fetchFn);
      } catch (error) {
        // Nothing but a question was sent: whatever went wrong may pass.
        return failed(describe(error, home), lastAnswer()?.retryAfterMs);
      }
      if (metadata === undefined) {
        return order.hadMetadata
          ? failed(`${home} does not show its metadata any more`, lastAnswer()?.retryAfterMs)
          : { status: 'found', metadata };
      }
      const endpoint = new URL(metadata.token_endpoint);
      if (!isSafe(endpoint) || (isLoopback(endpoint) && !isLoopback(new URL(home)))) {
        return unfit(`the token endpoint of ${home} is neither https nor where it should be`);
      }
      return { status: 'found', metadata };
    },

    async refresh(order, { metadata }) {
      const url = new URL(metadata?.token_endpoint ?? order.authorizationServerUrl);
      const { fetch: fetchFn, lastAnswer } = bounded(({ origin }) => origin === url.origin);
      const { refreshAuthorization } = await loadClient();
      const { clientId, clientSecret } = order;
      try {
        const issued = await refreshAuthorization(order.authorizationServerUrl, {
          ...(metadata && { metadata }),
          clientInformation: {
            client_id: clientId,
            ...(clientSecret !== null && { client_secret: clientSecret }),
          },
          refreshToken: order.refreshToken,
          resource: order.resource,
          fetchFn,
        });
        const { access_token, refresh_token, expires_in, scope } = issued;
        if (access_token === '') return unsure(`${url.origin} answered without a token`);
        return {
          status: 'issued',
          tokens: {
            accessToken: access_token,
            refreshToken: refresh_token ?? order.refreshToken,
            expiresAt: expires_in === undefined ? null : options.now() + expires_in * 1_000,
            scope: scope ?? null,
          },
        };
      } catch (error) {
        return judge(error, url.origin, lastAnswer());
      }
    },

    dispose: () => closing.abort(),
  };
}

/** Loaded when it is first needed: it is large, and most commands never do. */
function loadClient() {
  return import('@modelcontextprotocol/sdk/client/auth.js');
}

/** What a refresh that threw came to. The error's own text may quote the answer, so it is not handed on. */
function judge(
  error: unknown,
  origin: string,
  answer: { status: number; retryAfterMs: number | null } | null,
): Exclude<RefreshAnswer, { status: 'issued' }> {
  if (error instanceof FetchFailed && !error.sent) return failed(error.message);
  if (error instanceof FetchFailed || answer === null) return unsure(describe(error, origin));
  const { status, retryAfterMs } = answer;
  // A success that cannot be understood: the token is spent all the same.
  if (status < 300) return unsure(`${origin} answered in a way that is no token`);
  const code = (error as { errorCode?: unknown }).errorCode;
  const refusal = REFUSALS.find((one) => one === code);
  if (refusal !== undefined) return { status: 'refused', error: refusal };
  const detail = `${origin} answered ${status}${typeof code === 'string' ? ` (${code})` : ''}`;
  if (GATEWAY_GAVE_UP.includes(status)) return unsure(detail);
  const later = status >= 500 || LATER.includes(status) || LATER_ERRORS.includes(String(code));
  return later ? failed(detail, retryAfterMs) : unfit(detail);
}

/** https, or plain http that does not leave this machine. */
function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function describe(error: unknown, origin: string): string {
  return error instanceof FetchFailed ? error.message : `${origin} answered in an unforeseen way`;
}

function failed(detail: string, retryAfterMs: number | null = null): RefreshFailure {
  return { status: 'failed', retryAfterMs, detail };
}

function unfit(detail: string): RefreshFailure {
  return { status: 'unfit', detail };
}

function unsure(detail: string): RefreshFailure {
  return { status: 'unsure', detail };
}
