import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { childrenOf, sendSignal } from '../system/processes.ts';
import { UserError } from '../system/userError.ts';
import type { ChildCommand } from './childCommand.ts';

export interface ChildExit {
  /** As a shell has it: 128 and the signal's number for one that was killed. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** A Claude that runs. */
export interface ClaudeChild {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  /** Asks it to end with this signal, and kills it if it is still there after the grace period. */
  terminate(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly command: ChildCommand;
  readonly workDir: string;
  /** Where a headless Claude gets its prompt and leaves its output; `null` hands the terminal through. */
  readonly pipes: { readonly prompt: string; follow(stream: Readable): void } | null;
  readonly graceMs: number;
  readonly clock: Clock;
  /** Told when it did not end by itself. */
  readonly onKill: () => void;
}

/** A server that Claude left behind may hold its output open: silence for so long counts as its end. */
const SILENCE_MS = 500;
/** `op` ends by itself once its Claude was killed. */
const OP_GRACE_MS = 1_000;

/** Starts Claude. @throws UserError if it cannot be started */
export async function startChild(options: ChildOptions): Promise<ClaudeChild> {
  const { command, pipes, clock } = options;
  const child = spawn(command.program, command.args, {
    cwd: options.workDir,
    env: command.env,
    stdio: pipes === null ? 'inherit' : 'pipe',
  } satisfies SpawnOptions);
  const exited = exitOf(child, clock);
  if (pipes !== null) connectPipes(child, pipes);
  const pid = await started(child, command.program);
  let cancelKill: (() => void) | null = null;
  exited.then(() => cancelKill?.());

  /** `op` may keep a signal to itself, and ends by itself once Claude has: the signal is for Claude. */
  function signalClaude(signal: NodeJS.Signals): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const claudes = command.throughOp ? childrenOf(pid) : [];
    for (const claude of claudes) sendSignal(claude, signal);
    if (claudes.length === 0) child.kill(signal);
  }

  return {
    pid,
    exited,
    terminate(signal) {
      signalClaude(signal);
      // One that was suspended (Ctrl-Z) would take no notice.
      signalClaude('SIGCONT');
      cancelKill ??= clock.after(options.graceMs, () => {
        options.onKill();
        signalClaude('SIGKILL');
        if (command.throughOp) cancelKill = clock.after(OP_GRACE_MS, () => child.kill('SIGKILL'));
      });
    },
  };
}

function started(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    // Stays on: a signal that cannot be sent is reported here as well.
    child.on('error', (error) => {
      reject(new UserError(`${program} cannot be started: ${errorText(error)}.`));
    });
  });
}

/** Resolves when the process is gone and what it printed has been taken in. */
function exitOf(child: ChildProcess, clock: Clock): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      const done = () => {
        cancel();
        for (const stream of streams) stream.destroy();
        resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal });
      };
      const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
      // What is paused waits for our own disk.
      const wait = (): (() => void) =>
        clock.after(SILENCE_MS, () => {
          if (streams.some((stream) => stream.isPaused())) cancel = wait();
          else done();
        });
      let cancel = wait();
      for (const stream of streams)
        stream.on('data', () => {
          cancel();
          cancel = wait();
        });
      child.once('close', done);
    });
  });
}

function connectPipes(
  { stdin, stdout, stderr }: ChildProcess,
  { prompt, follow }: NonNullable<ChildOptions['pipes']>,
): void {
  // Claude may end without having read it.
  stdin?.on('error', () => undefined);
  stdin?.end(prompt);
  for (const stream of [stdout, stderr]) if (stream !== null) follow(stream);
}
