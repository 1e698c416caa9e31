import { createReadStream, existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createStream } from 'rotating-file-stream';
import { isoTime } from '../system/isoTime.ts';
import { boundedLines, TooLong } from '../system/lines.ts';
import { type EventMessage, eventSchema } from './contract/engine.ts';

const MAX_SIZE = '5M';
const BACKUPS = 5;
/** What may wait for the disk. More comes only when hundreds of missions write faster than it. */
const MAX_WAITING = 1024 * 1024;
/** Events name servers and missions; none is anywhere near as long. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export interface SyncLog {
  append(event: EventMessage): void;
  /** Resolves when everything is on the disk. */
  close(): Promise<void>;
}

/** The part of a writable stream that the log needs. */
export interface LogStream {
  /** @param done called once the text is written, or cannot be */
  write(text: string, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
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
  return createLogQueue(stream);
}

/**
 * Writes events to a stream, all that wait with one write. The stream's own queue would hold a buffer of
 * 64 kB for each line; here waits 1 MB of text and no more. What comes beyond that is dropped, and counted in
 * a line of its own.
 */
export function createLogQueue(stream: LogStream): SyncLog {
  let waiting: string[] = [];
  let length = 0;
  let dropped = 0;
  let isWriting = false;
  let isClosed = false;
  let onIdle: (() => void) | null = null;

  function writeNext(): void {
    if (isWriting) return;
    if (waiting.length === 0 && dropped === 0) {
      onIdle?.();
      return;
    }
    if (dropped > 0)
      waiting.push(lineOf({ event: 'dropped', at: isoTime(Date.now()), lines: dropped }));
    const text = waiting.join('');
    waiting = [];
    length = 0;
    dropped = 0;
    isWriting = true;
    // An error is told by the stream; whatever could not be written is lost either way.
    stream.write(text, () => {
      isWriting = false;
      writeNext();
    });
  }

  return {
    append(event) {
      if (isClosed) return;
      const line = lineOf(event);
      if (length + line.length > MAX_WAITING) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      length += line.length;
      writeNext();
    },
    async close() {
      isClosed = true;
      await new Promise<void>((resolve) => {
        onIdle = resolve;
        writeNext();
      });
      await new Promise<void>((resolve) => stream.end(resolve));
    },
  };
}

/** What was logged, oldest first. Lines that are no events (cut off by a crash) are passed over. */
export async function* readSyncLog(path: string): AsyncGenerator<EventMessage> {
  for (let index = BACKUPS; index >= 0; index -= 1) {
    const file = index === 0 ? path : `${path}.${index}`;
    if (!existsSync(file)) continue;
    try {
      for await (const line of boundedLines(createReadStream(file), MAX_LINE_BYTES)) {
        const event = parseEvent(line);
        if (event !== null) yield event;
      }
    } catch (error) {
      // Not written by us: the rest of this file is no log.
      if (!(error instanceof TooLong)) throw error;
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

function lineOf(event: EventMessage): string {
  return `${JSON.stringify(event)}\n`;
}

function rotatedName(name: string, index: number | Date | null): string {
  return index === null ? name : `${name}.${String(index)}`;
}
