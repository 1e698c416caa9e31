import { setTimeout as sleep } from 'node:timers/promises';
import {
  type NotedClaude,
  type RunFile,
  readRunFile,
  removeRunFile,
  writeRunFile,
} from '../missions/runFile.ts';
import { childrenOf, sendSignal } from '../system/processes.ts';
import { identityOf, livenessOf } from '../system/processIdentity.ts';
import { UserError } from '../system/userError.ts';

const LOOK_MS = 50;
/** What is killed is gone at once, unless the system itself hangs. */
const KILL_LIMIT_MS = 5_000;

/**
 * Notes that this process is a mission's wrapper. Who holds the mission's pid file may. A Claude that the
 * wrapper before it left stays noted until it is ended.
 * @returns removes the note · @throws the system's error
 */
export async function noteWrapper(folder: string): Promise<() => void> {
  const wrapper = identityOf(process.pid);
  // Nobody can tell here.
  if (wrapper === null) return () => undefined;
  await writeRunFile(folder, { wrapper, claude: readRunFile(folder)?.claude ?? null });
  return () => {
    if (isOwn(readRunFile(folder))) removeRunFile(folder);
  };
}

/**
 * Notes which Claude this wrapper runs, so that it is found if its wrapper is killed.
 * @returns removes the note · @throws the system's error
 */
export async function noteClaude(
  folder: string,
  { pid, throughOp }: { readonly pid: number; readonly throughOp: boolean },
): Promise<() => Promise<void>> {
  const wrapper = identityOf(process.pid);
  const claude = identityOf(pid);
  // It has ended already.
  if (wrapper === null || claude === null) return async () => undefined;
  await writeRunFile(folder, { wrapper, claude: { ...claude, throughOp } });
  return () => writeRunFile(folder, { wrapper, claude: null });
}

/**
 * The process of a Claude that lives on without its wrapper, which was killed; `null` if there is none.
 * Goes by what is noted in `bar/`, and by nothing that the mission can write.
 */
export function findOrphan(folder: string): number | null {
  return orphanIn(readRunFile(folder))?.pid ?? null;
}

/**
 * Ends such a Claude: nobody hears it any more, and a second one beside it would work in the same files.
 * Its conversation can be continued.
 * @param graceMs how long it may take until it is killed
 * @param tell is told before, if there is one
 * @returns whether there was one · @throws UserError if it cannot be ended
 */
export async function endOrphan(
  folder: string,
  graceMs: number,
  tell: (line: string) => void,
): Promise<boolean> {
  const run = readRunFile(folder);
  const noted = orphanIn(run);
  if (noted !== null) {
    tell(`A Claude whose wrapper was killed still runs here (process ${noted.pid}); it is ended.`);
    signal(noted, 'SIGTERM');
    // One that was suspended would take no notice.
    signal(noted, 'SIGCONT');
    if (!(await isGone(noted, graceMs))) {
      signal(noted, 'SIGKILL');
      if (!(await isGone(noted, KILL_LIMIT_MS)))
        throw new UserError(`Claude (process ${noted.pid}) does not end; end that first.`);
    }
  }
  if (run !== null && isOwn(run)) await writeRunFile(folder, { ...run, claude: null });
  else if (run !== null && livenessOf(run.wrapper) === 'dead') removeRunFile(folder);
  return noted !== null;
}

function isOwn(run: RunFile | null): boolean {
  return run?.wrapper.pid === process.pid && livenessOf(run.wrapper) === 'alive';
}

/** Not a Claude whose wrapper lives, and is not this one: that has it in its hands. */
function orphanIn(run: RunFile | null): NotedClaude | null {
  if (run?.claude == null || !lives(run.claude)) return null;
  return isOwn(run) || livenessOf(run.wrapper) === 'dead' ? run.claude : null;
}

function lives(claude: NotedClaude): boolean {
  return livenessOf(claude) === 'alive';
}

/** `op` may keep a signal to itself, and ends once its Claude has; killed, it has to be killed as well. */
function signal({ pid, throughOp }: NotedClaude, name: NodeJS.Signals): void {
  const claudes = throughOp ? childrenOf(pid) : [];
  for (const target of name === 'SIGKILL' || claudes.length === 0 ? [...claudes, pid] : claudes) {
    sendSignal(target, name);
  }
}

async function isGone(noted: NotedClaude, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (lives(noted)) {
    if (performance.now() > deadline) return false;
    await sleep(LOOK_MS);
  }
  return true;
}
