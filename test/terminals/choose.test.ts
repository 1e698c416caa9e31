import { describe, expect, it } from 'vitest';
import { chooseTerminal, currentTerminal } from '../../main/terminals/choose.ts';
import { type TerminalId, terminalIds } from '../../main/terminals/table.ts';
import { machine } from './support.ts';

const ITERM = ['/Applications/iTerm.app', 'osascript'];
const GHOSTTY = '/Applications/Ghostty.app';

describe('auto', () => {
  it.each<[string, TerminalId, NodeJS.Platform, string[]]>([
    ['an installed iTerm2 before Ghostty', 'iterm2', 'darwin', [...ITERM, GHOSTTY, 'kitty']],
    ['an installed Ghostty before Terminal', 'ghostty', 'darwin', ['osascript', GHOSTTY]],
    ['Terminal where nothing else is', 'terminal', 'darwin', ['osascript', 'tmux']],
    ['the choice of the system', 'x-terminal-emulator', 'linux', ['kitty', 'x-terminal-emulator']],
    ['the desktop’s own', 'gnome-terminal', 'linux', ['kitty', 'gnome-terminal']],
    ['xterm before tmux', 'xterm', 'linux', ['tmux', 'xterm']],
    ['tmux as the last', 'tmux', 'linux', ['tmux']],
  ])('%s: %s', (_, id, platform, has) => {
    expect(chooseTerminal('auto', false, machine(platform, has)).id).toBe(id);
  });

  it('without a display only tmux', () => {
    const ssh = machine('linux', ['tmux', 'kitty', 'xterm'], { DISPLAY: '', TERM: 'xterm-kitty' });
    expect(chooseTerminal('auto', true, ssh).id).toBe('tmux');
    const wayland = machine('linux', ['tmux', 'kitty'], { DISPLAY: '', WAYLAND_DISPLAY: 'wl-0' });
    expect(chooseTerminal('auto', true, wayland).id).toBe('kitty');
  });

  it('the terminal that the user is in, if the request comes from there and it is installed', () => {
    const has = ['x-terminal-emulator', 'konsole', 'tmux'];
    const inKonsole = machine('linux', has, { KONSOLE_VERSION: '230804' });
    expect(chooseTerminal('auto', true, inKonsole).id).toBe('konsole');
    expect(chooseTerminal('auto', false, inKonsole).id).toBe('x-terminal-emulator');
    const inKitty = machine('linux', has, { TERM: 'xterm-kitty' });
    expect(chooseTerminal('auto', true, inKitty).id).toBe('x-terminal-emulator');
    const inTmux = machine('linux', has, { KONSOLE_VERSION: '230804', TMUX: '/tmp/x,1,0' });
    expect(chooseTerminal('auto', true, inTmux).id).toBe('tmux');
    expect(chooseTerminal('auto', false, inTmux).id).toBe('x-terminal-emulator');
  });

  it.each<[Record<string, string>, TerminalId | null]>([
    [{ TERM_PROGRAM: 'Apple_Terminal' }, 'terminal'],
    [{ TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
    [{ TERM_PROGRAM: 'ghostty', TERM: 'xterm-ghostty' }, 'ghostty'],
    [{ TERM_PROGRAM: 'WezTerm', KITTY_WINDOW_ID: '1' }, 'wezterm'],
    [{ KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'alacritty' }, 'alacritty'],
    [{ ALACRITTY_WINDOW_ID: '7' }, 'alacritty'],
    [{ GNOME_TERMINAL_SCREEN: '/org/gnome/Terminal/screen/x' }, 'gnome-terminal'],
    [{ KONSOLE_VERSION: '230804' }, 'konsole'],
    [{ TMUX: '/tmp/x,1,0', TERM_PROGRAM: 'tmux' }, 'tmux'],
    [{ TERM_PROGRAM: 'vscode', TERM: 'xterm-256color' }, null],
    [{}, null],
  ])('in %j: %s', (env, id) => {
    expect(currentTerminal(env)).toBe(id);
  });

  it('says what was looked for', () => {
    const choose = (platform: NodeJS.Platform, env = {}) =>
      chooseTerminal('auto', true, machine(platform, [], env));
    expect(() => choose('linux')).toThrow(
      /looked for: x-terminal-emulator, GNOME Terminal, .*tmux/,
    );
    expect(() => choose('linux', { DISPLAY: '' })).toThrow('(looked for: tmux)');
    expect(() => choose('win32')).toThrow('(looked for: none for this system)');
  });
});

describe('a terminal that is set', () => {
  it('is taken, whatever the user is in', () => {
    const probe = machine('linux', ['xterm', 'konsole'], { KONSOLE_VERSION: '1' });
    expect(chooseTerminal('xterm', true, probe)).toEqual({ id: 'xterm', found: '/bin/xterm' });
  });

  it('is refused where it is not installed, with what was looked for', () => {
    expect(() => chooseTerminal('kitty', true, machine('linux', ['xterm']))).toThrow(
      /^kitty was not found \(looked for: kitty on PATH.*set "terminal" in bar\/settings.json to auto, /,
    );
  });

  it('is refused where it cannot be', () => {
    const probe = machine('linux', ['osascript']);
    expect(() => chooseTerminal('iterm2', true, probe)).toThrow('iTerm2 is not for this system');
  });

  it.each(['', 'Terminal.app', 'toString', '__proto__'])('is refused if unknown: %j', (setting) => {
    expect(() => chooseTerminal(setting, true, machine('linux', ['xterm']))).toThrow(
      `There is no terminal '${setting}'. Set "terminal" in bar/settings.json to auto, ${terminalIds.join(', ')}.`,
    );
  });
});
