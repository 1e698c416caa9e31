import { join } from 'node:path';
import { missionsFolderOf } from '../missions/mission.ts';
import type { Clock } from '../system/clock.ts';
import { createPathWatcher } from '../system/pathWatcher.ts';
import { OUTPUT_FILE, WRAPPER_LOG_FILE } from '../wrapper/files.ts';
import type { RunNote } from './contract/missions.ts';
import { openTail, type Tail } from './fileTail.ts';
import { runNote } from './runNote.ts';

export interface RunOutputMessage {
  readonly missionId: string;
  readonly output: string | null;
  readonly notes: RunNote[];
}

/** What one mission's runs print and note, for one reader: the end of it, then what comes. */
export interface RunOutput {
  /** @param folder `missions/<id>` */
  read(missionId: string, folder: string): { output: string | null; notes: RunNote[] };
  close(): void;
}

const OUTPUT_BYTES = 64 * 1024;
const NOTES_BYTES = 32 * 1024;
/** Claude prints in many small pieces. */
const COALESCE_MS = 60;

export function createRunOutput(
  clock: Clock,
  onOutput: (message: RunOutputMessage) => void,
): RunOutput {
  let close: () => void = () => undefined;

  function follow(missionId: string, folder: string, output: Tail, log: Tail): () => void {
    // A folder that cannot be watched is read once; its reader sees no more than that.
    const watcher = createPathWatcher(() => undefined, { root: missionsFolderOf(folder) });
    let cancel: (() => void) | null = null;
    const look = (): void => {
      cancel = null;
      const message = { missionId, output: output.more(), notes: notesOf(log.more() ?? '') };
      if (message.output !== null || message.notes.length > 0) onOutput(message);
    };
    const lookSoon = (): void => {
      cancel ??= clock.after(COALESCE_MS, look);
    };
    for (const name of [OUTPUT_FILE, WRAPPER_LOG_FILE]) watcher.watch(join(folder, name), lookSoon);
    // What came before it was watched.
    lookSoon();
    return () => {
      cancel?.();
      watcher.dispose();
    };
  }

  return {
    read(missionId, folder) {
      close();
      const output = openTail(join(folder, OUTPUT_FILE), OUTPUT_BYTES, missionsFolderOf(folder));
      const log = openTail(join(folder, WRAPPER_LOG_FILE), NOTES_BYTES, missionsFolderOf(folder));
      const first = { output: output.more(), notes: notesOf(log.more() ?? '') };
      close = follow(missionId, folder, output, log);
      return first;
    },
    close() {
      close();
      close = () => undefined;
    },
  };
}

function notesOf(lines: string): RunNote[] {
  return lines.split('\n').flatMap((line) => runNote(line) ?? []);
}
