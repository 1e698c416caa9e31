import { plainTitle, withEnv } from './command.ts';
import { onPath } from './places.ts';
import type { Launch, Terminal, TerminalRequest } from './terminal.ts';

/**
 * A new window in the session that the user is in; without one, a detached session in the default
 * server. No `-c`: tmux would expand formats in it, and without it takes the folder that its client is
 * started in, which is the request's. No `-e` either, which needs tmux 3.2.
 */
export const tmux: Terminal = {
  name: 'tmux',
  platforms: ['darwin', 'linux'],
  lookedFor: 'tmux on PATH',
  find: onPath('tmux'),
  launch(program, request, inTmux) {
    const place = inTmux === undefined ? null : parseTmux(inTmux);
    return place === null
      ? newSession(program, request)
      : {
          argv: [
            ...[program, '-S', place.socket, 'new-window', '-t', `$${place.session}:`],
            ...nameAndCommand(request),
          ],
          ends: true,
        };
  },
};

/** `TMUX` is the server's socket, its pid and the session's number; only the first may hold commas. */
export function parseTmux(value: string): { socket: string; session: string } | null {
  const [, socket, session] = /^(.+),\d+,(\d+)$/s.exec(value) ?? [];
  return socket === undefined || session === undefined ? null : { socket, session };
}

function newSession(program: string, request: TerminalRequest): Launch {
  return {
    argv: [
      ...[program, 'new-session', '-d', '-P', '-F', '#{session_id}'],
      ...nameAndCommand(request),
    ],
    ends: true,
    note: (said) => `It runs in tmux. To see it: tmux attach -t '${said.trim()}'`,
  };
}

/** tmux runs more than one word as they are, without a shell, and `env` makes it so. */
function nameAndCommand(request: TerminalRequest): string[] {
  // A name is a format: `#(…)` in it would be run.
  const name = plainTitle(request.title).replaceAll('#', '##');
  return ['-n', keepSemicolon(name), '--', ...withEnv(request).map(keepSemicolon)];
}

/** A semicolon at the end of an argument would start another tmux command. */
function keepSemicolon(argument: string): string {
  return argument.endsWith(';') ? `${argument.slice(0, -1)}\\;` : argument;
}
