import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { missionsFolderOf } from '../missions/mission.ts';
import { type AppendFile, openToAppend, shiftBackups } from '../system/appendFile.ts';
import { isoTime } from '../system/isoTime.ts';

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
      const line = JSON.stringify({ at: isoTime(now()), event, ...details });
      try {
        const { descriptor } = openWithRoom(path);
        try {
          writeSync(descriptor, `${line}\n`);
        } finally {
          closeSync(descriptor);
        }
      } catch {
        // A full disk or a read-only folder: Claude runs on, and what matters goes to stderr as well.
      }
    },
  };
}

function openWithRoom(path: string): AppendFile {
  const below = missionsFolderOf(dirname(path));
  const file = openToAppend(path, below);
  if (file.size <= MAX_BYTES) return file;
  if (!shiftBackups(path, 1, below)) {
    ftruncateSync(file.descriptor);
    return file;
  }
  closeSync(file.descriptor);
  return openToAppend(path, below);
}
