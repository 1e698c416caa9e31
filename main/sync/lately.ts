import { createDigester, type Digest, type Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry, KNOWN_MAPS } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField } from '../credentials/fields.ts';

/**
 * What this engine has seen of the entries since it started, by place (as in the book of destinations): evidence of
 * what took a server out of an entry. Nothing of it is kept for the next engine, to which much may have happened.
 */
export interface Lately {
  /** A place's entry as it is after a reconcile. */
  note(place: string, entry: Entry | null): void;
  /** Whether what is not MCP's is other than at the last reconcile: then it was no `claude mcp logout` that wrote. */
  isRestOther(place: string, entry: Entry | null): boolean;
  /** A mission's entry was just cloned. @param brought what the global entry got from it */
  cloned(place: string, brought: readonly FieldId[]): void;
  /**
   * What a mission had brought that was cloned just now, if it holds what the global entry was before: another program
   * at the mission's start has put there what it had read a moment ago, and nobody has signed out of that.
   */
  rewound(place: string, entry: Entry | null): ReadonlySet<FieldId>;
  /** What the global entry is: some of it will be what it was. */
  noteGlobal(entry: Entry | null): void;
  forget(place: string): void;
}

/** A program that clones as well does it at the very start of its mission. */
const START_MS = 5_000;
/** Global entries remembered; within that time there are hardly more. */
const MAX_FORMER = 20;
const NOTHING: ReadonlySet<FieldId> = new Set();

/** @param monotonic ms */
export function createLately(digester: Digester, monotonic: () => number): Lately {
  const rests = new Map<string, Digest>();
  /** Of its own: the other one remembers the entry that it saw last, which hundreds of missions have alike. */
  const restDigester = createDigester();
  const clones = new Map<string, { readonly at: number; readonly brought: ReadonlySet<FieldId> }>();
  let former: readonly Digest[] = [];

  /** The digest of all that a sign-out of MCP servers leaves alone. */
  function restOf(entry: Entry | null): Digest {
    const rest = Object.entries(entry ?? EMPTY_ENTRY).filter(([key]) => !KNOWN_MAPS.includes(key));
    return restDigester.entry(Object.fromEntries(rest));
  }

  return {
    note: (place, entry) => void rests.set(place, restOf(entry)),
    isRestOther(place, entry) {
      const before = rests.get(place);
      return before !== undefined && before !== restOf(entry);
    },
    cloned: (place, brought) =>
      void clones.set(place, { at: monotonic(), brought: new Set(brought) }),
    rewound(place, entry) {
      const clone = clones.get(place);
      if (clone === undefined || clone.brought.size === 0) return NOTHING;
      if (monotonic() - clone.at > START_MS) return NOTHING;
      return former.includes(digester.entry(entry ?? EMPTY_ENTRY)) ? clone.brought : NOTHING;
    },
    noteGlobal(entry) {
      // Whoever finds nothing in an entry may as well have wiped it.
      if (![...fieldsOf(entry).keys()].some(isServerField)) return;
      const digest = digester.entry(entry ?? EMPTY_ENTRY);
      former = [digest, ...former.filter((one) => one !== digest)].slice(0, MAX_FORMER);
    },
    forget(place) {
      rests.delete(place);
      clones.delete(place);
    },
  };
}
