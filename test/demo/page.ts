import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Calm output for a terminal of 80 columns; plain where colour is not wanted (NO_COLOR, no terminal). */
export interface Page {
  title(text: string): void;
  /** Something that a person or a client does. */
  step(text: string): void;
  /** What came of it: where, and after how long. */
  result(where: string, what: string, ms?: number): void;
  note(text: string): void;
}

export function createPage(write: (line: string) => void): Page {
  const paint = (style: Style, text: string): string =>
    styleText(style, text, { stream: process.stdout });
  return {
    title(text) {
      write(`\n  ${paint('bold', text)}\n  ${paint('dim', '─'.repeat(text.length))}`);
    },
    step(text) {
      write(`\n  ${paint('cyan', '▸')} ${text}`);
    },
    result(where, what, ms) {
      const time = ms === undefined ? '' : `${ms.toFixed(1).padStart(8)} ms`;
      write(`      ${where.padEnd(16)}${paint('green', what.padEnd(34))}${paint('bold', time)}`);
    },
    note(text) {
      for (const line of wrap(text, 72)) write(`      ${paint('dim', line)}`);
    },
  };
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
