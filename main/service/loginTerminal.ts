import { spawn } from 'node:child_process';
import { type Clock, systemClock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { childrenOf, sendSignal } from '../system/processes.ts';
import { shellQuote } from '../system/shellQuote.ts';

export interface LoginTerminalOptions {
  /** The `script` program: util-linux's, or the BSD one of macOS. */
  readonly script: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told all that was printed so far. */
  readonly onOutput: (output: string) => void;
  /** Ends the program. */
  readonly signal: AbortSignal;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

export type TerminalEnd =
  | { readonly status: 'ended'; readonly code: number; readonly output: string }
  | { readonly status: 'failed'; readonly why: string };

/** How long the program may take to end once it was asked to. */
const GRACE_MS = 3_000;
/** A login prints a few lines. */
const MAX_OUTPUT = 64 * 1024;

/**
 * Runs a program that wants a terminal on its stdin, and follows what it prints there.
 * @returns once it has ended, however that came about
 */
export function runInTerminal(options: LoginTerminalOptions): Promise<TerminalEnd> {
  const { argv, cwd, onOutput, signal, platform = process.platform, clock = systemClock } = options;
  return new Promise((resolve) => {
    const child = spawn(options.script, scriptArguments(argv, platform), {
      cwd,
      // `script` has this shell run the command, and the quoting is for a POSIX one.
      env: { ...options.env, SHELL: '/bin/sh', TERM: 'dumb' },
      // An stdin that ends would be a Ctrl-D to the program.
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let output = '';
    let cancelKill: (() => void) | null = null;
    child.stdin.on('error', () => undefined); // The program ended; it never reads what is not written.
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT);
      onOutput(output);
    });

    function end(): void {
      if (child.pid === undefined) return;
      // The program first: `script` ends with it, but asked itself to end takes seconds for that.
      const programs = childrenOf(child.pid);
      for (const pid of programs) sendSignal(pid, 'SIGTERM');
      if (programs.length === 0) child.kill('SIGTERM');
      cancelKill = clock.after(GRACE_MS, () => {
        for (const pid of programs) sendSignal(pid, 'SIGKILL');
        child.kill('SIGKILL');
      });
    }
    function finish(result: TerminalEnd): void {
      signal.removeEventListener('abort', end);
      cancelKill?.();
      resolve(result);
    }
    signal.addEventListener('abort', end, { once: true });
    child.once('error', (error) => finish({ status: 'failed', why: errorText(error) }));
    child.once('close', (code) => finish({ status: 'ended', code: code ?? 1, output }));
    if (signal.aborted) end();
  });
}

/** `script` that records nothing, and ends with the program's exit code. */
export function scriptArguments(
  argv: readonly string[],
  platform: NodeJS.Platform,
): readonly string[] {
  if (platform === 'darwin') return ['-q', '/dev/null', ...argv];
  return ['-qfec', `exec ${argv.map(shellQuote).join(' ')}`, '/dev/null'];
}
