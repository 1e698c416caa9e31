import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorText } from '../system/errors.ts';
import { descendantsOf, sendSignal } from '../system/processes.ts';
import { UserError } from '../system/userError.ts';

export interface GitOptions {
  readonly cwd: string;
  /** The environment to start from; git's own variables of a place are taken out. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Whether git and ssh may ask the user on the terminal. Where not, they run in a session of their own
   * without a terminal, so that neither can.
   */
  readonly interactive?: boolean;
  readonly signal?: AbortSignal;
  /** What it reads on its stdin. Default: nothing. */
  readonly input?: string;
  /** Gets all of the answer, of which then nothing is kept. */
  readonly onStdout?: (chunk: string) => void;
  readonly onStderr?: (chunk: string) => void;
}

export interface GitResult {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A chatty server must not fill the memory: of the answer the beginning is kept, of messages the end. */
const KEPT_ANSWER = 16_000_000;
const KEPT_MESSAGES = 100_000;
/** git clone removes what it made when it is asked to end; one that does not is ended for good. */
const GRACE_MS = 3_000;
/** Variables that would have git work in another place than it is told: a hook's or a script's. */
const OF_A_PLACE = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
];

/**
 * Runs the user's own git, with the user's own configuration and credentials.
 * @returns what came of it, also if it failed
 * @throws UserError if there is no git, and the signal's reason if it was aborted; git has ended by then
 */
export async function runGit(
  args: readonly string[],
  { cwd, env = process.env, interactive = false, signal, input, onStdout, onStderr }: GitOptions,
): Promise<GitResult> {
  signal?.throwIfAborted();
  const child = spawn('git', args, {
    cwd,
    env: gitEnvironment(env, interactive),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: !interactive,
  });
  // It may end without having read it.
  child.stdin.on('error', () => undefined).end(input);
  const end = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    // A helper that waits for the network does not notice that git has gone. On its own git leads a group with
    // them in it; on a terminal it must share ours.
    const all = interactive ? [child.pid, ...descendantsOf(child.pid)] : [-child.pid];
    for (const pid of all) sendSignal(pid, name);
  };
  const onAbort = () => {
    end('SIGTERM');
    const ended = new AbortController();
    child.once('close', () => ended.abort());
    sleep(GRACE_MS, undefined, { signal: ended.signal }).then(
      () => {
        end('SIGKILL');
        // A helper of its that lives on may hold them open.
        child.stdout.destroy();
        child.stderr.destroy();
      },
      () => undefined,
    );
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (onStdout !== undefined) onStdout(chunk);
    else if (stdout.length < KEPT_ANSWER) stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-KEPT_MESSAGES);
    onStderr?.(chunk);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(error)));
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    return { code, stdout, stderr };
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * What git said last, as one line for people: without progress, control characters or a user's name in an
 * address, which may be a token.
 */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '' && !/\d+% \(\d|^Cloning into |^remote: \w+ objects/.test(line));
  return lines
    .slice(-6)
    .join(' ')
    .replaceAll(/(https?:\/\/)[^\s/@]+@/g, '$1')
    .slice(-800);
}

function gitEnvironment(env: NodeJS.ProcessEnv, interactive: boolean): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = { ...env };
  if (!interactive) own.GIT_TERMINAL_PROMPT = '0';
  for (const name of OF_A_PLACE) delete own[name];
  // Progress and messages are read here and shown among English ones.
  own.LANGUAGE = 'en';
  return own;
}

function notStarted(error: Error): UserError {
  if (errorCode(error) === 'ENOENT')
    return new UserError('git was not found on PATH. Install it, and check with "git --version".');
  return new UserError(`git cannot be started: ${errorText(error)}.`);
}
