import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';
import type { Launch } from './terminal.ts';

/** A terminal that cannot start ends within that time (kitty without a display: 1.3 s). */
const FAILS_WITHIN_MS = 2_000;
/** For what says when it is up: how long is waited for that, on a machine that is busy with other things. */
const UP_LIMIT_MS = 30_000;
const UP_LOOK_MS = 100;

/** macOS may ask the user first whether we may control the other application. */
const HELPER_TIMEOUT_MS = 60_000;

const LAST_BYTES = 2_000;
const LAST_LINES = 3;

export interface StartOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts a terminal, or the helper that opens a window in it, detached from us.
 * @returns what it said by then
 * @throws UserError if it cannot be started or fails at once, with its last words
 */
export async function startLaunch(
  name: string,
  launch: Launch,
  options: StartOptions,
): Promise<string> {
  const { failure, said } = await runDetached(launch, options);
  if (failure === null) return said;
  const why = [failure, ...lastLines(said)].join(': ');
  throw new UserError(`${name} could not be opened: ${why}. ${launch.hint?.(said) ?? ''}`.trim());
}

/**
 * Starts a process that outlives this one, and watches it for as long as failing takes.
 * @param isUp whether it has come so far that it could fail; not given: from the start
 * @returns why it failed, if so, and what it said by then
 */
export async function runDetached(
  launch: Launch,
  options: StartOptions,
  isUp?: () => Promise<boolean>,
): Promise<{ readonly failure: string | null; readonly said: string }> {
  const words = openWords();
  try {
    const failure = await runAndWatch(launch, words, options, isUp);
    return { failure, said: readWords(words) };
  } finally {
    closeSync(words);
  }
}

function run({ argv, stdin }: Launch, words: number, { cwd, env }: StartOptions): ChildProcess {
  const [program = '', ...args] = argv;
  const stdio = [stdin === undefined ? 'ignore' : 'pipe', words, words] satisfies StdioOptions;
  const child = spawn(program, args, { cwd, env, detached: true, stdio });
  // A helper that ends without reading its input is told by its exit code, not by EPIPE.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  return child;
}

/**
 * Waits for the end of a helper; of a terminal, only for as long as failing takes.
 * @returns why it failed
 */
function runAndWatch(
  launch: Launch,
  words: number,
  options: StartOptions,
  isUp: (() => Promise<boolean>) | undefined,
): Promise<string | null> {
  const outcome = new Promise<string | null>((resolve) => {
    const child = run(launch, words, options);
    let timer: NodeJS.Timeout | undefined;
    let isSettled = false;
    const settle = (failure: string | null): void => {
      isSettled = true;
      clearTimeout(timer);
      child.unref();
      resolve(failure);
    };
    const onTimeout = (): void => {
      if (launch.ends) child.kill('SIGKILL');
      settle(launch.ends ? `no answer within ${HELPER_TIMEOUT_MS / 1000} s` : null);
    };
    const watch = (): void => {
      if (isSettled) return;
      timer = setTimeout(onTimeout, launch.ends ? HELPER_TIMEOUT_MS : FAILS_WITHIN_MS);
    };
    if (isUp === undefined) watch();
    else void untilUp(isUp, () => isSettled).then(watch);
    child.on('error', (error) => settle(errorText(error)));
    child.on('exit', (code, signal) => {
      if (code === 0) settle(null);
      else settle(code === null ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
  // Node reports some failures to start by throwing, others by an event.
  return outcome.catch(errorText);
}

async function untilUp(isUp: () => Promise<boolean>, isOver: () => boolean): Promise<void> {
  const deadline = performance.now() + UP_LIMIT_MS;
  while (!isOver() && performance.now() < deadline) {
    if (await isUp().catch(() => false)) return;
    await sleep(UP_LOOK_MS);
  }
}

/**
 * A file without a name for its words. Not a pipe: a terminal outlives us, and one that then writes a
 * warning into it would be ended by SIGPIPE.
 */
function openWords(): number {
  const folder = mkdtempSync(join(tmpdir(), 'agenc-bar-'));
  try {
    return openSync(join(folder, 'words'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readWords(words: number): string {
  const { size } = fstatSync(words);
  const buffer = Buffer.alloc(Math.min(size, LAST_BYTES));
  readSync(words, buffer, 0, buffer.length, size - buffer.length);
  return buffer.toString();
}

function lastLines(said: string): string[] {
  const lines = said.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').slice(-LAST_LINES);
}
