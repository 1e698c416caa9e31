import type { Digest, Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry, KNOWN_MAPS } from '../credentials/entry.ts';
import { fieldsOf, isServerField } from '../credentials/fields.ts';

/**
 * What this engine has seen of the entries since it started, by place (see {@link DestinationBook.look}): evidence of
 * what took a server out of an entry. Nothing of it is kept for the next engine, to which much may have happened.
 */
export interface Lately {
  /** A place's entry as it is after a reconcile. */
  note(place: string, entry: Entry | null): void;
  /** Whether what is not MCP's is other than at the last reconcile: then it was no `claude mcp logout` that wrote. */
  isRestOther(place: string, entry: Entry | null): boolean;
  /** A mission's entry was just cloned. */
  cloned(place: string): void;
  /**
   * Whether a mission that was cloned just now holds what the global entry was before: another program at the mission's
   * start has put there what it had read a moment ago.
   */
  isRewound(place: string, entry: Entry | null): boolean;
  /** What the global entry is: some of it will be what it was. */
  noteGlobal(entry: Entry | null): void;
  forget(place: string): void;
}

/** A program that clones as well does it at the very start of its mission. */
const START_MS = 5_000;
/** Global entries remembered; within that time there are hardly more. */
const MAX_FORMER = 20;

/** @param monotonic ms */
export function createLately(digester: Digester, monotonic: () => number): Lately {
  const rests = new Map<string, Digest>();
  const clonedAt = new Map<string, number>();
  let former: readonly Digest[] = [];

  /** The digest of all that a sign-out of MCP servers leaves alone. */
  function restOf(entry: Entry | null): Digest {
    const rest = Object.entries(entry ?? EMPTY_ENTRY).filter(([key]) => !KNOWN_MAPS.includes(key));
    return digester.entry(Object.fromEntries(rest));
  }

  return {
    note: (place, entry) => void rests.set(place, restOf(entry)),
    isRestOther(place, entry) {
      const before = rests.get(place);
      return before !== undefined && before !== restOf(entry);
    },
    cloned: (place) => void clonedAt.set(place, monotonic()),
    isRewound(place, entry) {
      const at = clonedAt.get(place);
      if (at === undefined || monotonic() - at > START_MS) return false;
      return former.includes(digester.entry(entry ?? EMPTY_ENTRY));
    },
    noteGlobal(entry) {
      // Whoever finds nothing in an entry may as well have wiped it.
      if (![...fieldsOf(entry).keys()].some(isServerField)) return;
      const digest = digester.entry(entry ?? EMPTY_ENTRY);
      former = [digest, ...former.filter((one) => one !== digest)].slice(0, MAX_FORMER);
    },
    forget(place) {
      rests.delete(place);
      clonedAt.delete(place);
    },
  };
}
