import { chmodSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { createStream } from 'rotating-file-stream';
import { errorCode } from '../system/errors.ts';

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
  makePrivate(path);
  const file = createStream(
    (index) => (index === null ? basename(path) : `${basename(path)}.${String(index)}`),
    { path: dirname(path), size: `${maxBytes}B`, rotate: BACKUPS, mode: 0o600 },
  );
  let tail = '';
  let broken = false;
  file.on('error', (error) => {
    if (!broken) onError(error);
    broken = true;
  });

  return {
    follow(stream) {
      const decoder = new StringDecoder('utf8');
      stream.on('data', (chunk: Buffer) => {
        tail = (tail + decoder.write(chunk)).slice(-LAST_CHARS);
        if (broken || file.write(chunk)) return;
        stream.pause();
        const goOn = () => stream.resume();
        file.once('drain', goOn);
        file.once('error', goOn);
      });
    },

    lastLines: () =>
      stripVTControlCharacters(tail)
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
        .slice(-LAST_LINES),

    close: () =>
      new Promise((resolve) => {
        if (broken) return resolve();
        file.once('error', () => resolve());
        file.end(resolve);
      }),
  };
}

/** AgenC's own wrapper, which uses the same name, lets others read it. */
function makePrivate(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
