import type { Digest } from '../credentials/digest.ts';
import type { FieldId } from '../credentials/fields.ts';

/** A value of the global entry that a plan puts in the place of another. `null`: there was, or is, none. */
export interface Change {
  readonly field: FieldId;
  readonly former: Digest | null;
  readonly latter: Digest | null;
  /** The mission that it comes from; `null`: the user's word, or the engine's refresh. */
  readonly from: string | null;
  /** Whether it looks like the former one's successor in the same sign-in. */
  readonly isRefresh: boolean;
}

/** Which mission brought the values that the global entry holds, as far as it was seen. */
export interface Bringers {
  /** `null`: not known, or none did. */
  of(field: FieldId, digest: Digest): string | null;
  /** A plan is about to be carried out. It may yet be made anew: what was before is remembered, too. */
  note(changes: readonly Change[]): void;
}

interface Brought {
  readonly digest: Digest;
  readonly by: string;
}

/** Fields of which nothing is left are forgotten from this number on; no entry holds as many. */
const MOST_FIELDS = 5_000;

/** A value that the engine itself refreshed stays its bringer's: who made it up has made up its successors. */
export function createBringers(): Bringers {
  const known = new Map<FieldId, readonly Brought[]>();

  function of(field: FieldId, digest: Digest): string | null {
    return known.get(field)?.find((one) => one.digest === digest)?.by ?? null;
  }

  return {
    of,
    note(changes) {
      for (const { field, former, latter, from, isRefresh } of changes) {
        const before = former === null ? null : of(field, former);
        const by = from ?? (isRefresh ? before : null);
        const both = [
          ...(latter !== null && by !== null ? [{ digest: latter, by }] : []),
          ...(former !== null && before !== null ? [{ digest: former, by: before }] : []),
        ];
        // The last to be noted is the last to be forgotten.
        known.delete(field);
        if (both.length > 0) known.set(field, both);
      }
      for (const field of known.keys()) {
        if (known.size <= MOST_FIELDS) break;
        known.delete(field);
      }
    },
  };
}
