import type { EventMessage } from './contract/engine.ts';
import type { LogFilter, LogLine } from './contract/log.ts';
import { logMatcher } from './contract/logFilter.ts';
import { logLine, logLineText } from './logLine.ts';
import { readSyncLog } from './syncLog.ts';

export interface LogPage {
  readonly lines: LogLine[];
  /** There are older ones. */
  readonly more: boolean;
}

/** The sync log for one reader: pages from the newest to the oldest, and what comes while it is open. */
export interface LogBook {
  /** @param before the `id` of the oldest line that the reader has; `null` opens the log anew */
  read(before: number | null): Promise<LogPage>;
  /** An event happened; while the log is open its line goes to `onLines`. */
  append(event: EventMessage): void;
  /** What a filter lets through, oldest first, as text. Reads the log anew if it is not open. */
  export(filter: LogFilter): Promise<{ text: string; lines: number }>;
  close(): void;
}

const PAGE = 5_000;
/** More than the files of the log hold: what is older than that many lines is let go. */
const MAX_LINES = 300_000;
/** What comes while the file is read; what is older is in the file. */
const MAX_EARLY = 10_000;
/** A burst of syncs is one message to the reader. */
const COALESCE_MS = 50;

/** @param nameOf a mission's name by its id */
export function createLogBook(
  path: string,
  nameOf: (missionId: string) => string | null,
  onLines: (lines: LogLine[]) => void,
  maxLines = MAX_LINES,
): LogBook {
  /** Lines that the reader may still ask for or export; `null`: closed. */
  let lines: LogLine[] | null = null;
  /** Events that come while the file is being read: some of them are in it already. */
  let early: EventMessage[] | null = null;
  let fresh: LogLine[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  async function readAll(): Promise<LogLine[]> {
    const read: LogLine[] = [];
    for await (const event of readSyncLog(path)) read.push(logLine(read.length, event, nameOf));
    return read;
  }

  async function open(): Promise<LogLine[]> {
    const arriving: EventMessage[] = [];
    early = arriving;
    const read = await readAll();
    // Closed, or opened once more, meanwhile: that one counts.
    if (early !== arriving) return lines ?? read;
    early = null;
    const known = new Set(read.slice(-arriving.length * 2 - 1).map(keyOf));
    for (const event of arriving) {
      const line = logLine(read.length, event, nameOf);
      if (!known.has(keyOf(line))) read.push(line);
    }
    lines = read;
    return read;
  }

  function flush(): void {
    timer = null;
    const batch = fresh;
    fresh = [];
    if (lines !== null && batch.length > 0) onLines(batch);
  }

  return {
    async read(before) {
      const all = before === null || lines === null ? await open() : lines;
      // The oldest may be gone: ids count from the beginning.
      const end = before === null ? all.length : clamp(before - (all[0]?.id ?? 0), all.length);
      const start = Math.max(0, end - PAGE);
      return { lines: all.slice(start, end), more: start > 0 };
    },

    append(event) {
      if (early !== null) {
        early.push(event);
        if (early.length > MAX_EARLY) early.splice(0, MAX_EARLY / 2);
      }
      if (lines === null || early !== null) return;
      const line = logLine((lines.at(-1)?.id ?? -1) + 1, event, nameOf);
      lines.push(line);
      if (lines.length > maxLines) lines.splice(0, Math.ceil(maxLines / 10));
      fresh.push(line);
      timer ??= setTimeout(flush, COALESCE_MS);
    },

    async export(filter) {
      const wanted = (lines ?? (await readAll())).filter(logMatcher(filter));
      return {
        text: wanted.map((line) => `${logLineText(line)}\n`).join(''),
        lines: wanted.length,
      };
    },

    close() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      lines = null;
      early = null;
      fresh = [];
    },
  };
}

function clamp(index: number, length: number): number {
  return Math.min(Math.max(0, index), length);
}

function keyOf({ id: _, ...line }: LogLine): string {
  return JSON.stringify(line);
}
