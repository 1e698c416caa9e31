/**
 * A credential entry: the JSON blob that Claude Code keeps per config directory. Only the maps named
 * here are carried; every other key stays where it is, and survives our writes.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Entry = { readonly [key: string]: Json };

export const SERVER_MAP = 'mcpOAuth';
/** Sign-ins to the identity providers that some MCP servers are signed in to by (`claude mcp xaa`). */
const IDENTITY_MAP = 'mcpXaaIdp';
/** The maps that hold what a client's logout takes one by one. */
export const SIGN_IN_MAPS: readonly string[] = [SERVER_MAP, IDENTITY_MAP];
/** The top-level maps whose sub-keys are synced one by one: all that is MCP's, and all that is carried. */
export const KNOWN_MAPS: readonly string[] = [
  ...SIGN_IN_MAPS,
  'mcpOAuthClientConfig',
  'mcpXaaIdpConfig',
  'pluginSecrets',
];

/** Deeper than any real entry (4), far below what overflows a stack. */
const MAX_DEPTH = 64;
/** UTF-16 units. The largest real entries have some 50,000: of 30 servers. */
export const MAX_ENTRY_LENGTH = 1024 * 1024;
/** Servers, what else is carried, and top-level keys. The largest real entries have some 60. */
export const MAX_FIELDS = 500;

export type ParsedEntry =
  | { readonly status: 'ok'; readonly entry: Entry }
  /** `reason` completes "the entry is …" and never quotes the text, which is secret. */
  | { readonly status: 'malformed'; readonly reason: string };

/** An entry that holds nothing yet, as the client leaves it after the last logout. */
export const EMPTY_ENTRY: Entry = { [SERVER_MAP]: {} };

/**
 * Parses the text of an entry, strictly: what cannot be carried unharmed is malformed, so that
 * nobody merges with it. JSON.parse's own message quotes the text, so it is not passed on.
 */
export function parseEntry(text: string): ParsedEntry {
  if (text.length > MAX_ENTRY_LENGTH) {
    const megabytes = (text.length / 1024 / 1024).toFixed(1);
    return malformed(`too large: it has ${megabytes} MB, and 1 MB is the most that is carried`);
  }
  if (text.trim() === '') return malformed('empty');
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // The parser's message quotes the text around the error: a secret.
    return malformed('not valid JSON');
  }
  if (!isObject(value)) return malformed('not a JSON object');
  for (const map of KNOWN_MAPS) {
    const held = value[map];
    if (held !== undefined && !isObject(held))
      return malformed(`of an unknown form: "${map}" is not an object`);
  }
  const fields = countFields(value);
  if (fields > MAX_FIELDS) {
    return malformed(
      `too large: it holds ${fields} servers and other keys, and ${MAX_FIELDS} are the most that are carried`,
    );
  }
  const flaw = findFlaw(value, 0);
  return flaw === null ? { status: 'ok', entry: value } : malformed(flaw);
}

/** How many fields (see fields.ts) an entry has, without a list of them. */
export function countFields(entry: Entry | null): number {
  let count = 0;
  for (const key in entry) {
    const held = entry[key];
    count += KNOWN_MAPS.includes(key) && isObject(held) ? Object.keys(held).length : 1;
  }
  return count;
}

/** The text that we write: compact JSON, keys in the order in which they came. */
export function serialiseEntry(entry: Entry): string {
  return JSON.stringify(entry);
}

export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(reason: string): ParsedEntry {
  return { status: 'malformed', reason };
}

/** What RFC 8785 cannot express: numbers outside a double, strings that are not Unicode; and absurd nesting. */
function findFlaw(value: Json, depth: number): string | null {
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : 'holding a number that is out of range';
  if (typeof value === 'string')
    return value.isWellFormed() ? null : 'holding text that is not Unicode';
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_DEPTH) return 'nested too deeply';
  for (const key in value) {
    if (!key.isWellFormed()) return 'holding text that is not Unicode';
    const flaw = findFlaw((value as { [key: string]: Json })[key] as Json, depth + 1);
    if (flaw !== null) return flaw;
  }
  return null;
}
