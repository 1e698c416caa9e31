import { stripVTControlCharacters } from 'node:util';

export type FoundPage =
  | { readonly kind: 'none' }
  /** The address holds `state` and a PKCE challenge: it is for the browser, and for no log. */
  | { readonly kind: 'page'; readonly url: string }
  /** It would be opened in the clear. */
  | { readonly kind: 'refused'; readonly origin: string };

/** An address ends where white space or a control character follows: what has not come whole is not taken. */
const ADDRESS = /https?:\/\/[^\s\p{Cc}]+(?=[\s\p{Cc}])/gu;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
/** Of a client's words; more is no sentence. */
const MAX_WORDS = 300;
/** What could be a token, a code or a challenge. */
const OPAQUE = /[\w~+/=.-]{32,}/g;

/**
 * Finds the authorization page in what `claude mcp login --no-browser` printed on a terminal: plain, in a
 * hyperlink, or both.
 */
export function findAuthorizationPage(output: string): FoundPage {
  for (const [address] of output.matchAll(ADDRESS)) {
    const url = URL.canParse(address) ? new URL(address) : null;
    // Every authorization request has it (RFC 6749, 4.1.1; RFC 9126, 4); a link to some help has not.
    if (url === null || !url.searchParams.has('client_id')) continue;
    const isSafe = url.protocol === 'https:' || LOOPBACK.includes(url.hostname);
    return isSafe ? { kind: 'page', url: url.href } : { kind: 'refused', origin: url.origin };
  }
  return { kind: 'none' };
}

/** The last thing that the client said, without anything that could be a secret; `null`: nothing. */
export function lastWords(output: string): string | null {
  const lines = stripVTControlCharacters(output)
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/\p{Cc}/gu, '').trim())
    .filter((line) => line !== '' && !line.includes('://'));
  return lines.at(-1)?.replaceAll(OPAQUE, '…').slice(0, MAX_WORDS) ?? null;
}
