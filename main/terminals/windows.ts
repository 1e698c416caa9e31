import { plainTitle, withEnv } from './command.ts';
import { application, onPath, onPathOrIn } from './places.ts';
import type { Launch, Terminal, TerminalRequest } from './terminal.ts';

const BOTH: readonly NodeJS.Platform[] = ['darwin', 'linux'];
const LINUX: readonly NodeJS.Platform[] = ['linux'];

/**
 * 1.2 or newer: before, what follows `-e` was joined with spaces and read by a shell.
 * On macOS the program itself cannot open windows; `open -n` starts another instance, which ends with
 * its window.
 */
export const ghostty: Terminal = {
  name: 'Ghostty',
  platforms: BOTH,
  lookedFor: 'ghostty on PATH (macOS: Ghostty.app in /Applications and ~/Applications)',
  find: (probe) =>
    probe.platform === 'darwin' ? application(probe, 'Ghostty.app') : probe.which('ghostty'),
  launch(found, request) {
    const args = options(request, '-e');
    return found.endsWith('.app')
      ? { argv: ['/usr/bin/open', '-na', found, '--args', ...args], ends: true }
      : { argv: [found, ...args] };
  },
};

export const kitty: Terminal = {
  name: 'kitty',
  platforms: BOTH,
  lookedFor: 'kitty on PATH (macOS: kitty.app in /Applications and ~/Applications)',
  find: onPathOrIn('kitty', 'kitty.app/Contents/MacOS/kitty'),
  // No `--directory`: kitty expands `$NAME` in it. It keeps the folder that it is started in.
  launch: (program, request) => ({
    argv: [program, `--title=${plainTitle(request.title)}`, ...withEnv(request)],
  }),
};

/** Has no option for a title. */
export const wezterm: Terminal = {
  name: 'WezTerm',
  platforms: BOTH,
  lookedFor: 'wezterm on PATH (macOS: WezTerm.app in /Applications and ~/Applications)',
  find: onPathOrIn('wezterm', 'WezTerm.app/Contents/MacOS/wezterm'),
  launch: (program, request) => ({
    argv: [program, 'start', `--cwd=${request.cwd}`, '--', ...withEnv(request)],
  }),
};

export const alacritty: Terminal = {
  name: 'Alacritty',
  platforms: BOTH,
  lookedFor: 'alacritty on PATH (macOS: Alacritty.app in /Applications and ~/Applications)',
  find: onPathOrIn('alacritty', 'Alacritty.app/Contents/MacOS/alacritty'),
  launch: (program, request) => ({ argv: [program, ...options(request, '-e')] }),
};

export const gnomeTerminal: Terminal = {
  name: 'GNOME Terminal',
  platforms: LINUX,
  lookedFor: 'gnome-terminal on PATH',
  find: onPath('gnome-terminal'),
  launch: (program, request) => ({ argv: [program, ...options(request, '--')] }),
};

export const konsole: Terminal = {
  name: 'Konsole',
  platforms: LINUX,
  lookedFor: 'konsole on PATH',
  find: onPath('konsole'),
  launch(program, request) {
    // A title is a format (`%n`, `%d`), and `;` starts another property (ProfileCommandParser.cpp).
    const title = plainTitle(request.title.replaceAll(/[;%]+/g, ' '));
    return {
      argv: [
        ...[program, '--workdir', request.cwd, '-p', `tabtitle=${title}`],
        ...['-e', ...withEnv(request)],
      ],
    };
  },
};

/** Debian's choice of the user: `-T` and `-e` are all that its policy (11.8.3) promises. */
export const debianTerminal: Terminal = {
  name: 'x-terminal-emulator',
  platforms: LINUX,
  lookedFor: 'x-terminal-emulator on PATH',
  find: onPath('x-terminal-emulator'),
  launch: likeXterm,
};

export const xterm: Terminal = {
  name: 'xterm',
  platforms: LINUX,
  lookedFor: 'xterm on PATH',
  find: onPath('xterm'),
  launch: likeXterm,
};

/** The folder is the one that it is started in. */
function likeXterm(program: string, request: TerminalRequest): Launch {
  return { argv: [program, '-T', plainTitle(request.title), '-e', ...withEnv(request)] };
}

/** Values are in the option's own word, so that none that starts with a dash is taken for another. */
function options(request: TerminalRequest, mark: '-e' | '--'): string[] {
  return [
    ...[`--working-directory=${request.cwd}`, `--title=${plainTitle(request.title)}`],
    ...[mark, ...withEnv(request)],
  ];
}
