import { hash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from './userError.ts';

/** The shortest limit among the systems we run on (macOS: 104 bytes with the closing NUL). */
const MAX_BYTES = 103;

/**
 * Where an engine's control socket really lies. A path too long for a socket is replaced by one in a
 * private folder of the system's temporary directory, computed alike by engine and command.
 */
export function controlSocketPath(wanted: string): string {
  if (Buffer.byteLength(wanted) <= MAX_BYTES) return wanted;
  const user = process.getuid?.() ?? 0;
  return join(tmpdir(), `agenc-bar-${user}`, `${hash('sha256', wanted).slice(0, 16)}.sock`);
}

/** Makes sure that a folder is this user's own and nobody else's to enter. @throws UserError */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = statSync(folder);
  const foreign = process.getuid !== undefined && stat.uid !== process.getuid();
  if (foreign || (stat.mode & 0o077) !== 0) {
    throw new UserError(
      `${folder} is open to other users; make it yours alone (chmod 700) and start again.`,
    );
  }
}
