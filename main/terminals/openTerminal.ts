import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { UserError } from '../system/userError.ts';
import { chooseTerminal, TERMINAL_VARIABLES } from './choose.ts';
import { checkRequest } from './command.ts';
import { systemProbe } from './probe.ts';
import { startLaunch } from './start.ts';
import { terminals } from './table.ts';
import type { TerminalRequest } from './terminal.ts';

export interface OpenTerminal {
  /** The setting `terminal`: `auto` or a terminal's id. */
  readonly setting: string;
  readonly request: TerminalRequest;
  /** Of the process that asks. The terminal is looked for on its PATH and started with it. */
  readonly env: NodeJS.ProcessEnv;
  /**
   * Whether it asks from a terminal: the command does, the app does not, even where it was itself
   * started from one.
   */
  readonly inTerminal: boolean;
  readonly platform?: NodeJS.Platform;
}

export interface Opened {
  /** For people. */
  readonly terminal: string;
  /** What the user has to do to see it, where no window opens. */
  readonly note?: string;
}

/**
 * Opens a command in the user's terminal.
 * @returns once the terminal was started; whether the command succeeds is not known by then
 * @throws UserError if no terminal is there, or the one there fails at once
 */
export async function openTerminal(options: OpenTerminal): Promise<Opened> {
  const { setting, request, env, inTerminal, platform = process.platform } = options;
  checkRequest(request);
  // Some would open the user's home folder instead, and not say so.
  if (!isAbsolute(request.cwd) || !isFolder(request.cwd))
    throw new UserError(`There is no folder '${request.cwd}' to open a terminal in.`);
  const { id, found } = chooseTerminal(setting, inTerminal, systemProbe(env, platform));
  const { name } = terminals[id];
  const launch = terminals[id].launch(found, request, inTerminal ? env.TMUX : undefined);
  const said = await startLaunch(name, launch, { cwd: request.cwd, env: freshEnv(env) });
  return launch.note === undefined
    ? { terminal: name }
    : { terminal: name, note: launch.note(said) };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function freshEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !TERMINAL_VARIABLES.includes(name));
  return Object.fromEntries(kept);
}
