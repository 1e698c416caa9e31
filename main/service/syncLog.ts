import { createReadStream, existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { createStream } from 'rotating-file-stream';
import { type EventMessage, eventSchema } from './contract/engine.ts';

const MAX_SIZE = '5M';
const BACKUPS = 5;

export interface SyncLog {
  append(event: EventMessage): void;
  /** Resolves when everything is on the disk. */
  close(): Promise<void>;
}

/** The sync log: the events as JSON lines, `sync.log` and its rotated elders `sync.log.1` (newest) to `.5`. */
export function openSyncLog(path: string, onError: (error: Error) => void): SyncLog {
  const stream = createStream((index) => rotatedName(basename(path), index), {
    path: dirname(path),
    size: MAX_SIZE,
    rotate: BACKUPS,
    mode: 0o600,
  });
  stream.on('error', onError);
  return {
    append(event) {
      if (!stream.writableEnded) stream.write(`${JSON.stringify(event)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

/** What was logged, oldest first. Lines that are no events (cut off by a crash) are passed over. */
export async function* readSyncLog(path: string): AsyncGenerator<EventMessage> {
  for (let index = BACKUPS; index >= 0; index -= 1) {
    const file = index === 0 ? path : `${path}.${index}`;
    if (!existsSync(file)) continue;
    for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
      const event = parseEvent(line);
      if (event !== null) yield event;
    }
  }
}

export function parseEvent(line: string): EventMessage | null {
  try {
    return eventSchema.parse(JSON.parse(line));
  } catch {
    // Cut off by a crash, or of a newer version.
    return null;
  }
}

function rotatedName(name: string, index: number | Date | null): string {
  return index === null ? name : `${name}.${String(index)}`;
}
