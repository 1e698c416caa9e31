/** How `security -i` reads its input, defects included. Text is one character a byte (latin1). */

/** `MAX_LINE_LEN`; the last byte of the buffer is its closing NUL. */
const BUFFER_BYTES = 4096;
const MAX_ARGUMENTS = 32;

/**
 * The lines that the tool sees. A long line is cut into pieces of 4,095 characters, each a command
 * of its own; a last line without a line break is not run.
 */
export function readLines(bytes: Uint8Array): string[] {
  const input = Buffer.from(bytes).toString('latin1');
  const lines: string[] = [];
  let at = 0;
  for (;;) {
    const end = input.indexOf('\n', at);
    const length = (end === -1 ? input.length : end) - at;
    if (length >= BUFFER_BYTES - 1) {
      lines.push(input.slice(at, at + BUFFER_BYTES - 1));
      at += BUFFER_BYTES - 1;
    } else if (end === -1) {
      return lines;
    } else {
      lines.push(input.slice(at, end));
      at = end + 1;
    }
  }
}

/**
 * The arguments in a line. Quotes count only at an argument's start; a backslash escapes anywhere; a
 * quote that is never closed ends with the line; text right behind a closing quote is a new argument.
 */
export function splitLine(line: string): string[] {
  const args: string[] = [];
  let current: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (current === null) {
      if (isSpace(char)) continue;
      if (args.length === MAX_ARGUMENTS) break;
      quote = char === '"' || char === "'" ? char : '';
      current = '';
      if (quote) continue;
    }
    if (char === '\\') {
      current += line[++i] ?? '';
    } else if (quote ? char === quote : isSpace(char)) {
      args.push(current);
      current = null;
    } else {
      current += char;
    }
  }
  if (current !== null) args.push(current);
  return args.map((argument) => Buffer.from(argument, 'latin1').toString('utf8'));
}

function isSpace(char: string): boolean {
  return char === ' ' || (char >= '\t' && char <= '\r');
}
