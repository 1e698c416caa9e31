import { type ChildProcess, spawn } from 'node:child_process';
import pLimit from 'p-limit';
import { errorCode } from '../../system/errors.ts';
import { type Unavailable, unavailable } from '../store.ts';

/** Far above any entry, hex included. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

export interface SecurityCliOptions {
  /** Environment of the processes; its `PATH` is where the program is looked for. */
  readonly env?: NodeJS.ProcessEnv;
  /** The program, where it is not to be looked for on `PATH`. */
  readonly securityPath?: string;
  /** How long one process may take, from its start on. */
  readonly timeoutMs?: number;
  /** How many processes may run at once. */
  readonly concurrency?: number;
}

export interface SecurityCall {
  /** What is being done, for people. */
  readonly command: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly maxOutputBytes?: number;
}

interface Settings {
  readonly env: NodeJS.ProcessEnv;
  readonly program: string;
  readonly timeoutMs: number;
}

export interface Ended {
  readonly status: 'ended';
  readonly code: number;
  readonly stdout: string;
}

/** The arguments exceed what the system lets a process be started with; nothing was run. */
export interface ArgumentsTooLong {
  readonly status: 'arguments-too-long';
}

export type SecurityOutcome = Ended | ArgumentsTooLong | Unavailable;

/** Runs the `security` program. Its stderr is never read: past a line's limit it echoes secrets. */
export interface SecurityCli {
  run(call: SecurityCall): Promise<SecurityOutcome>;
}

export function createSecurityCli(options: SecurityCliOptions = {}): SecurityCli {
  const settings: Settings = {
    env: options.env ?? process.env,
    program: options.securityPath ?? 'security',
    timeoutMs: options.timeoutMs ?? 5000,
  };
  // A score of processes at the keychain at once has been seen beside damaged login keychains.
  const limit = pLimit(options.concurrency ?? 4);
  return { run: (call) => limit(() => runOne(settings, call)) };
}

function runOne(settings: Settings, call: SecurityCall): Promise<SecurityOutcome> {
  return new Promise((resolve) => {
    const settle = (outcome: SecurityOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const giveUp = (outcome: SecurityOutcome): void => {
      settle(outcome);
      child?.kill('SIGKILL');
      child?.stdout?.destroy();
    };
    const timer = setTimeout(() => {
      const seconds = settings.timeoutMs / 1000;
      giveUp(unavailable('timeout', `security ${call.command}: no answer within ${seconds} s`));
    }, settings.timeoutMs);

    const child = start(settings, call, settle);
    if (child === null) return;

    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= (call.maxOutputBytes ?? MAX_OUTPUT_BYTES)) return;
      giveUp(unavailable('too-large', `security ${call.command}: its output is too large`));
    });
    child.on('error', (error) => settle(startFailure(settings.program, error)));
    child.on('close', (code, signal) => {
      if (code === null) {
        settle(unavailable('failed', `security ${call.command}: ended by ${signal}`));
      } else {
        settle({ status: 'ended', code, stdout: Buffer.concat(chunks).toString('utf8') });
      }
    });
    // A tool that ends without reading its input is told by its exit code, not by EPIPE.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(call.stdin);
  });
}

/** Node reports some failures to start by throwing, others by an event. */
function start(
  { program, env }: Settings,
  { args, stdin }: SecurityCall,
  failed: (outcome: SecurityOutcome) => void,
): ChildProcess | null {
  try {
    const input = stdin === undefined ? 'ignore' : 'pipe';
    return spawn(program, args, { env, stdio: [input, 'pipe', 'ignore'] });
  } catch (error) {
    failed(startFailure(program, error));
    return null;
  }
}

/** Only the error's code is used: Node puts the arguments, and so a value, into the error. */
function startFailure(program: string, error: unknown): ArgumentsTooLong | Unavailable {
  const code = errorCode(error);
  switch (code) {
    case 'E2BIG':
      return { status: 'arguments-too-long' };
    case 'ENOENT':
      return unavailable('missing', `there is no program '${program}' on PATH`);
    case 'EACCES':
    case 'EPERM':
      return unavailable('denied', `'${program}' may not be run (${code})`);
    default:
      return unavailable('failed', `'${program}' could not be started (${code || 'unknown'})`);
  }
}
