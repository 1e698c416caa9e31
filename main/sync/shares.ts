import type { Entry } from '../credentials/entry.ts';
import { type FieldId, fieldsOf } from '../credentials/fields.ts';
import { MAX_FIELD_LENGTH, MAX_SHARED_FIELDS, MAX_SHARED_LENGTH } from '../credentials/limits.ts';

/** Ids of the missions that brought a field into the global entry, and that last made it longer; `null`: nobody known. */
export type Share = readonly [broughtBy: string | null, grownBy: string | null];
export type Shares = ReadonlyMap<FieldId, Share>;

/** Beyond what new fields may fill: for values that take the place of others. */
const RESERVE = 128 * 1024;

const NOBODY: Share = [null, null];
const NOTHING: ReadonlySet<FieldId> = new Set();

/** The largest fields, for people. */
export interface LargeField {
  readonly id: FieldId;
  /** UTF-16 units of JSON, its key included. */
  readonly length: number;
  /** The mission that made it as long as it is; `null`: none that is known. */
  readonly by: string | null;
}

/**
 * Which of the fields that a mission brings do not fit into the global entry. A mission may have brought as much as
 * is left beside it, in fields and in length, so that one alone fills half, and a second one half of the rest. What
 * replaces a value and is no longer than that always fits. A longer one also fits where its mission has brought
 * little, as long as the reserve lasts; and so does what was lost from there. Pure.
 *
 * @param up what the mission brings: fields of `after`, or removed from there
 * @param wasThere whether the global entry had a field when it was last in step
 * @returns the fields that do not fit, and the shares once all others are in
 */
export function divide(
  mission: string,
  before: Entry | null,
  after: Entry | null,
  up: readonly FieldId[],
  shares: Shares,
  wasThere: (id: FieldId) => boolean,
): { readonly refused: ReadonlySet<FieldId>; readonly shares: Shares } {
  // As it is nearly always, for each of hundreds of missions.
  if (up.length === 0) return { refused: NOTHING, shares };
  const lengths = lengthsOf(before);
  const latter = lengthsOf(after);
  const next = new Map(shares);
  const refused = new Set<FieldId>();
  const growth = (id: FieldId): number => (latter.get(id) ?? 0) - (lengths.get(id) ?? 0);

  function fits(isNew: boolean, isBack: boolean): boolean {
    const total = { fields: lengths.size, length: 0 };
    const own = { fields: 0, length: 0 };
    for (const [id, length] of lengths) {
      const [broughtBy, grownBy] = next.get(id) ?? NOBODY;
      total.length += length;
      if (broughtBy === mission) own.fields += 1;
      if (grownBy === mission) own.length += length;
    }
    const isFair = own.length <= MAX_SHARED_LENGTH - total.length;
    if (isNew) return isFair && own.fields <= MAX_SHARED_FIELDS - total.fields;
    const isLittle = isBack || own.length <= MAX_FIELD_LENGTH;
    return isFair || (isLittle && total.length <= MAX_SHARED_LENGTH + RESERVE);
  }

  // What makes room comes first, then the short: ordinary sign-ins go before what is out of proportion.
  for (const id of [...up].sort((one, other) => growth(one) - growth(other))) {
    const [from, to] = [lengths.get(id), latter.get(id)];
    if (to === undefined) lengths.delete(id);
    else lengths.set(id, to);
    if (to === undefined || (from !== undefined && to <= from)) continue;
    const share = next.get(id);
    const isBack = from === undefined && wasThere(id);
    if (!isBack) next.set(id, [from === undefined ? mission : (share?.[0] ?? null), mission]);
    if (fits(from === undefined && !isBack, isBack)) continue;
    refused.add(id);
    if (from === undefined) lengths.delete(id);
    else lengths.set(id, from);
    if (share === undefined) next.delete(id);
    else next.set(id, share);
  }
  return { refused, shares: next };
}

/** The largest fields of the global entry first. */
export function largestFields(global: Entry | null, shares: Shares, count: number): LargeField[] {
  return [...lengthsOf(global)]
    .sort(([, one], [, other]) => other - one)
    .slice(0, count)
    .map(([id, length]) => ({ id, length, by: shares.get(id)?.[1] ?? null }));
}

/** Entries are never changed in place. */
const remembered = new WeakMap<Entry, ReadonlyMap<FieldId, number>>();

function lengthsOf(entry: Entry | null): Map<FieldId, number> {
  if (entry === null) return new Map();
  let lengths = remembered.get(entry);
  if (lengths === undefined) {
    lengths = new Map(
      [...fieldsOf(entry)].map(([id, value]) => [id, id.length + JSON.stringify(value).length]),
    );
    remembered.set(entry, lengths);
  }
  return new Map(lengths);
}
