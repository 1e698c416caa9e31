import { UserError } from '../system/userError.ts';
import { isTerminalId, type TerminalId, terminalIds, terminals } from './table.ts';
import type { Found, Probe } from './terminal.ts';

export interface Choice {
  readonly id: TerminalId;
  readonly found: Found;
}

const HOW_TO_SET = 'Set "terminal" in bar/settings.json';

/**
 * Who has installed another terminal than the system's wants it. On Linux the system's own choice
 * comes first. tmux last: it opens no window, but says how to get there.
 */
const ORDER: Readonly<Partial<Record<NodeJS.Platform, readonly TerminalId[]>>> = {
  darwin: ['iterm2', 'ghostty', 'kitty', 'wezterm', 'alacritty', 'terminal'],
  linux: [
    ...(['x-terminal-emulator', 'gnome-terminal', 'konsole', 'kitty', 'wezterm'] as const),
    ...(['alacritty', 'ghostty', 'xterm', 'tmux'] as const),
  ],
};

const BY_TERM_PROGRAM: Readonly<Record<string, TerminalId>> = {
  Apple_Terminal: 'terminal',
  'iTerm.app': 'iterm2',
  ghostty: 'ghostty',
  WezTerm: 'wezterm',
};

/** For terminals that set no TERM_PROGRAM, or from which a shell without it was started. */
const BY_VARIABLE: readonly (readonly [string, TerminalId])[] = [
  ['KITTY_WINDOW_ID', 'kitty'],
  ['ALACRITTY_WINDOW_ID', 'alacritty'],
  ['WEZTERM_PANE', 'wezterm'],
  ['GHOSTTY_RESOURCES_DIR', 'ghostty'],
  ['GNOME_TERMINAL_SCREEN', 'gnome-terminal'],
  ['KONSOLE_VERSION', 'konsole'],
  ['ITERM_SESSION_ID', 'iterm2'],
];

const BY_TERM: Readonly<Record<string, TerminalId>> = {
  'xterm-kitty': 'kitty',
  alacritty: 'alacritty',
  'xterm-ghostty': 'ghostty',
};

/** The variables that tell of the terminal one is in: a new terminal must not hand on another's. */
export const TERMINAL_VARIABLES: readonly string[] = [
  ...['TMUX', 'TMUX_PANE', 'TERM_PROGRAM', 'TERM_PROGRAM_VERSION'],
  ...BY_VARIABLE.map(([name]) => name),
];

/**
 * The terminal for a request.
 * @param setting `auto` or a terminal's id
 * @param inTerminal whether the request comes from a command in a terminal: its environment then tells
 *   which one the user is in
 * @throws UserError if the setting names none, or none is there
 */
export function chooseTerminal(setting: string, inTerminal: boolean, probe: Probe): Choice {
  if (setting === 'auto') return chooseAny(inTerminal, probe);
  if (!isTerminalId(setting))
    throw new UserError(
      `There is no terminal '${setting}'. ${HOW_TO_SET} to auto, ${terminalIds.join(', ')}.`,
    );
  const { name, platforms, lookedFor } = terminals[setting];
  if (!isOn(platforms, probe))
    throw new UserError(`${name} is not for this system. ${HOW_TO_SET} to ${here(probe)}.`);
  const found = terminals[setting].find(probe);
  if (found !== null) return { id: setting, found };
  throw new UserError(
    `${name} was not found (looked for: ${lookedFor}). Install it, or set "terminal" in bar/settings.json to ${here(probe)}.`,
  );
}

function chooseAny(inTerminal: boolean, probe: Probe): Choice {
  const own = inTerminal ? currentTerminal(probe.env) : null;
  const order = ORDER[probe.platform] ?? [];
  const candidates = (own === null ? order : [own, ...order]).filter((id) => canShow(id, probe));
  for (const id of candidates) {
    const found = terminals[id].find(probe);
    if (found !== null) return { id, found };
  }
  const looked = candidates.map((id) => terminals[id].name).join(', ') || 'none for this system';
  throw new UserError(
    `No terminal was found (looked for: ${looked}). Install one, or run the command in one yourself.`,
  );
}

/** The terminal that a command runs in, by its environment. */
export function currentTerminal(env: Probe['env']): TerminalId | null {
  if (env.TMUX) return 'tmux';
  const byProgram = BY_TERM_PROGRAM[env.TERM_PROGRAM ?? ''];
  const byVariable = BY_VARIABLE.find(([name]) => env[name])?.[1];
  return byProgram ?? byVariable ?? BY_TERM[env.TERM ?? ''] ?? null;
}

/** Without a display, as over ssh, only tmux can be of use. */
function canShow(id: TerminalId, probe: Probe): boolean {
  const { platform, env } = probe;
  const hasDisplay = platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
  return isOn(terminals[id].platforms, probe) && (hasDisplay || id === 'tmux');
}

function isOn(platforms: readonly NodeJS.Platform[], { platform }: Probe): boolean {
  return platforms.includes(platform);
}

function here(probe: Probe): string {
  const ids = terminalIds.filter((id) => isOn(terminals[id].platforms, probe));
  return ['auto', ...ids].join(', ');
}
