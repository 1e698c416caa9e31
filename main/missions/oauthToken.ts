import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { closeToOthers, makePrivateFolder, writeFileAtomic } from '../system/atomicFile.ts';
import { errorCode, errorText } from '../system/errors.ts';
import { readForeign } from '../system/foreignFile.ts';
import { ExitCode, UserError } from '../system/userError.ts';

const MAX_BYTES = 64 * 1024;
/** As `claude setup-token` prints it. */
const TOKEN = /^sk-ant-oat01-[\w-]{20,}$/;

/**
 * Keeps the token that missions are signed in to Claude with. Terminals break a long line, so white space
 * and line breaks anywhere in the text are taken out.
 * @param path `AgencPaths.oauthToken`
 * @throws UserError if the text is no such token; the message never repeats it
 */
export async function setOauthToken(path: string, text: string): Promise<void> {
  const token = text.replaceAll(/[\s\u200B-\u200D\u2060]+/g, '');
  if (token === '')
    throw new UserError(
      'No token was given; "claude setup-token" makes one. Nothing was changed.',
      ExitCode.usage,
    );
  if (!TOKEN.test(token))
    throw new UserError(
      'That is not a token of Claude: one begins with "sk-ant-oat01-", followed by letters, digits, - and _. ' +
        'Copy all of what "claude setup-token" prints, and nothing else. Nothing was changed.',
      ExitCode.usage,
    );
  try {
    await makePrivateFolder(dirname(path));
    // It may be there already, made by another program with the usual mode.
    closeToOthers(dirname(path));
    await writeFileAtomic(path, token, { mode: 0o600, durable: true });
  } catch (error) {
    throw new UserError(`The token could not be kept: ${errorText(error)}.`);
  }
}

/** Whether a token is kept. An empty file is none; one that is not ours to read counts as one. */
export function hasOauthToken(path: string): boolean {
  try {
    return readOauthToken(path) !== null;
  } catch {
    // There is something: a mission that starts says what is wrong with it.
    return true;
  }
}

/**
 * The token for a mission's own environment, or `null` if none is kept. Must never be shown.
 * Other programs may have kept it with the line breaks of a paste.
 * @throws UserError if it is there but cannot be read
 */
export function readOauthToken(path: string): string | null {
  // No mission writes into this folder: a link is the user's own.
  const read = readForeign(path, MAX_BYTES, { links: 'follow' });
  if (read.status === 'absent') return null;
  if (read.status === 'found') return read.bytes.toString('utf8').replace(/\s+/g, '') || null;
  const advice = read.reason === 'denied' ? 'Mend its permissions.' : 'Mend or remove it.';
  throw new UserError(`${path} cannot be read: ${read.detail}. ${advice}`);
}

/** @returns whether there was one @throws UserError if it cannot be removed */
export function removeOauthToken(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new UserError(`The token could not be removed: ${errorText(error)}.`);
  }
}
