import type { Digest, Digester } from '../credentials/digest.ts';
import { type Entry, parseEntry } from '../credentials/entry.ts';
import { type ServerSummary, summariseServers } from '../credentials/serverState.ts';
import {
  type CredentialStore,
  type EntryRef,
  type Unavailable,
  unavailable,
} from '../stores/store.ts';

/** The global entry's, the one before, and a mission's or two that differ. */
const REMEMBERED_TEXTS = 4;

const OVERFLOW = 'a newer Claude Code keeps a part of it in a second keychain item, sealed';

/** An entry as read, with its secrets; lives for one reconcile. */
export type LoadedEntry =
  | {
      readonly status: 'ok';
      /** `null`: absent. */
      readonly entry: Entry | null;
      readonly text: string | null;
      readonly writtenAt: number | null;
      readonly stamp: string | null;
    }
  | {
      readonly status: 'malformed';
      readonly reason: string;
      readonly text: string;
      readonly stamp: string | null;
    }
  | Unavailable;

/** An entry as it may be shown and kept: no secrets. */
export type EntryView =
  | { readonly status: 'found'; readonly hash: Digest; readonly servers: readonly ServerSummary[] }
  | { readonly status: 'absent' }
  | { readonly status: 'malformed'; readonly reason: string }
  | Unavailable;

export type ParseEntry = typeof parseEntry;

/** Fleets hold the same text hundreds of times: parses that remember the last few. Entries are never changed in place. */
export function createParser(): ParseEntry {
  const remembered = new Map<string, ReturnType<ParseEntry>>();
  return (text) => {
    let parsed = remembered.get(text);
    if (parsed === undefined) {
      parsed = parseEntry(text);
      const [oldest] = remembered.keys();
      if (remembered.size >= REMEMBERED_TEXTS && oldest !== undefined) remembered.delete(oldest);
      remembered.set(text, parsed);
    }
    return parsed;
  };
}

export async function loadEntry(
  store: CredentialStore,
  ref: EntryRef,
  parse: ParseEntry = parseEntry,
): Promise<LoadedEntry> {
  // Before the read: a write in between then looks like a change, and is looked at once more.
  const stamp = await store.stamp(ref);
  const read = await store.read(ref);
  if (read.status === 'unavailable') return read;
  if (read.status === 'absent')
    return { status: 'ok', entry: null, text: null, writtenAt: null, stamp };
  const parsed = parse(read.text);
  if (parsed.status === 'malformed') return { ...parsed, text: read.text, stamp };
  // The rest of it lies in an item that we do not read: what is missing here was not signed out of, and a write
  // would bring old tokens back or lose new ones.
  if (parsed.entry.keychainOverflow !== undefined) return unavailable('overflow', OVERFLOW);
  return { status: 'ok', entry: parsed.entry, text: read.text, writtenAt: read.writtenAt, stamp };
}

export function viewOf(loaded: LoadedEntry, digester: Digester): EntryView {
  if (loaded.status === 'unavailable') return loaded;
  if (loaded.status === 'malformed') return { status: 'malformed', reason: loaded.reason };
  return viewOfEntry(loaded.entry, digester);
}

export function viewOfEntry(entry: Entry | null, digester: Digester): EntryView {
  if (entry === null) return { status: 'absent' };
  return { status: 'found', hash: digester.entry(entry), servers: summariseServers(entry) };
}
