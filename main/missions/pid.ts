import { errorCode } from '../system/errors.ts';
import { readForeignText } from '../system/foreignFile.ts';

/** A wrapper of another program may write more than the number. */
const MAX_BYTES = 64 * 1024;

/** The process id in a `pid` file, or `null` if there is none, or none yet. */
export function readPid(path: string): number | null {
  // No file: not running. An unreadable one cannot name a process either; the next look tries again.
  const text = readForeignText(path, MAX_BYTES)?.trim() ?? '';
  // A wrapper may write more after the number, on lines of its own.
  const match = /^([1-9]\d{0,9})(?:\s|$)/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Whether a process lives. One that belongs to another user (EPERM) does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
