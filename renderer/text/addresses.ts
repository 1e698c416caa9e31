/** A piece of a text: words, or an address with the part of it that says whose it is. */
export type Piece =
  | { readonly kind: 'words'; readonly text: string }
  | {
      readonly kind: 'address';
      /** Before the host, the host, and what follows it. Together they are the whole. */
      readonly before: string;
      readonly host: string;
      readonly after: string;
    };
export type Address = Extract<Piece, { kind: 'address' }>;

// What a sentence puts around an address does not belong to it.
const ADDRESS = /\bhttps?:\/\/[^\s"'“”‘’«»<>]+/giu;
const TRAILING = /[.,;:!?)\]}]+$/;

/** More than this of a path tells nobody anything. */
const MAX_PATH = 160;

/** A text taken apart, so that its addresses can be set apart from its words. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  const words = (to: number): void => {
    if (to > end) pieces.push({ kind: 'words', text: text.slice(end, to) });
  };
  for (const match of text.matchAll(ADDRESS)) {
    const found = match[0].replace(TRAILING, '');
    const address = addressOf(found);
    if (address === null) continue;
    words(match.index);
    pieces.push(address);
    end = match.index + found.length;
  }
  words(text.length);
  return pieces;
}

/** The addresses of a text, each once, in the order in which they occur. */
export function addressesOf(text: string): readonly Address[] {
  const all = piecesOf(text).filter((piece) => piece.kind === 'address');
  return [...new Map(all.map((one) => [addressText(one), one])).values()];
}

/** An address in one piece. */
export function addressText({ before, host, after }: Address): string {
  return `${before}${host}${after}`;
}

/**
 * An address as programs understand it, which is not always as it is read: "https://bank.example@evil.example"
 * leads to the latter, and a letter that only looks like an "a" is shown for what it is. Whatever could be a
 * secret in it is left out.
 */
function addressOf(text: string): Address | null {
  const url = URL.parse(text);
  if (url === null || url.host === '') return null;
  const { username, password, protocol, host, pathname, search } = url;
  const user = username === '' && password === '' ? '' : '…@';
  // A lone slash that was not written is not shown either.
  const path = pathname === '/' && !text.endsWith('/') ? '' : pathname;
  const short = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
  const after = search === '' ? short : `${short}?…`;
  return { kind: 'address', before: `${protocol}//${user}`, host, after };
}
