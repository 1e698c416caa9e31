import { closeSync, ftruncateSync, write } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { promisify, stripVTControlCharacters } from 'node:util';
import { missionsFolderOf } from '../missions/mission.ts';
import { type AppendFile, openToAppend, shiftBackups } from '../system/appendFile.ts';
import { closeQuietly } from '../system/foreignFile.ts';

const writeTo = promisify(write);

const BACKUPS = 3;
const LAST_LINES = 20;
const LAST_CHARS = 4_000;

/** Takes what a headless Claude prints. */
export interface OutputLog {
  /** Claude waits while the disk is slower than it. */
  follow(stream: Readable): void;
  /** The last lines, as text for people. */
  lastLines(): string[];
  /** Resolves when everything is on the disk, or cannot be. */
  close(): Promise<void>;
}

/**
 * `claude-output.log`, 0600, rotated to `.1` (newest) … `.3`.
 * @param maxBytes how large one file gets
 * @param onError told once, if nothing can be written; Claude goes on, and its last lines are still known
 */
export function openOutputLog(
  path: string,
  maxBytes: number,
  onError: (error: Error) => void,
): OutputLog {
  const below = missionsFolderOf(dirname(path));
  let tail = '';
  let file: AppendFile | null = null;
  let written: Promise<void> = Promise.resolve();
  open();

  /** Opens the file, or one with room where it is full; afterwards there is none if that failed. */
  function open(): void {
    try {
      file ??= openToAppend(path, below);
      if (file.size < maxBytes) return;
      if (shiftBackups(path, BACKUPS, below)) {
        closeSync(file.descriptor);
        file = null;
        file = openToAppend(path, below);
      } else {
        ftruncateSync(file.descriptor);
        file = { ...file, size: 0 };
      }
    } catch (error) {
      fail(error);
    }
  }

  function fail(error: unknown): void {
    if (file !== null) closeQuietly(file.descriptor);
    file = null;
    onError(error instanceof Error ? error : new Error(String(error)));
  }

  async function append(chunk: Buffer): Promise<void> {
    if (file === null) return;
    try {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await writeTo(file.descriptor, chunk, done);
        done += bytesWritten;
      }
      file = { ...file, size: file.size + chunk.length };
    } catch (error) {
      return fail(error);
    }
    open();
  }

  return {
    follow(stream) {
      const decoder = new StringDecoder('utf8');
      stream.on('data', (chunk: Buffer) => {
        tail = (tail + decoder.write(chunk)).slice(-LAST_CHARS);
        if (file === null) return;
        stream.pause();
        written = written.then(() => append(chunk));
        void written.then(() => stream.resume());
      });
    },

    lastLines: () =>
      stripVTControlCharacters(tail)
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
        .slice(-LAST_LINES),

    async close() {
      await written;
      if (file !== null) closeQuietly(file.descriptor);
      file = null;
    },
  };
}
