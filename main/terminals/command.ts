import { shellQuote } from '../system/shellQuote.ts';
import { UserError } from '../system/userError.ts';
import type { TerminalRequest } from './terminal.ts';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Much more is cut off in a tab or a title bar anyway. */
const MAX_TITLE = 80;

/** @throws UserError where no process could be started like that */
export function checkRequest({ argv, cwd, env }: TerminalRequest): void {
  const [program = ''] = argv;
  // No shell and no `env` has a way to start a program of such a name.
  if (program === '' || program.startsWith('-'))
    throw new UserError(`'${program}' is no command to open in a terminal.`);
  if ([...argv, cwd, ...Object.values(env)].some((text) => text.includes('\0')))
    throw new UserError('A command that holds a NUL character cannot be opened in a terminal.');
  const bad = Object.keys(env).find((name) => !ENV_NAME.test(name));
  if (bad !== undefined) throw new UserError(`'${bad}' is no name of an environment variable.`);
}

/**
 * The command with its variables as arguments of `env`: they arrive whichever process starts it.
 * GNOME Terminal, tmux, WezTerm and Konsole have a server do so, whose environment is not ours.
 */
export function withEnv({ argv, env }: TerminalRequest): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const [program = ''] = argv;
  // `env` would take such a program for a variable.
  const direct = program.includes('=') ? ['/bin/sh', '-c', 'exec "$@"', 'sh'] : [];
  return ['/usr/bin/env', ...variables, ...direct, ...argv];
}

/** The title in one line without control characters, which could reach the terminal as commands. */
export function plainTitle(title: string): string {
  const line = title.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ');
  return [...line.trim()].slice(0, MAX_TITLE).join('').trim() || 'AgenC Bar';
}

/**
 * `eval` of what `printf %b` makes of the next argument. Without double quotes and backslashes, which
 * not every reader of it takes as a shell does; an empty IFS and `-f` do here what the quotes would.
 */
const DECODER = 'IFS=; set -f; eval $(printf %b $0)';

/**
 * The command, its folder and variables as four plain words, for terminals that take only one string.
 *
 * That string is read by something that is no POSIX shell: by the user's own shell, as keystrokes
 * (where a tab completes, Ctrl-C cancels and fish and tcsh quote otherwise), or by iTerm2's parser. So
 * it is quoted once, for `sh`, and all but harmless characters of the result are octal numbers.
 */
export function plainWords(request: TerminalRequest): [string, string, string, string] {
  const command = withEnv(request).map(shellQuote).join(' ');
  const text = `cd -- ${shellQuote(request.cwd)} && exec ${command}`;
  return ['/bin/sh', '-c', DECODER, text.replaceAll(/[^\w ./:=@%+,&-]+/g, octal)];
}

function octal(characters: string): string {
  const numbers = [...Buffer.from(characters)].map((byte) => byte.toString(8).padStart(3, '0'));
  return numbers.map((number) => `\\0${number}`).join('');
}
