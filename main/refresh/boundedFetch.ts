import { errorCode } from '../system/errors.ts';

/** The part of `fetch` that the OAuth client uses. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface FetchBounds {
  /** Whether a request may go there; asked for every redirect's target, too. */
  readonly allows: (url: URL) => boolean;
  readonly timeLimitMs: number;
  readonly maxBytes: number;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
}

/** What became of the last request of a {@link BoundedFetch}. */
export interface LastAnswer {
  readonly status: number;
  /** RFC 9110, 10.2.3, in ms; `null` where the server says nothing. */
  readonly retryAfterMs: number | null;
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

/**
 * `fetch` that goes only where it may, follows no redirect by itself, and takes only so much time and so
 * many bytes. It throws {@link FetchFailed}, and never a TypeError: the OAuth client takes that for CORS
 * trouble of a browser and goes on as if the server had nothing to say.
 */
export function createBoundedFetch(bounds: FetchBounds, base: FetchLike = fetch): BoundedFetch {
  let last: LastAnswer | null = null;

  async function bounded(target: string | URL, init?: RequestInit): Promise<Response> {
    const url = new URL(target);
    if (!bounds.allows(url)) throw new FetchFailed(`${url.origin} may not be asked`, false);
    const limit = AbortSignal.timeout(bounds.timeLimitMs);
    const signal = bounds.signal === undefined ? limit : AbortSignal.any([limit, bounds.signal]);
    if (signal.aborted) throw new FetchFailed('it was called off', false);
    try {
      const response = await base(url, { ...init, redirect: 'manual', signal });
      last = { status: response.status, retryAfterMs: retryAfter(response.headers) };
      const body = await readBounded(response, bounds.maxBytes);
      const { status, statusText, headers } = response;
      return new Response(body.length === 0 ? null : body, { status, statusText, headers });
    } catch (error) {
      if (error instanceof FetchFailed) throw error;
      throw new FetchFailed(`${url.origin}: ${reasonOf(error)}`, !isNotSent(error));
    }
  }

  return { fetch: bounded, lastAnswer: () => last };
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

/** Seconds or a date; anything else counts as nothing. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function isNotSent(error: unknown): boolean {
  return NOT_SENT.test(codeOf(error));
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
