import { describe, expect, it } from 'vitest';
import { itermCommand, typedLine } from '../../main/terminals/appleScript.ts';
import { type TerminalId, terminalIds, terminals } from '../../main/terminals/table.ts';
import { parseTmux } from '../../main/terminals/tmux.ts';
import { machine, ODD_NAME, request } from './support.ts';

const COMMAND = ['/usr/bin/env', 'A=1', '/bin/claude', '--x'];
const CWD = '/work/a b';

describe('what is started for a command', () => {
  it.each<[TerminalId, string, readonly string[]]>([
    ['kitty', '/k', ['--title=fix login', ...COMMAND]],
    ['wezterm', '/w', ['start', `--cwd=${CWD}`, '--', ...COMMAND]],
    ['alacritty', '/a', [`--working-directory=${CWD}`, '--title=fix login', '-e', ...COMMAND]],
    ['ghostty', '/g', [`--working-directory=${CWD}`, '--title=fix login', '-e', ...COMMAND]],
    [
      'gnome-terminal',
      '/gt',
      [`--working-directory=${CWD}`, '--title=fix login', '--', ...COMMAND],
    ],
    ['konsole', '/ko', ['--workdir', CWD, '-p', 'tabtitle=fix login', '-e', ...COMMAND]],
    ['x-terminal-emulator', '/x', ['-T', 'fix login', '-e', ...COMMAND]],
    ['xterm', '/xt', ['-T', 'fix login', '-e', ...COMMAND]],
  ])('%s', (id, found, args) => {
    const launch = terminals[id].launch(found, request(), undefined);
    expect(launch).toEqual({ argv: [found, ...args] });
  });

  it('ghostty on macOS: another instance', () => {
    const app = '/Applications/Ghostty.app';
    expect(terminals.ghostty.launch(app, request(), undefined)).toEqual({
      argv: [
        ...['/usr/bin/open', '-na', app, '--args', `--working-directory=${CWD}`],
        ...['--title=fix login', '-e', ...COMMAND],
      ],
      ends: true,
    });
  });

  it.each([
    ['terminal', typedLine, 'com.apple.Terminal', 'do script (item 1 of argv)'],
    ['iterm2', itermCommand, 'com.googlecode.iterm2', 'profile command (item 1 of argv)'],
  ] as const)('%s: a script that takes what differs as arguments', (id, text, app, verb) => {
    const plain = terminals[id].launch('/osascript', request(), undefined);
    expect(plain.argv).toEqual(['/osascript', '-', text(request()), 'fix login']);
    expect(plain.ends).toBe(true);
    expect(plain.stdin).toContain(`tell application id "${app}"`);
    expect(plain.stdin).toContain(verb);
    expect(plain.stdin).toMatch(/^on run argv\n.*\nend run\n$/s);

    const odd = request({ argv: ['/x', ODD_NAME], cwd: ODD_NAME, title: ODD_NAME });
    expect(terminals[id].launch('/osascript', odd, undefined).stdin).toBe(plain.stdin);
  });

  it('the scripts say how to allow what macOS refused', () => {
    const { hint } = terminals.terminal.launch('/osascript', request(), undefined);
    const said = 'execution error: Not authorized to send Apple events to Terminal. (-1743)';
    expect(hint?.(said)).toContain('Automation');
    expect(hint?.('execution error: something else (-1728)')).toBeNull();
  });

  it('tmux: a window in the session that the user is in', () => {
    const launch = terminals.tmux.launch('/tmux', request(), '/tmp/a,b/default,123,7');
    expect(launch).toEqual({
      argv: [
        ...['/tmux', '-S', '/tmp/a,b/default', 'new-window', '-t', '$7:', '-n', 'fix login'],
        ...['--', ...COMMAND],
      ],
      ends: true,
    });
  });

  it('tmux: without one a detached session, and how to get there', () => {
    const { argv, ends, note } = terminals.tmux.launch('/tmux', request(), undefined);
    expect(argv).toEqual([
      ...['/tmux', 'new-session', '-d', '-P', '-F', '#{session_id}', '-n', 'fix login'],
      ...['--', ...COMMAND],
    ]);
    expect(ends).toBe(true);
    expect(note?.('$3\n')).toBe("It runs in tmux. To see it: tmux attach -t '$3'");
  });

  it.each(['', 'x', '/tmp/x,1', '/tmp/x,1,y'])('TMUX that is no TMUX: %j', (value) => {
    expect(parseTmux(value)).toBeNull();
  });

  it('konsole: a title sets no other property and expands nothing', () => {
    const odd = request({ title: 'a;Command=x %n' });
    expect(terminals.konsole.launch('/ko', odd, undefined).argv).toContain(
      'tabtitle=a Command=x n',
    );
  });

  it.each(terminalIds)('%s: a title with line breaks stays in one line', (id) => {
    const odd = request({ title: 'a\nb\u001b]c', argv: ['/x'], cwd: '/w' });
    const { argv } = terminals[id].launch('/found', odd, undefined);
    expect(argv.join('')).not.toMatch(/\p{Cc}/u);
  });
});

describe('where a terminal is found', () => {
  it.each<[TerminalId, NodeJS.Platform, string, string]>([
    ['kitty', 'linux', 'kitty', '/bin/kitty'],
    ['kitty', 'darwin', 'kitty', '/bin/kitty'],
    ['kitty', 'darwin', '/Applications/kitty.app/Contents/MacOS/kitty', '='],
    ['wezterm', 'darwin', '/Applications/WezTerm.app/Contents/MacOS/wezterm', '='],
    ['alacritty', 'darwin', '/home/me/Applications/Alacritty.app/Contents/MacOS/alacritty', '='],
    ['ghostty', 'darwin', '/home/me/Applications/Ghostty.app', '='],
    ['ghostty', 'linux', 'ghostty', '/bin/ghostty'],
    ['terminal', 'darwin', 'osascript', '/bin/osascript'],
    ['konsole', 'linux', 'konsole', '/bin/konsole'],
    ['tmux', 'linux', 'tmux', '/bin/tmux'],
  ])('%s on %s: %s', (id, platform, has, found) => {
    const { find } = terminals[id];
    expect(find(machine(platform, [has]))).toBe(found === '=' ? has : found);
    expect(find(machine(platform, []))).toBeNull();
  });

  it('iTerm2 takes its application and osascript', () => {
    const { find } = terminals.iterm2;
    expect(find(machine('darwin', ['/Applications/iTerm.app', 'osascript']))).toBe(
      '/bin/osascript',
    );
    expect(find(machine('darwin', ['osascript']))).toBeNull();
  });

  it('no macOS application on Linux, no ghostty from PATH on macOS', () => {
    const inside = '/Applications/kitty.app/Contents/MacOS/kitty';
    expect(terminals.kitty.find(machine('linux', [inside]))).toBeNull();
    expect(terminals.ghostty.find(machine('darwin', ['ghostty']))).toBeNull();
  });
});
