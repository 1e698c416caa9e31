import { appleTerminal, iterm2 } from './appleScript.ts';
import type { Terminal } from './terminal.ts';
import { tmux } from './tmux.ts';
import {
  alacritty,
  debianTerminal,
  ghostty,
  gnomeTerminal,
  kitty,
  konsole,
  wezterm,
  xterm,
} from './windows.ts';

/** Every terminal that a command can be opened in, by the value of the setting `terminal`. */
export const terminals = {
  terminal: appleTerminal,
  iterm2,
  ghostty,
  kitty,
  wezterm,
  alacritty,
  'gnome-terminal': gnomeTerminal,
  konsole,
  'x-terminal-emulator': debianTerminal,
  xterm,
  tmux,
} as const satisfies Record<string, Terminal>;

export type TerminalId = keyof typeof terminals;

export const terminalIds = Object.keys(terminals) as readonly TerminalId[];

export function isTerminalId(value: string): value is TerminalId {
  return Object.hasOwn(terminals, value);
}
