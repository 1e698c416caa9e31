import { errorCode } from '../system/errors.ts';

/** The part of `fetch` that the OAuth client uses. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface FetchBounds {
  /** Whether a request may go there; asked for every redirect's target, too. */
  readonly allows: (url: URL) => boolean;
  /** Redirects of a GET are followed within its origin; of anything else never. Default: not followed. */
  readonly followsRedirects?: boolean;
  readonly timeLimitMs: number;
  readonly maxBytes: number;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

/** What became of the last request of a {@link BoundedFetch}. */
export interface LastAnswer {
  readonly status: number;
  /** RFC 9110, 10.2.3, in ms, a day at most; `null` where the server says nothing of use. */
  readonly retryAfterMs: number | null;
  /** May hold secrets. */
  readonly body: string;
}

export interface BoundedFetch {
  readonly fetch: FetchLike;
  /** `null`: no answer yet. */
  lastAnswer(): LastAnswer | null;
}

/**
 * A request that came to nothing.
 * - `sent: false`: it never reached the server, so it can have done nothing there
 */
export class FetchFailed extends Error {
  readonly sent: boolean;

  /** @param why for people; never quotes a body or a query */
  constructor(why: string, sent: boolean) {
    super(why);
    this.name = 'FetchFailed';
    this.sent = sent;
  }
}

/** No connection was made, or no name found, or the server's certificate was refused: nothing was sent. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL|UND_ERR_CONNECT|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
const LONGEST_RETRY_AFTER_MS = 86_400_000;

/**
 * `fetch` that goes only where it may, and takes only so much time and so many bytes, redirects included.
 * An answer comes without the `Location` of a redirect, so that nobody behind follows one. It throws
 * {@link FetchFailed}, and never a TypeError: the OAuth client takes that for CORS trouble of a browser and
 * goes on as if the server had nothing to say.
 */
export function createBoundedFetch(bounds: FetchBounds, base: FetchLike = fetch): BoundedFetch {
  let last: LastAnswer | null = null;

  async function bounded(target: string | URL, init?: RequestInit): Promise<Response> {
    const limit = AbortSignal.timeout(bounds.timeLimitMs);
    const signal = bounds.signal === undefined ? limit : AbortSignal.any([limit, bounds.signal]);
    const follows = bounds.followsRedirects === true && (init?.method ?? 'GET') === 'GET';
    let url = new URL(target);
    for (let left = follows ? MAX_REDIRECTS : 0; ; left -= 1) {
      const answer = await ask(url, { ...init, redirect: 'manual', signal });
      const next = left > 0 ? redirectTarget(answer, url) : null;
      if (next === null) {
        answer.headers.delete('location');
        return answer;
      }
      url = next;
    }
  }

  async function ask(url: URL, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
    if (!bounds.allows(url) || hasUserinfo(url))
      throw new FetchFailed(`${url.origin} may not be asked`, false);
    if (init.signal.aborted) throw new FetchFailed('it was called off', false);
    try {
      const response = await base(url, init);
      const bytes = await readBounded(response, bounds.maxBytes);
      const { status, statusText, headers } = response;
      const retryAfterMs = retryAfter(headers);
      last = { status, retryAfterMs, body: new TextDecoder().decode(bytes) };
      return new Response(bytes.length === 0 ? null : bytes, { status, statusText, headers });
    } catch (error) {
      if (error instanceof FetchFailed) throw error;
      throw new FetchFailed(`${url.origin}: ${reasonOf(error)}`, !isNotSent(error));
    }
  }

  return { fetch: bounded, lastAnswer: () => last };
}

/** Where a redirect leads, if that is within the origin that was asked. */
function redirectTarget({ status, headers }: Response, from: URL): URL | null {
  const location = headers.get('location');
  if (!REDIRECTS.includes(status) || location === null || !URL.canParse(location, from.href))
    return null;
  const target = new URL(location, from);
  return target.origin === from.origin && !hasUserinfo(target) ? target : null;
}

/** `fetch` takes no address with a name or password in it. */
export function hasUserinfo({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > maxBytes) throw new FetchFailed(`the answer has over ${maxBytes} bytes`, true);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Seconds or a date to come, which begins with its weekday; anything else counts as nothing. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  const isDate = /^(mon|tue|wed|thu|fri|sat|sun)/i.test(text);
  const waitMs = /^\d+$/.test(text)
    ? Number(text) * 1_000
    : isDate
      ? Date.parse(text) - Date.now()
      : 0;
  return waitMs > 0 ? Math.min(waitMs, LONGEST_RETRY_AFTER_MS) : null;
}

function isNotSent(error: unknown): boolean {
  // `fetch` asks nobody at the ports of mail and the like, and says so in words only.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return NOT_SENT.test(codeOf(error)) || cause === 'bad port';
}

/** What `fetch` throws says nothing itself; its cause does, or, for several addresses, the first of its causes. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const [first] = cause instanceof AggregateError ? cause.errors : [cause];
  return errorCode(first) ?? '';
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  return codeOf(error) || 'the connection failed';
}
