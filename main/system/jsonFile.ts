import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, writeFileAtomic } from './atomicFile.ts';
import { errorCode, errorText } from './errors.ts';
import { UserError } from './userError.ts';

/**
 * Reads one of our own JSON files.
 * @returns its content, or `null` if there is no such file
 * @throws UserError if it is there but cannot be read, or is not what it should be; it is left alone
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new UserError(`${path} cannot be read: ${errorText(error)}. Mend its permissions.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is not valid JSON. Mend it, or delete it to start afresh.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${path} is not as expected: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
  );
}

/** Replaces one of our own JSON files, 0600 in a 0700 folder. @throws the system's error */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await makePrivateFolder(dirname(path));
  await writeFileAtomic(path, `${JSON.stringify(value)}\n`, { mode: 0o600, durable: false });
}
