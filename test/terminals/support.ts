import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Probe, TerminalRequest } from '../../main/terminals/terminal.ts';

/** A file that is there once a shell has taken a word for a command. */
export const TOUCHED = join(tmpdir(), `agenc-bar-touched-${process.pid}`);

/** Words with all that a shell, a terminal or tmux could take for something else. */
export const ODD_WORDS: readonly string[] = [
  ...[
    "it's",
    'say "hi"',
    'two  words ',
    '$HOME',
    `\${x}`,
    `$(touch ${TOUCHED})`,
    '`id`',
    '$$',
    '$$A$$',
  ],
  ...['back\\slash', '\\n\\t\\a', 'end\\', '\\(1 + 1)', 'new\nline', '\n', 'tab\there', '\t', '\r'],
  ...[
    '\u0003\u001b[31m',
    'naïve 🙂👩‍👩‍👧',
    '-n',
    '--',
    '--title=x',
    '-',
    '',
    ' ',
    '%n%d%%',
    '%s\\0101',
  ],
  ...['a;b', ';', 'x;', 'x\\;', '\\;', ';;', '#(id)', '#{pid}', '##', '#[fg=red]', '~', '~/x', '*'],
  ...[
    '?[a-z]',
    '{a,b}',
    '!!',
    '!x',
    'a=b',
    '=',
    '&',
    '|',
    '>x',
    '<',
    '(',
    ')',
    '@0',
    '^',
    'if',
    '0',
  ],
];

export const ODD_NAME = 'it\'s $HOME "a\\b" \n\t#(id) #{x} 🙂 %n;';

/** Anything that can be an argument of a process. */
export const word = fc.oneof(
  fc.constantFrom(...ODD_WORDS),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc.array(fc.constantFrom(...ODD_WORDS), { maxLength: 4 }).map((words) => words.join('')),
);

export function request(change: Partial<TerminalRequest> = {}): TerminalRequest {
  return {
    ...{ argv: ['/bin/claude', '--x'], cwd: '/work/a b', env: { A: '1' }, title: 'fix login' },
    ...change,
  };
}

/** A machine on which only these programs and paths are. */
export function machine(
  platform: NodeJS.Platform,
  has: readonly string[],
  env: Probe['env'] = {},
): Probe {
  return {
    platform,
    env: { DISPLAY: ':0', HOME: '/home/me', ...env },
    which: (name) => (has.includes(name) ? `/bin/${name}` : null),
    exists: (path) => has.includes(path),
  };
}

/** What a recorder has printed: for each run the number of words, then the words. */
export function runsIn(output: string): string[][] {
  const words = output.split('\0').slice(0, -1);
  const runs: string[][] = [];
  while (words.length > 0) {
    const count = Number(words.shift());
    runs.push(words.splice(0, count));
  }
  return runs;
}

/** Prints its arguments as `runsIn` reads them. */
export const RECORDER = '#!/bin/sh\nprintf \'%s\\0\' "$#" "$@"\n';
