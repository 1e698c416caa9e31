import { hash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { removeQuietly, writeFileAtomicSync } from '../system/atomicFile.ts';
import { errorText } from '../system/errors.ts';
import { readForeign, readForeignText } from '../system/foreignFile.ts';
import { writeJsonFile } from '../system/jsonFile.ts';
import { UserError } from '../system/userError.ts';
import { barFolderOf, missionsFolderOf, WORK_FOLDER } from './mission.ts';

/**
 * `agent/.claude/secrets.env`: variables that `op run` fills from 1Password. The mission's Claude, or the
 * repository that was cloned, can have written it, and whatever it names the user's `op` hands out. So it
 * is used only in the very bytes that the user has approved.
 */
export interface MissionSecrets {
  readonly path: string;
  readonly bytes: Buffer;
  /** SHA-256 of the bytes, 64 hex digits. */
  readonly digest: string;
}

/** More than this nobody reads before saying yes. */
const MAX_BYTES = 16 * 1024;

/** `bar/missions/<id>.secrets`: what was approved. Not in the mission's folder, for the reasons of its note. */
const approvalSchema = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

export function secretsPath(workDir: string): string {
  return join(workDir, '.claude', 'secrets.env');
}

/**
 * @param folder `missions/<id>` @returns `null` where there is none
 * @throws UserError if it is no regular file of the user's own in its place, is too large, or cannot be read
 */
export function readMissionSecrets(folder: string): MissionSecrets | null {
  const path = secretsPath(join(folder, WORK_FOLDER));
  const read = readForeign(path, MAX_BYTES, { below: missionsFolderOf(folder) });
  if (read.status === 'absent') return null;
  if (read.status === 'found')
    return { path, bytes: read.bytes, digest: hash('sha256', read.bytes) };
  if (read.reason === 'link' || read.reason === 'not-a-file')
    throw new UserError(
      `${path} is no regular file, or is reached through a link: put a file there, or remove it.`,
    );
  throw new UserError(`${path} cannot be used: ${read.detail}. Mend or remove it.`);
}

/** The digest of the file that the user has approved; `null`: none, or nothing that could be believed. */
export function approvedSecrets(notesFolder: string, id: string): string | null {
  const text = readForeignText(approvalPath(notesFolder, id), 1024);
  if (text === null) return null;
  try {
    return approvalSchema.parse(JSON.parse(text)).digest;
  } catch {
    // Damaged: the user is asked again.
    return null;
  }
}

/** Notes the user's word. @throws the system's error */
export async function approveSecrets(
  notesFolder: string,
  id: string,
  digest: string,
): Promise<void> {
  await writeJsonFile(approvalPath(notesFolder, id), { digest });
}

/** @throws the system's error */
export function removeApproval(notesFolder: string, id: string): void {
  rmSync(approvalPath(notesFolder, id), { force: true });
}

/**
 * Puts the approved bytes where no mission writes: what the mission makes of its own file between the look
 * at it and `op`'s does not count.
 * @returns the copy's path @throws UserError
 */
export function copySecrets(folder: string, id: string, { bytes }: MissionSecrets): string {
  const copy = copyPath(folder, id);
  try {
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    writeFileAtomicSync(copy, bytes, 0o600);
    return copy;
  } catch (error) {
    throw new UserError(`What "op" is to read cannot be written: ${errorText(error)}.`);
  }
}

/** Removes the copy. */
export function dropSecretsCopy(folder: string, id: string): void {
  removeQuietly(copyPath(folder, id));
}

/** Beside the note of the mission's run. */
function copyPath(folder: string, id: string): string {
  return join(barFolderOf(folder), 'runs', `${id}.env`);
}

/** No mission's note ends like this, whatever its id is: those end with `.json`. */
function approvalPath(notesFolder: string, id: string): string {
  return join(notesFolder, `${id}.secrets`);
}
