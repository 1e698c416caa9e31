import { UserError } from '../system/userError.ts';
import type { Parts } from './assemble.ts';
import { type CommandHandlers, type CommandName, commands } from './contract/engine.ts';
import { snapshotMessage } from './snapshot.ts';

/** A first look takes well under a second for a hundred missions; a command waits for it no longer than this. */
const PATIENCE_MS = 20_000;

/**
 * The commands of an engine that answers already but has not looked at everything yet: `status` says at
 * once what is known, and that it starts; the others are carried out when it is ready.
 * @param ready resolves then; rejects if it cannot start
 */
export function whileStarting(
  handlers: CommandHandlers,
  ready: Promise<void>,
  { paths, engine, ...parts }: Parts,
): CommandHandlers {
  let isReady = false;
  const settled = ready.then(
    () => {
      isReady = true;
    },
    () => undefined,
  );

  async function wait(name: CommandName): Promise<void> {
    if (isReady) return;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, PATIENCE_MS);
    await Promise.race([settled, patience.promise]).finally(() => clearTimeout(timer));
    if (isReady) return;
    throw new UserError(
      `The engine on ${paths.root} is still starting, so "${name}" was not carried out; try again in a moment.`,
    );
  }

  const waiting = Object.fromEntries(
    (Object.keys(commands) as CommandName[]).map((name) => [
      name,
      async (params: never) => {
        await wait(name);
        return (handlers[name] as (params: never) => Promise<unknown>)(params);
      },
    ]),
  ) as unknown as CommandHandlers;
  return {
    ...waiting,
    async status(params) {
      if (isReady) return handlers.status(params);
      const known = snapshotMessage({ ...parts, paths, engine }, engine.lastKnown(), process.pid);
      return { ...known, activity: { ...known.activity, busy: true, starting: true } };
    },
  };
}
