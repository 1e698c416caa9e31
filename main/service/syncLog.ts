import { createReadStream, existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createStream } from 'rotating-file-stream';
import { isoTime } from '../system/isoTime.ts';
import { boundedLines, TooLong } from '../system/lines.ts';
import { type EventMessage, eventSchema } from './contract/engine.ts';
import { createLogShares, withFewNames } from './logShares.ts';

const MAX_SIZE = '5M';
const BACKUPS = 5;
/** What may wait for the disk. More comes only when hundreds of missions write faster than it. */
const MAX_WAITING = 1024 * 1024;
/** When what could not be written is tried again, unless something happens before. */
const RETRY_MS = 2_000;
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

/**
 * The sync log: the events as JSON lines, `sync.log` and its rotated elders `sync.log.1` (newest) to `.5`.
 * @param tell why it cannot be written; `null` once it can be again
 */
export function openSyncLog(path: string, tell: (error: Error | null) => void): SyncLog {
  const open = () =>
    createStream((index) => rotatedName(basename(path), index), {
      path: dirname(path),
      size: MAX_SIZE,
      rotate: BACKUPS,
      mode: 0o600,
    }).on('error', tell);
  return createLogQueue(open, () => tell(null));
}

/**
 * Writes events to a stream, all that wait with one write. The stream's own queue would hold a buffer of 64 kB for each
 * line; here waits 1 MB of text and no more. What comes beyond that is dropped, and counted in a line of its own; so is what is more than a mission's share. What
 * could not be written is tried again with a new stream, as the old one has ended with its error; lines that had come
 * through before that are there twice.
 * @param open a stream that tells its errors itself
 * @param recovered it can be written again
 * @param now monotonic, ms
 */
export function createLogQueue(
  open: () => LogStream,
  recovered: () => void = () => undefined,
  now: () => number = () => performance.now(),
): SyncLog {
  const shares = createLogShares(now);
  let stream: LogStream | null = null;
  let waiting: string[] = [];
  let length = 0;
  let dropped = 0;
  let isWriting = false;
  let isClosed = false;
  let hasFailed = false;
  let onIdle: (() => void) | null = null;
  let retry: NodeJS.Timeout | undefined;

  function add(line: string): void {
    if (length + line.length > MAX_WAITING) {
      dropped += 1;
      return;
    }
    waiting.push(line);
    length += line.length;
  }

  function addMissing(all: boolean): void {
    for (const one of shares.missing(all))
      add(lineOf({ event: 'dropped', at: isoTime(Date.now()), ...one }));
  }

  function writeNext(): void {
    if (isWriting) return;
    clearTimeout(retry);
    if (waiting.length === 0 && dropped === 0) {
      onIdle?.();
      return;
    }
    if (dropped > 0)
      waiting.push(lineOf({ event: 'dropped', at: isoTime(Date.now()), lines: dropped }));
    const lines = waiting;
    waiting = [];
    length = 0;
    dropped = 0;
    isWriting = true;
    stream ??= open();
    // A line that was cut off ends here.
    const text = `${hasFailed ? '\n' : ''}${lines.join('')}`;
    stream.write(text, (error) => {
      isWriting = false;
      if (error == null) {
        if (hasFailed) recovered();
        hasFailed = false;
        writeNext();
        return;
      }
      stream = null;
      hasFailed = true;
      const later = waiting;
      waiting = [];
      length = 0;
      for (const line of [...lines, ...later]) add(line);
      // Whoever ends does not wait for a disk.
      if (isClosed) onIdle?.();
      else retry = setTimeout(writeNext, RETRY_MS).unref();
    });
  }

  return {
    append(event) {
      if (isClosed) return;
      const line = lineOf(withFewNames(event));
      const isTaken = shares.takes(event, line.length);
      addMissing(false);
      if (isTaken) add(line);
      writeNext();
    },
    async close() {
      isClosed = true;
      addMissing(true);
      await new Promise<void>((resolve) => {
        onIdle = resolve;
        writeNext();
      });
      await new Promise<void>((resolve) => (stream === null ? resolve() : stream.end(resolve)));
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
