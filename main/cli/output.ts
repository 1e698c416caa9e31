import { shown, shownJson } from '../service/contract/shown.ts';

/**
 * The one way to the terminal. Folders, entries and logs may hold anything, so whatever is printed passes
 * through here, and nobody has to remember it: a terminal gets no control character and no hidden text.
 */

/** No line that a person reads is longer. */
const MAX_LINE = 20_000;
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Writes lines to stdout. A line break inside of one is somebody else's, and is shown as such. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(textOf(lines));
}

/** Writes a value to stdout as one line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${shownJson(JSON.stringify(value))}\n`);
}

/** Whether so much of what was printed is still unread that more would only fill the memory. */
export function isUnread(): boolean {
  return process.stdout.writableLength > MAX_UNREAD_BYTES;
}

/** Writes a line for people to stderr, as this command's. */
export function complain(line: string): void {
  process.stderr.write(textOf([`agenc-bar: ${line.replaceAll(/\s*\n\s*/g, ' ').trim()}`]));
}

/** Shows how far something is: one line that is written over on a terminal; elsewhere, each step in a line. */
export function printProgress(step: string, percent: number | null): void {
  if (process.stderr.isTTY === true) {
    process.stderr.write(`\r\u001b[K${shown(step)}${percent === null ? '' : ` ${percent} %`}`);
  } else if (percent === null) process.stderr.write(textOf([step]));
}

/** Leaves the line that {@link printProgress} wrote over. */
export function endProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\n');
}

/** Waits until all that was printed has left: a process that ends at once may else lose it. */
export async function flushed(): Promise<void> {
  const streams = [process.stdout, process.stderr].filter(({ writable }) => writable);
  await Promise.all(
    streams.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${shown(line, MAX_LINE)}\n`).join('');
}
