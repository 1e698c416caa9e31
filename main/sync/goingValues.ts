import { hash } from 'node:crypto';
import type { Digest, Digester } from '../credentials/digest.ts';
import type { Entry, Json } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField } from '../credentials/fields.ts';
import { fieldName, looksRefreshed } from '../credentials/serverState.ts';
import type { JournalValue } from '../journal/journal.ts';
import type { LoadedEntry } from './entryView.ts';
import type { Plan } from './plan.ts';
import { contentOf, type Reading } from './reader.ts';

/** Field ids whose value differs. Untouched values are the very same objects, so this compares references. */
export function changedFields(before: Entry | null, after: Entry | null): FieldId[] {
  if (before === after) return [];
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id));
}

/**
 * What the journal must hold before a plan is carried out: every value that it replaces or removes.
 * @param broughtBy the mission that brought a value of the global entry, if that is known
 */
export function goingValues(
  { global, missions }: Reading,
  plan: Plan,
  digester: Digester,
  broughtBy: (field: FieldId, digest: Digest) => string | null,
): JournalValue[] {
  const planned = new Map(plan.missions.map((mission) => [mission.id, mission]));
  const values = [...goingFrom(global, plan.global, null, digester)];
  for (const { target, loaded } of missions) {
    const mission = planned.get(target.mission.id);
    if (mission !== undefined)
      values.push(...goingFrom(loaded, mission.entry, mission.id, digester));
  }
  const bringers = new Map(plan.missions.flatMap(({ id, up }) => up.map((field) => [field, id])));
  // A refresh replaces the same old value everywhere: once is enough.
  const once = new Map(values.map((value) => [`${value.digest} ${value.field}`, value])).values();
  return [...once].map((value) => {
    const bringer = bringers.get(value.field as FieldId);
    const isOwn =
      bringer !== undefined && broughtBy(value.field as FieldId, value.digest) === bringer;
    return isOwn ? { ...value, rewritten: true } : value;
  });
}

function goingFrom(
  loaded: LoadedEntry,
  after: Entry | null,
  missionId: string | null,
  digester: Digester,
): JournalValue[] {
  if (loaded.status === 'malformed') return [goingText(loaded.text, missionId)];
  const { entry: before } = contentOf(loaded);
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return changedFields(before, after).flatMap((id) => {
    const value = old.get(id);
    if (value === undefined) return [];
    const next = now.get(id);
    const isRefresh = next !== undefined && isServerField(id) && looksRefreshed(value, next);
    const reason = isRefresh ? 'refreshed' : next === undefined ? 'removed' : 'replaced';
    return [
      {
        field: id,
        name: fieldName(id, value),
        digest: digester.field(id, value),
        value,
        reason,
        missionId,
      },
    ];
  });
}

/** The journal's name for the raw text of an entry that could not be read and is overwritten on the user's word. */
export const UNREADABLE_FIELD = '';

/** The raw text of an unreadable entry: a truncated one may hold the only copy of a token. */
function goingText(text: string, missionId: string | null): JournalValue {
  return {
    field: UNREADABLE_FIELD,
    name: 'unreadable entry',
    digest: hash('sha256', text),
    value: text satisfies Json,
    reason: 'replaced',
    missionId,
  };
}
