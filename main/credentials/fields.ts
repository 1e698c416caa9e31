import { type Entry, isObject, type Json, KNOWN_MAPS, SERVER_MAP } from './entry.ts';

/**
 * A field is what the merge looks at as one: a server, a sub-key of another known map, or any other
 * top-level key. Its id is a JSON Pointer (RFC 6901), e.g. `/mcpOAuth/loop|0123456789abcdef`.
 */
export type FieldId = string;

/** Claude's own login: it belongs to an account and not to MCP, and is carried only when asked for. */
const LOGIN_FIELDS: ReadonlySet<FieldId> = new Set(['/claudeAiOauth', '/trustedDeviceToken']);

export function isLoginField(id: FieldId): boolean {
  return LOGIN_FIELDS.has(id);
}

/** Whether it lies in one of the maps that are MCP's. What else an entry holds is its account's, or its device's. */
export function isMcpField(id: FieldId): boolean {
  return splitField(id).map !== null;
}

const SERVER_PREFIX = `/${SERVER_MAP}/`;

export function isServerField(id: FieldId): boolean {
  return id.startsWith(SERVER_PREFIX);
}

const noFields: ReadonlyMap<FieldId, Json> = new Map();
/** Entries are never changed in place, and one is asked for its fields many times. */
const remembered = new WeakMap<Entry, ReadonlyMap<FieldId, Json>>();

/** All fields of an entry, by id, in the entry's order. */
export function fieldsOf(entry: Entry | null): ReadonlyMap<FieldId, Json> {
  if (entry === null) return noFields;
  let fields = remembered.get(entry);
  if (fields === undefined) {
    fields = collectFields(entry);
    remembered.set(entry, fields);
  }
  return fields;
}

function collectFields(entry: Entry): ReadonlyMap<FieldId, Json> {
  const fields = new Map<FieldId, Json>();
  for (const [key, value] of Object.entries(entry)) {
    if (KNOWN_MAPS.includes(key) && isObject(value)) {
      for (const [subKey, subValue] of Object.entries(value)) {
        fields.set(fieldId(key, subKey), subValue);
      }
    } else {
      fields.set(fieldId(null, key), value);
    }
  }
  return fields;
}

/**
 * The entry with some fields set (a value) or removed (`undefined`). Keys keep their places, new ones
 * come last. A known map stays when its last field goes, as the client leaves it.
 */
export function withFields(
  entry: Entry | null,
  changes: ReadonlyMap<FieldId, Json | undefined>,
): Entry {
  // Entries rather than assignment: a key named `__proto__` must stay an ordinary key.
  const top = new Map<string, Json | Map<string, Json>>();
  for (const [key, value] of Object.entries(entry ?? {})) {
    top.set(
      key,
      KNOWN_MAPS.includes(key) && isObject(value) ? new Map(Object.entries(value)) : value,
    );
  }
  for (const [id, value] of changes) {
    const { map, key } = splitField(id);
    if (map === null) {
      setOrDelete(top, key, value);
      continue;
    }
    const sub = top.get(map);
    if (sub instanceof Map) setOrDelete(sub, key, value);
    else if (value !== undefined) top.set(map, new Map([[key, value]]));
  }
  return Object.fromEntries(
    [...top].map(([key, value]) => [key, value instanceof Map ? Object.fromEntries(value) : value]),
  );
}

/** The id of the field under `key` in a known map, or (`null`) at the top. */
export function fieldId(map: string | null, key: string): FieldId {
  return map === null ? `/${escapeToken(key)}` : `/${map}/${escapeToken(key)}`;
}

/** Where a field lives: in a known map under `key`, or (`map: null`) at the top. */
export function splitField(id: FieldId): { map: string | null; key: string } {
  const slash = id.indexOf('/', 1);
  if (slash === -1) return { map: null, key: unescapeToken(id.slice(1)) };
  return { map: unescapeToken(id.slice(1, slash)), key: unescapeToken(id.slice(slash + 1)) };
}

function setOrDelete<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function escapeToken(token: string): string {
  return token.includes('~') || token.includes('/')
    ? token.replaceAll('~', '~0').replaceAll('/', '~1')
    : token;
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
