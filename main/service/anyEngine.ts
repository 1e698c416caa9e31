import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceOptions } from './assemble.ts';
import { callEngine, NoEngine } from './client.ts';
import type { CommandName, CommandParams, CommandResult } from './contract/engine.ts';

/** An engine that starts or ends holds the lock without answering for a moment; a command without one does too. */
const GAP_MS = 100;
const MAX_GAPS = 100;

/**
 * Has the running engine carry out a command, or without one carries it out here, by the same code.
 * @param exclusively whether the command changes something, and so must be the only one here
 * @throws UserError with the engine's words if it failed, or if the engine does not come to answer in 10 s
 */
export async function askAnyEngine<C extends CommandName>(
  options: ServiceOptions,
  name: C,
  params: CommandParams<C>,
  exclusively: boolean,
): Promise<CommandResult<C>> {
  for (let gaps = 0; ; gaps += 1) {
    try {
      return await callEngine(options.paths.engineSocket, name, params);
    } catch (error) {
      if (!(error instanceof NoEngine)) throw error;
    }
    // Most commands find an engine, and need no other.
    const { EngineHeld, withoutEngine } = await import('./service.ts');
    try {
      return await withoutEngine(options, exclusively, (handlers) => handlers[name](params));
    } catch (error) {
      if (!(error instanceof EngineHeld) || gaps >= MAX_GAPS) throw error;
    }
    await sleep(GAP_MS);
  }
}
