import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Probe } from './terminal.ts';

/** Homebrew's folders: an application that was not started from a shell does not have them on PATH. */
const HOMEBREW = ['/opt/homebrew/bin', '/usr/local/bin'];

/** Looks at the machine as a process with this environment sees it. */
export function systemProbe(env: Probe['env'], platform: NodeJS.Platform): Probe {
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  if (platform === 'darwin') folders.push(...HOMEBREW);
  return {
    platform,
    env,
    which: (name) => folders.map((folder) => join(folder, name)).find(isProgram) ?? null,
    exists: existsSync,
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us.
    return false;
  }
}
