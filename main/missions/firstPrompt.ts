import { join } from 'node:path';
import { writeFileAtomic } from '../system/atomicFile.ts';
import { errorText } from '../system/errors.ts';
import { readForeign } from '../system/foreignFile.ts';
import { removeOwn } from '../system/ownFolder.ts';
import { UserError } from '../system/userError.ts';
import { missionsFolderOf } from './mission.ts';

/** In a mission's folder, 0600: what its next Claude starts with. A prompt has no business in arguments. */
const PROMPT_FILE = 'prompt';
/** Larger than any context. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Keeps a prompt for a mission's next run. @param folder `missions/<id>` @throws UserError */
export async function keepPrompt(folder: string, prompt: string): Promise<void> {
  try {
    await writeFileAtomic(join(folder, PROMPT_FILE), prompt, {
      mode: 0o600,
      durable: true,
      below: missionsFolderOf(folder),
    });
  } catch (error) {
    throw new UserError(`The prompt could not be kept in ${folder}: ${errorText(error)}.`);
  }
}

/** The prompt that is kept, or `null`. It stays until {@link dropPrompt}. @throws UserError */
export function keptPrompt(folder: string): string | null {
  const path = join(folder, PROMPT_FILE);
  const read = readForeign(path, MAX_BYTES, { below: missionsFolderOf(folder) });
  if (read.status === 'absent') return null;
  if (read.status === 'found') return read.bytes.toString('utf8') || null;
  throw new UserError(`${path} cannot be read: ${read.detail}. Mend or remove it.`);
}

/** The prompt was taken. */
export function dropPrompt(folder: string): void {
  removeOwn(join(folder, PROMPT_FILE), missionsFolderOf(folder));
}
