import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';
import { childrenOf, sendSignal } from '../system/processes.ts';
import { processStart } from '../system/processStart.ts';
import { UserError } from '../system/userError.ts';
import { CLAUDE_FILE } from './files.ts';

/** `claude.pid`: the Claude that a wrapper runs; its start tells it from a later process of that number. */
const claudeFile = z.object({ pid: z.number(), start: z.string(), throughOp: z.boolean() });
type NotedClaude = z.infer<typeof claudeFile>;

const LOOK_MS = 50;
/** What is killed is gone at once, unless the system itself hangs. */
const KILL_LIMIT_MS = 5_000;

/**
 * Notes in the mission's folder which Claude runs there, so that it is found if its wrapper is killed.
 * @returns removes the note · @throws the system's error
 */
export async function noteClaude(
  folder: string,
  { pid, throughOp }: { readonly pid: number; readonly throughOp: boolean },
): Promise<() => void> {
  const path = join(folder, CLAUDE_FILE);
  const start = processStart(pid);
  // It has ended already.
  if (start === null) return () => undefined;
  await writeJsonFile(path, { pid, start, throughOp } satisfies NotedClaude);
  return () => rmSync(path, { force: true });
}

/**
 * The process of a Claude that lives on without its wrapper, which was killed; `null` if there is none.
 * Only for who knows that no wrapper runs: then a note is a dead one's.
 */
export function findOrphan(folder: string): number | null {
  const noted = readNote(folder);
  return noted !== null && lives(noted) ? noted.pid : null;
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
  const noted = readNote(folder);
  const found = noted !== null && lives(noted);
  if (found) {
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
  rmSync(join(folder, CLAUDE_FILE), { force: true });
  return found;
}

function readNote(folder: string): NotedClaude | null {
  try {
    return readJsonFile(join(folder, CLAUDE_FILE), claudeFile);
  } catch {
    // A damaged note names nobody.
    return null;
  }
}

function lives({ pid, start }: NotedClaude): boolean {
  return processStart(pid) === start;
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
