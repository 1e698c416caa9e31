import { dirname } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, writeFileAtomic } from './atomicFile.ts';
import { type ForeignOptions, readForeign } from './foreignFile.ts';
import { realPathOr } from './links.ts';
import { refuseLinks } from './ownPlace.ts';
import { UserError } from './userError.ts';

/** The lineage of a thousand missions has some ten MB, as has a full book of destinations. */
const MAX_BYTES = 256 * 1024 * 1024;

/** A file with thousands of faults need not have all of them told. */
const MAX_WHY = 500;

export interface JsonFileOptions extends ForeignOptions {
  /** Default: more than any file of ours has. */
  readonly maxBytes?: number;
}

/**
 * Reads one of our own JSON files, as `readForeign` reads.
 * @returns its content, or `null` if there is no such file
 * @throws UserError if it is there but cannot be read, or is not what it should be; it is left alone
 */
export function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  { maxBytes = MAX_BYTES, ...options }: JsonFileOptions = {},
): T | null {
  const read = readForeign(path, maxBytes, options);
  if (read.status === 'absent') return null;
  if (read.status === 'unusable') {
    const advice = read.reason === 'denied' ? 'Mend its permissions.' : 'Mend or remove it.';
    throw new UserError(`${path} cannot be read: ${read.detail}. ${advice}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(read.bytes.toString('utf8'));
  } catch {
    throw new UserError(`${path} is not valid JSON. Mend it, or delete it to start afresh.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const why = z.prettifyError(parsed.error).replaceAll('\n', ' ').slice(0, MAX_WHY);
  throw new UserError(`${path} is not as expected: ${why}`);
}

/**
 * Replaces one of our own JSON files, 0600 in a 0700 folder. A link in its place is replaced, too, unless it
 * is to be followed and leads to a file: then that is, so that the user's folder of dotfiles stays in use.
 * @throws the system's error; LinkInTheWay
 */
export async function writeJsonFile(
  path: string,
  value: unknown,
  { links = 'refuse', below }: ForeignOptions = {},
): Promise<void> {
  const place = links === 'follow' ? realPathOr(path) : path;
  refuseLinks(dirname(place), below);
  await makePrivateFolder(dirname(place));
  await writeFileAtomic(place, jsonText(value), {
    mode: 0o600,
    durable: false,
    below,
  });
}

/** The content of a file of ours. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
