/**
 * How an entry's text becomes a keychain value and comes back. Pure.
 *
 * The client reads its items with `security find-generic-password -w`, which prints a value as hex
 * as soon as one byte of it is not printable ASCII. Clients and scripts that do not expect that see
 * a damaged entry, so what we write is always printable ASCII.
 */

const NOT_PRINTABLE = /[^ -~]/;
const EACH_NOT_PRINTABLE = /[^ -~]/g;
/** A string literal (kept), or white space between tokens (dropped). Only for text that is valid JSON. */
const STRING_OR_SPACE = /("(?:[^"\\]+|\\.)*")|[ \t\n\r]+/g;

/**
 * The same JSON, compact and in printable ASCII (`\uXXXX` escapes). Numbers, key order and repeated
 * keys stay as they are, which a parse and a stringify would not promise.
 * Text that is not JSON comes back unchanged.
 */
export function asciiJson(text: string): string {
  if (!isJson(text)) return text;
  return text
    .replace(STRING_OR_SPACE, (_match, literal: string | undefined) => literal ?? '')
    .replace(EACH_NOT_PRINTABLE, escapeUnit);
}

/** Whether every character is printable ASCII. */
export function isPrintableAscii(text: string): boolean {
  return !NOT_PRINTABLE.test(text);
}

/** The value as `-X` takes it. */
export function encodeHex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

/**
 * The value that `-w` printed, hex undone. Hex is undone only where the outcome can be an entry:
 * UTF-8 that either starts a JSON object or holds a byte for which the tool switches to hex.
 * No entry is itself a string of hex digits, as entries are JSON objects.
 */
export function decodePrinted(printed: string): string {
  if (printed.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(printed)) return printed;
  const text = decodeUtf8(Buffer.from(printed, 'hex'));
  if (text === null) return printed;
  return NOT_PRINTABLE.test(text) || text.startsWith('{') ? text : printed;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // a syntax error is the answer here, not a failure
  }
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null; // not UTF-8, so never written as text
  }
}
