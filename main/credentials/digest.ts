import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Entry, isObject, type Json, KNOWN_MAPS } from './entry.ts';
import { type FieldId, fieldId } from './fields.ts';

/** SHA-256 in lower-case hex, 64 digits. */
export type Digest = string;

/** Names a value in few signs: the first 12 hex digits of the SHA-256 of its JSON. */
export function shortDigest(value: unknown): string {
  return hash('sha256', JSON.stringify(value)).slice(0, 12);
}

export interface Digester {
  /** SHA-256 of a field's canonical JSON (RFC 8785). */
  field(id: FieldId, value: Json): Digest;
  /** The credential hash: SHA-256 of an entry's canonical JSON (RFC 8785). */
  entry(entry: Entry): Digest;
}

interface Known {
  readonly value: Json;
  readonly canonical: string;
  digest: Digest | null;
}

/** Values remembered of each field: mission's, global one's, and the one before. */
const REMEMBERED_VALUES = 3;
/** More fields than any fleet has. */
const REMEMBERED_FIELDS = 10_000;
/** Characters of canonical JSON: who writes large values under ever new names is remembered no longer. */
const REMEMBERED_LENGTH = 16 * 1024 * 1024;

/**
 * Makes a digester that remembers the canonical form of the values it saw last in each field. Hundreds of
 * missions hold the same servers, and of 300 servers one changes at a time, so nearly every value is a
 * known one; telling that two values are the same is much cheaper than bringing one into canonical form.
 */
export function createDigester(): Digester {
  const seen = new Map<FieldId, Known[]>();
  let length = 0;
  let lastEntry: { parts: string[]; hash: Digest } = { parts: [], hash: '' };

  function look(id: FieldId, value: Json): Known {
    const known = seen.get(id) ?? [];
    for (const one of known) if (one.value === value) return one;
    const same = known.find((one) => isSame(one.value, value));
    const made: Known =
      same === undefined
        ? { value, canonical: canonicalJson(value), digest: null }
        : { ...same, value };
    if (same === undefined) length += made.canonical.length;
    if (seen.size > REMEMBERED_FIELDS || length > REMEMBERED_LENGTH) {
      seen.clear();
      length = made.canonical.length;
    }
    seen.set(id, [made, ...(seen.get(id) ?? [])].slice(0, REMEMBERED_VALUES));
    return made;
  }

  return {
    field(id, value) {
      const known = look(id, value);
      known.digest ??= hash('sha256', known.canonical);
      return known.digest;
    },
    entry(entry) {
      const parts: string[] = [];
      pushObject(parts, entry, (key, value) => {
        if (!KNOWN_MAPS.includes(key) || !isObject(value)) {
          parts.push(look(fieldId(null, key), value).canonical);
          return;
        }
        pushObject(parts, value, (sub, subValue) => {
          parts.push(look(fieldId(key, sub), subValue).canonical);
        });
      });
      // In step, entries are the same: the one before is most often this one.
      if (!isSame(parts, lastEntry.parts))
        lastEntry = { parts, hash: hash('sha256', parts.join('')) };
      return lastEntry.hash;
    },
  };
}

/** RFC 8785's rule for objects (keys by UTF-16 code units), over values that are canonical already. */
function pushObject(
  parts: string[],
  object: Entry,
  pushValue: (key: string, value: Json) => void,
): void {
  let before = '{';
  for (const key of Object.keys(object).sort()) {
    parts.push(`${before}${JSON.stringify(key)}:`);
    pushValue(key, object[key] as Json);
    before = ',';
  }
  parts.push(before === '{' ? '{}' : '}');
}

function canonicalJson(value: Json): string {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('JSON values always have a canonical form');
  return canonical;
}

/** Whether two values have the same canonical form. (`-0` and `0` do, as in JSON.) */
function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSame(item, b[index] as Json));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame(a[key] as Json, b[key] as Json));
}
