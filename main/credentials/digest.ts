import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Entry, isObject, type Json, KNOWN_MAPS } from './entry.ts';

/** SHA-256 in lower-case hex, 64 digits. */
export type Digest = string;

export interface Digester {
  /** SHA-256 of a field's canonical JSON (RFC 8785). */
  field(value: Json): Digest;
  /** The credential hash: SHA-256 of an entry's canonical JSON (RFC 8785). */
  entry(entry: Entry): Digest;
}

interface Known {
  readonly canonical: string;
  digest: Digest | null;
}

/** Enough for the entries of a fleet, small enough to forget: characters of canonical JSON kept per generation. */
const GENERATION_CHARS = 2_000_000;

/**
 * Makes a digester that remembers the canonical form of fields it has seen. Hundreds of missions hold
 * the same servers, and of 300 servers one changes at a time, so nearly every field is a known one.
 * Memory is bounded by keeping two generations and dropping the older.
 */
export function createDigester(): Digester {
  let young = new Map<string, Known>();
  let old = new Map<string, Known>();
  let chars = 0;

  function look(value: Json): Known {
    const raw = JSON.stringify(value);
    const kept = young.get(raw);
    if (kept !== undefined) return kept;
    const known = old.get(raw) ?? { canonical: canonicalJson(value), digest: null };
    if (chars > GENERATION_CHARS) {
      old = young;
      young = new Map();
      chars = 0;
    }
    young.set(raw, known);
    chars += raw.length;
    return known;
  }

  return {
    field(value) {
      const known = look(value);
      known.digest ??= hash('sha256', known.canonical);
      return known.digest;
    },
    entry(entry) {
      const canonical = canonicalObject(entry, (key, value) =>
        KNOWN_MAPS.includes(key) && isObject(value)
          ? canonicalObject(value, (_, sub) => look(sub).canonical)
          : look(value).canonical,
      );
      return hash('sha256', canonical);
    },
  };
}

/** RFC 8785's rule for objects (keys by UTF-16 code units), over values that are canonical already. */
function canonicalObject(
  object: Entry,
  canonicalValue: (key: string, value: Json) => string,
): string {
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalValue(key, object[key] as Json)}`);
  return `{${members.join(',')}}`;
}

function canonicalJson(value: Json): string {
  const canonical = canonicalize(value);
  if (canonical === undefined) throw new TypeError('JSON values always have a canonical form');
  return canonical;
}
