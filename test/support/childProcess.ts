import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whether a process was started and has not ended. */
export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Ends a process, also one that is stopped, and waits until it is gone. Whatever has ended is left alone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** A process that does nothing, until it is ended. */
export async function startSleeper(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['3600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
}
