import { delimiter } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellPath } from 'shell-path';

/** A shell whose start-up files wait for something is not waited for. */
const PATIENCE_MS = 5_000;

/**
 * The PATH with the folders of the user's own shell added. An app that was started from a desktop does not
 * have what the user's `.zshrc` or `.bashrc` adds, and so would not find `claude`; on macOS that is every app.
 * @param path what this process has
 */
export async function userPath(
  path: string,
  ofShell: () => Promise<string | undefined> = shellPath,
): Promise<string> {
  const found = await Promise.race([
    // Without a shell that can be asked, what is there has to do.
    ofShell().catch(() => undefined),
    sleep(PATIENCE_MS, undefined, { ref: false }),
  ]);
  const folders = [...path.split(delimiter), ...(found ?? '').split(delimiter)].filter(Boolean);
  return [...new Set(folders)].join(delimiter);
}
