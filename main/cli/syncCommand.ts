import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMessage } from '../service/contract/engine.ts';
import { startService } from '../service/service.ts';
import { errorCode, errorText } from '../system/errors.ts';
import { ExitCode } from '../system/userError.ts';
import type { Context } from './context.ts';
import { eventText } from './format.ts';
import { complain, isUnread } from './output.ts';

/** The disk, or the user's share of it. */
const FULL = ['ENOSPC', 'EDQUOT'];
const RETRY_MS = 1_000;

/** `agenc-bar sync`: the engine in the foreground until SIGINT or SIGTERM. */
export async function syncCommand(context: Context): Promise<ExitCode> {
  const { paths, env, json, print, printJson } = context;
  // The contract says that "ready" is the first line; what the first look found follows it.
  const early: EventMessage[] = [];
  let isReady = false;
  let isTold = false;
  function show(event: EventMessage): void {
    if (isUnread()) {
      if (!isTold)
        complain('Nobody reads what is printed here: events are left out until somebody does.');
      isTold = true;
      return;
    }
    isTold = false;
    if (json) printJson(event);
    else print(eventText(event));
  }

  // From the first moment on, and for good: npm passes on the Ctrl-C that the terminal has sent already.
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve());
  });
  const service = await startOnceThereIsSpace(ended, () => startService({ paths, env }, hear));
  if (service === null) return ExitCode.done;
  function hear(event: EventMessage): void {
    if (event.event === 'ready') {
      isReady = true;
      show(event);
      for (const each of early) show(each);
    } else if (isReady) show(event);
    else early.push(event);
  }
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

/**
 * Starts the engine, and where the disk is full tries again until there is space: whoever frees some need not
 * know that an engine waits for it.
 * @returns `null` if it was ended before
 * @throws whatever else keeps it from starting
 */
async function startOnceThereIsSpace<T>(
  ended: Promise<void>,
  start: () => Promise<T>,
): Promise<T | null> {
  const patience = new AbortController();
  void ended.then(() => patience.abort());
  for (let told = false; !patience.signal.aborted; told = true) {
    try {
      return await start();
    } catch (error) {
      if (!FULL.includes(errorCode(error))) throw error;
      const what = `The engine cannot start: ${errorText(error)}. Free some space; it then starts by itself.`;
      if (!told) process.stderr.write(`agenc-bar: ${what}\n`);
    }
    // Not unreferenced: nothing else keeps the process alive.
    await sleep(RETRY_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  }
  return null;
}
