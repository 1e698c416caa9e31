import { appendFileSync, chmodSync, renameSync, statSync } from 'node:fs';
import { errorCode } from '../system/errors.ts';

const MAX_BYTES = 1024 * 1024;

/** What may be logged of an event: never Claude's output, a prompt or anything of the environment. */
export type LogDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface WrapperLog {
  /** Adds a line. A log that cannot be written stops nobody. */
  append(event: string, details?: LogDetails): void;
}

/**
 * `wrapper.log`: one JSON line an event; at 1 MB it becomes `wrapper.log.1`. Written at once, so that the
 * last lines before a SIGKILL are there.
 */
export function openWrapperLog(path: string, now: () => number): WrapperLog {
  return {
    append(event, details = {}) {
      const line = JSON.stringify({ at: new Date(now()).toISOString(), event, ...details });
      try {
        makeRoom(path);
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
      } catch {
        // A full disk or a read-only folder: Claude runs on, and what matters goes to stderr as well.
      }
    },
  };
}

function makeRoom(path: string): void {
  try {
    const stat = statSync(path);
    if (stat.size > MAX_BYTES) renameSync(path, `${path}.1`);
    // AgenC's own wrapper, which uses the same name, lets others read it.
    else if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
