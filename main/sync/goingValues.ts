import { hash } from 'node:crypto';
import type { Digester } from '../credentials/digest.ts';
import type { Entry, Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf } from '../credentials/fields.ts';
import { fieldName } from '../credentials/serverState.ts';
import type { JournalValue } from '../journal/journal.ts';

/** Field ids whose value differs. Untouched values are the very same objects, so this compares references. */
export function changedFields(before: Entry | null, after: Entry | null): FieldId[] {
  if (before === after) return [];
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id));
}

/** The values that a write will replace or remove: what the journal must hold before it happens. */
export function goingValues(
  before: Entry | null,
  after: Entry | null,
  missionId: string | null,
  digester: Digester,
): JournalValue[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return changedFields(before, after).flatMap((id) => {
    const value = old.get(id);
    if (value === undefined) return [];
    return [
      {
        field: id,
        name: fieldName(id, value),
        digest: digester.field(value),
        value,
        reason: now.has(id) ? 'replaced' : 'removed',
        missionId,
      },
    ];
  });
}

/** The journal's name for the raw text of an entry that could not be read and is overwritten on the user's word. */
export const UNREADABLE_FIELD = '';

/** The raw text of an unreadable entry: a truncated one may hold the only copy of a token. */
export function goingText(text: string, missionId: string | null): JournalValue {
  return {
    field: UNREADABLE_FIELD,
    name: 'unreadable entry',
    digest: hash('sha256', text),
    value: text satisfies Json,
    reason: 'replaced',
    missionId,
  };
}
