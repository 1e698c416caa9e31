import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../credentials/entry.ts';
import { fieldsOf, isServerField } from '../credentials/fields.ts';
import { isUsable } from '../credentials/serverState.ts';
import { writeFileAtomic } from '../system/atomicFile.ts';
import { readForeign } from '../system/foreignFile.ts';
import { linkBelow } from '../system/ownPlace.ts';
import { changedFields } from './goingValues.ts';
import { namesOf } from './outcome.ts';

/**
 * Where the client notes servers that want a sign-in. A session that starts while a server stands there
 * with a fresh timestamp does not connect to it at all, although its entry holds a valid token.
 */
export const NEEDS_AUTH_CACHE = 'mcp-needs-auth-cache.json';
/** Thousands of servers; the client's own has a few lines. */
const MAX_BYTES = 1024 * 1024;

/**
 * Removes servers from the client's note, once their entry is usable. What no client makes (a link, a pipe, a
 * file that is far too large) is left as it is, and not read: its content would come into a file of the mission's.
 * @param configDir the session's `CLAUDE_CONFIG_DIR`
 * @param missionsFolder below which it may not be reached through a link: the note is then another profile's
 * @returns the names that stood there
 * @throws Error if the file is there but cannot be read or rewritten
 */
export async function clearNeedsAuth(
  configDir: string,
  serverNames: Iterable<string>,
  missionsFolder?: string,
): Promise<string[]> {
  const path = join(configDir, NEEDS_AUTH_CACHE);
  // Nearly always there is no such file, and an exception is dear.
  if (!existsSync(path) || linkBelow(configDir, missionsFolder) !== null) return [];
  const read = readForeign(path, MAX_BYTES, { below: missionsFolder });
  if (read.status === 'unusable' && (read.reason === 'denied' || read.reason === 'failed'))
    throw new Error(read.detail);
  if (read.status !== 'found') return [];
  const cache = parseJson(read.bytes.toString('utf8'));
  if (typeof cache !== 'object' || cache === null || Array.isArray(cache)) return [];
  const noted = new Map(Object.entries(cache));
  const cleared = [...serverNames].filter((name) => noted.delete(name));
  if (cleared.length > 0) {
    await writeFileAtomic(path, JSON.stringify(Object.fromEntries(noted)), {
      mode: 0o600,
      durable: false,
      below: missionsFolder,
    });
  }
  return cleared;
}

/** The names of the servers that a write made usable. @param now ms since the epoch */
export function madeUsable(before: Entry | null, after: Entry | null, now: number): string[] {
  const fields = fieldsOf(after);
  const usable = changedFields(before, after).filter((id) => {
    const value = fields.get(id);
    return isServerField(id) && value !== undefined && isUsable(id, value, now);
  });
  return namesOf(usable, after);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A file that is not JSON holds nobody back.
    return null;
  }
}
