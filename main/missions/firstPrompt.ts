import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../system/atomicFile.ts';
import { errorCode, errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';

/** In a mission's folder, 0600: what its next Claude starts with. A prompt has no business in arguments. */
const PROMPT_FILE = 'prompt';

/** Keeps a prompt for a mission's next run. @param folder `missions/<id>` @throws UserError */
export async function keepPrompt(folder: string, prompt: string): Promise<void> {
  try {
    await writeFileAtomic(join(folder, PROMPT_FILE), prompt, { mode: 0o600, durable: true });
  } catch (error) {
    throw new UserError(`The prompt could not be kept in ${folder}: ${errorText(error)}.`);
  }
}

/** The prompt that is kept, or `null`. It stays until {@link dropPrompt}. @throws UserError */
export function keptPrompt(folder: string): string | null {
  const path = join(folder, PROMPT_FILE);
  try {
    return readFileSync(path, 'utf8') || null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new UserError(`${path} cannot be read: ${errorText(error)}. Mend or remove it.`);
  }
}

/** The prompt was taken. */
export function dropPrompt(folder: string): void {
  rmSync(join(folder, PROMPT_FILE), { force: true });
}
