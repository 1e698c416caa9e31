import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { expandHome } from '../system/paths.ts';
import { UserError } from '../system/userError.ts';

/**
 * Where Claude is: the setting `claudePath` if there is one, else the first `claude` on PATH.
 * @throws UserError that says where it was looked for, and what to do
 */
export function findClaude(claudePath: string | null, env: NodeJS.ProcessEnv): string {
  if (claudePath !== null) {
    const path = resolve(expandHome(claudePath));
    if (isProgram(path)) return path;
    throw new UserError(
      `There is no claude at ${path}: set "claudePath" in bar/settings.json to where it is.`,
    );
  }
  const found = findOnPath('claude', env);
  if (found !== null) return found;
  const folders = foldersOf(env);
  const where = folders.length === 0 ? 'PATH is empty' : `looked in ${folders.join(', ')}`;
  throw new UserError(
    `There is no claude on PATH (${where}): install Claude Code, or set "claudePath" in bar/settings.json.`,
  );
}

/** The absolute path of a program, or `null` if it is not on PATH. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | null {
  const paths = foldersOf(env).map((folder) => join(folder, name));
  return paths.find(isProgram) ?? null;
}

/** Relative folders are left out: they would mean another program in every work folder. */
function foldersOf(env: NodeJS.ProcessEnv): string[] {
  return [...new Set((env.PATH ?? '').split(delimiter).filter(isAbsolute))];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}
