import { countFields, type Entry, MAX_ENTRY_LENGTH, MAX_FIELDS } from './entry.ts';
import { type FieldId, fieldsOf, splitField } from './fields.ts';

/**
 * What is too large to be carried. An entry is copied into every mission and merged at every change, so one
 * mission's megabytes would be everybody's. Lengths are in UTF-16 units of JSON.
 */

/** A server's value has 1,500 or so; with a large token and its metadata, 10,000. */
export const MAX_FIELD_LENGTH = 64 * 1024;
/** The client's keys are a name and 17 more. */
const MAX_KEY_LENGTH = 300;
/** Less than one entry may hold (see entry.ts), so that a mission has room for what is only its own. */
export const MAX_SHARED_FIELDS = 400;
export const MAX_SHARED_LENGTH = 768 * 1024;

const none: ReadonlySet<FieldId> = new Set();
/** Entries are never changed in place. */
const oversized = new WeakMap<Entry, ReadonlySet<FieldId>>();
const lengths = new WeakMap<Entry, number>();

/** The fields of an entry that are not carried, neither from it nor to it. */
export function oversizedFields(entry: Entry | null): ReadonlySet<FieldId> {
  if (entry === null) return none;
  let found = oversized.get(entry);
  if (found === undefined) {
    found = new Set(
      [...fieldsOf(entry)].flatMap(([id, value]) =>
        splitField(id).key.length > MAX_KEY_LENGTH ||
        JSON.stringify(value).length > MAX_FIELD_LENGTH
          ? [id]
          : [],
      ),
    );
    oversized.set(entry, found);
  }
  return found;
}

/** Whether an entry is more than what is read as one. */
export function isTooLarge(entry: Entry | null): boolean {
  return countFields(entry) > MAX_FIELDS || lengthOf(entry) > MAX_ENTRY_LENGTH;
}

function lengthOf(entry: Entry | null): number {
  if (entry === null) return 0;
  let length = lengths.get(entry);
  if (length === undefined) {
    length = JSON.stringify(entry).length;
    lengths.set(entry, length);
  }
  return length;
}
