import type { EventMessage } from '../service/contract/engine.ts';
import { startService } from '../service/service.ts';
import { ExitCode } from '../system/userError.ts';
import type { Context } from './context.ts';
import { eventText } from './format.ts';

/** `agenc-bar sync`: the engine in the foreground until SIGINT or SIGTERM. */
export async function syncCommand(context: Context): Promise<ExitCode> {
  const { paths, env, json, print, printJson } = context;
  // The contract says that "ready" is the first line; what the first look found follows it.
  const early: EventMessage[] = [];
  let isReady = false;
  const show = (event: EventMessage): void => (json ? printJson(event) : print(eventText(event)));

  // From the first moment on, and for good: npm passes on the Ctrl-C that the terminal has sent already.
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  const service = await startService({ paths, env }, (event) => {
    if (event.event === 'ready') {
      isReady = true;
      show(event);
      for (const each of early) show(each);
    } else if (isReady) show(event);
    else early.push(event);
  });
  if (!json) {
    const { global, missions } = await service.handlers.status({});
    print(`Watching ${paths.missions} and the global entry in ${global.configDir}:`);
    if (missions.length === 0) print('  no missions yet; new ones are found by themselves');
    for (const { id, state, inSync } of missions)
      print(`  ${id}  ${state}${inSync ? ', in sync' : ''}`);
    print('Sign in to an MCP server in any running mission, and the others have it. Ctrl-C ends.');
  }
  try {
    await Promise.race([ended, service.lost]);
  } catch (error) {
    // Once the lock is lost no entry may be written any more, not even by a last write-back. But the answer to a
    // refresh that was sent is waited for and kept: the server will not give it again.
    await service.abandon();
    throw error;
  }
  await service.dispose();
  return ExitCode.done;
}
