import type { Digest } from '../credentials/digest.ts';
import type { Json } from '../credentials/entry.ts';
import type { FieldId } from '../credentials/fields.ts';
import type { Journal, JournalGet } from '../journal/journal.ts';
import { ExitCode, UserError } from '../system/userError.ts';

/** The newest record of just this value in the journal. @throws UserError if there is none, or it cannot be read */
export async function keptValue(
  journal: Pick<Journal, 'list' | 'get'>,
  field: FieldId,
  digest: Digest,
): Promise<Json> {
  const { items } = await journal.list();
  const item = items.find((one) => one.field === field && one.digest === digest);
  if (item === undefined)
    throw new UserError('The former sign-in is not in the journal any more; sign in anew.');
  return foundIn(await journal.get(item.id), item.id).value as Json;
}

/** What a look into the journal gave. @throws UserError that says why there is no value */
export function foundIn(kept: JournalGet, id: string): Extract<JournalGet, { status: 'found' }> {
  if (kept.status === 'found') return kept;
  if (kept.status === 'absent')
    throw new UserError(
      `There is no value "${id}" in the journal; "agenc-bar journal ls" lists them.`,
    );
  const code = kept.reason === 'tampered' ? ExitCode.failed : ExitCode.unavailable;
  throw new UserError(`The value "${id}" cannot be read: ${kept.detail}`, code);
}
