import type { AuthorizationServerMetadata } from '@modelcontextprotocol/sdk/shared/auth.js';
import {
  type BoundedFetch,
  createBoundedFetch,
  type FetchBounds,
  FetchFailed,
  type FetchLike,
  hasUserinfo,
} from './boundedFetch.ts';
import { isSameIssuer } from './issuer.ts';
import type { RefreshOrder } from './refreshOrder.ts';
import { type RefreshAnswer, type RefreshFailure, readTokenAnswer } from './tokenAnswer.ts';

/** Where to send a refresh token. */
export interface Endpoint {
  readonly status: 'found';
  /** RFC 8414; `undefined` where the server never had any: then its `/token` is asked. */
  readonly metadata: AuthorizationServerMetadata | undefined;
  /** The only origin that the refresh token is sent to. Not always the authorization server's own. */
  readonly tokenOrigin: string;
  /** How the client will show who it is (RFC 6749, 2.3.1). */
  readonly authMethod: AuthMethod;
}

export type AuthMethod = 'none' | 'client_secret_post' | 'client_secret_basic';

/** The client's half of RFC 6749, 6, for one order. Neither function ever rejects. */
export interface OAuthRefresher {
  /**
   * Finds the token endpoint. Sends no secret. Only the authorization server itself is asked, within its
   * origin, and its metadata counts only if it names the same issuer (RFC 8414, 3.3): where else the entry
   * says that the metadata is, anybody may have written. Of a whole origin `/.well-known/` alone belongs to who
   * runs it, where others have pages there, too: only what stands there may name a token endpoint elsewhere.
   */
  discover(order: RefreshOrder): Promise<Endpoint | RefreshFailure>;
  /** Sends the refresh token, once, to that endpoint. No redirect is followed. */
  refresh(order: RefreshOrder, endpoint: Endpoint): Promise<RefreshAnswer>;
  /** Ends what {@link discover} has under way; a refresh that was sent is waited for. */
  dispose(): void;
}

export interface OAuthRefresherOptions {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly fetch?: FetchLike;
  /** For each question of {@link OAuthRefresher.discover}. */
  readonly discoverLimitMs?: number;
  /** For the answer to a refresh token that was sent. */
  readonly refreshLimitMs?: number;
  readonly maxBytes?: number;
}

const DISCOVER_LIMIT_MS = 10_000;
/** As the client waits (measured): the answer of a slow server, given up, is a sign-in lost. */
export const REFRESH_LIMIT_MS = 30_000;
const MAX_BYTES = 256 * 1024;

export function createOAuthRefresher(options: OAuthRefresherOptions): OAuthRefresher {
  const {
    discoverLimitMs = DISCOVER_LIMIT_MS,
    refreshLimitMs = REFRESH_LIMIT_MS,
    maxBytes = MAX_BYTES,
  } = options;
  const closing = new AbortController();

  const bounded = (bounds: Omit<FetchBounds, 'maxBytes'>): BoundedFetch =>
    createBoundedFetch({ ...bounds, maxBytes }, options.fetch);

  async function findMetadata(
    { authorizationServerUrl, metadataUrl }: RefreshOrder,
    fetchFn: FetchLike,
  ): Promise<FoundMetadata | undefined> {
    if (metadataUrl !== null && isWithin(metadataUrl, authorizationServerUrl)) {
      const { OAuthMetadataSchema } = await import('@modelcontextprotocol/sdk/shared/auth.js');
      const response = await fetchFn(metadataUrl, { headers: { accept: 'application/json' } });
      if (!response.ok && !isNothingThere(response)) return undefined;
      const read = response.ok ? OAuthMetadataSchema.safeParse(await response.json()) : undefined;
      if (read?.success) return { metadata: read.data, at: new URL(metadataUrl) };
      // A mission may have noted an address there that never was one: it is looked for as if none were noted.
    }
    const { discoverAuthorizationServerMetadata } = await loadClient();
    let at = new URL(authorizationServerUrl);
    const metadata = await discoverAuthorizationServerMetadata(authorizationServerUrl, {
      fetchFn(url, init) {
        at = new URL(url);
        return fetchFn(url, init);
      },
    });
    return metadata && { metadata, at };
  }

  return {
    async discover(order) {
      const { authorizationServerUrl, clientId, clientSecret } = order;
      const server = new URL(authorizationServerUrl);
      const home = server.origin;
      if (!isSafe(server)) return unfit(`${home} is neither https nor on this machine`);
      if (hasUserinfo(server)) return unfit(`the address of ${home} holds a user name`);
      const { fetch: fetchFn, lastAnswer } = bounded({
        allows: ({ origin }) => origin === home,
        followsRedirects: true,
        timeLimitMs: discoverLimitMs,
        signal: closing.signal,
      });
      let found: FoundMetadata | undefined;
      try {
        found = await findMetadata(order, fetchFn);
      } catch (error) {
        // Nothing but a question was sent: whatever went wrong may pass.
        return failed(describe(error, home), lastAnswer()?.retryAfterMs);
      }
      const metadata = found?.metadata;
      if (metadata === undefined && order.hadMetadata) {
        const { metadataUrl } = order;
        // The client was told to look elsewhere: that will not change by itself.
        if (metadataUrl !== null && !isWithin(metadataUrl, home))
          return unfit(
            `${home} has no metadata; ${new URL(metadataUrl).origin} is not asked for it`,
          );
        return failed(`${home} does not show its metadata any more`, lastAnswer()?.retryAfterMs);
      }
      const endpoint = new URL(metadata?.token_endpoint ?? '/token', authorizationServerUrl);
      const why = whyNot(found, endpoint, server);
      if (why !== null) return unfit(why);
      const { selectClientAuthMethod } = await loadClient();
      const authMethod = selectClientAuthMethod(
        clientInformation(clientId, clientSecret),
        metadata?.token_endpoint_auth_methods_supported ?? [],
      );
      return { status: 'found', metadata, tokenOrigin: endpoint.origin, authMethod };
    },

    async refresh(order, { metadata, tokenOrigin }) {
      const { fetch: fetchFn, lastAnswer } = bounded({
        allows: ({ origin }) => origin === tokenOrigin,
        timeLimitMs: refreshLimitMs,
      });
      const { refreshAuthorization } = await loadClient();
      try {
        await refreshAuthorization(order.authorizationServerUrl, {
          ...(metadata && { metadata }),
          clientInformation: clientInformation(order.clientId, order.clientSecret),
          refreshToken: order.refreshToken,
          resource: order.resource,
          fetchFn,
        });
      } catch (error) {
        // What the OAuth client makes of an answer does not count: it knows less of what servers do.
        if (error instanceof FetchFailed)
          return error.sent ? unsure(error.message) : failed(error.message);
      }
      const answer = lastAnswer();
      // A client secret that no header can hold, for one.
      if (answer === null) return unfit(`the request to ${tokenOrigin} cannot be made`);
      const { refreshToken } = order;
      return readTokenAnswer(answer, { origin: tokenOrigin, refreshToken, now: options.now() });
    },

    dispose: () => closing.abort(),
  };
}

/** Loaded when it is first needed: it is large, and most commands never do. */
function loadClient() {
  return import('@modelcontextprotocol/sdk/client/auth.js');
}

function clientInformation(client_id: string, client_secret: string | null) {
  return { client_id, ...(client_secret !== null && { client_secret }) };
}

function isNothingThere({ status }: Response): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

interface FoundMetadata {
  readonly metadata: AuthorizationServerMetadata;
  /** Where it was asked for. */
  readonly at: URL;
}

/** Why a refresh token may not go where the metadata says; `null`: it may. */
function whyNot(found: FoundMetadata | undefined, endpoint: URL, server: URL): string | null {
  const home = server.origin;
  const metadata = found?.metadata;
  if (metadata !== undefined && !isSameIssuer(metadata.issuer, server.href)) {
    const other = URL.canParse(metadata.issuer) ? new URL(metadata.issuer).origin : null;
    if (other === home) return `the metadata of ${home} is that of another issuer there`;
    return `the metadata of ${home} is that of ${other ?? 'something without an address'}`;
  }
  if (endpoint.origin !== home && !found?.at.pathname.startsWith('/.well-known/'))
    return `what names a token endpoint elsewhere does not stand at the root of ${home}`;
  if (hasUserinfo(endpoint)) return `the token endpoint that ${home} names holds a user name`;
  if (!isSafe(endpoint) || (isLoopback(endpoint) && !isLoopback(server)))
    return `the token endpoint of ${home} is neither https nor where it should be`;
  return null;
}

function isWithin(url: string, base: string): boolean {
  return new URL(url).origin === new URL(base).origin;
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
