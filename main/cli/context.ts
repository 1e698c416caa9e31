import { askAnyEngine } from '../service/anyEngine.ts';
import { callEngine } from '../service/client.ts';
import type { CommandName, CommandParams, CommandResult } from '../service/contract/engine.ts';
import type { AgencPaths } from '../system/paths.ts';

/** What every command gets. */
export interface Context {
  readonly paths: AgencPaths;
  readonly env: NodeJS.ProcessEnv;
  readonly json: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  /** Writes lines to stdout, each made fit for a terminal. */
  readonly print: (...lines: readonly string[]) => void;
  /** Writes a value to stdout as one line of JSON. */
  readonly printJson: (value: unknown) => void;
}

/** How a command that no engine answers is carried out here: not changing anything, or as the only one. */
export type Alone = 'reading' | 'exclusively';

/** Has the running engine carry out a command, or without one carries it out here. */
export async function ask<C extends CommandName>(
  context: Context,
  name: C,
  params: CommandParams<C>,
  alone: Alone,
): Promise<CommandResult<C>> {
  return askAnyEngine(context, name, params, alone === 'exclusively');
}

/** Has the running engine carry out a command. @throws NoEngine if none runs */
export function askEngine<C extends CommandName>(
  { paths }: Context,
  name: C,
  params: CommandParams<C>,
): Promise<CommandResult<C>> {
  return callEngine(paths.engineSocket, name, params);
}
