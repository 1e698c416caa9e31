import type { SettingsMessage } from '../../main/service/contract/settings.ts';

/** One value of a setting, and how it is called. */
export interface Choice {
  readonly id: string;
  readonly name: string;
}

type Store = SettingsMessage['store'];

const STORE_NAMES: Readonly<Record<Store, string>> = {
  auto: 'Automatic',
  file: 'Files',
  security: 'macOS Keychain',
  keytar: 'Secret Service',
};
// The contract's own list of them would bring its whole checking into the page.
export const storeIds = Object.keys(STORE_NAMES) as Store[];
export const STORES: readonly Choice[] = storeIds.map((id) => ({ id, name: STORE_NAMES[id] }));

const TERMINALS: readonly Choice[] = [
  { id: 'auto', name: 'Automatic' },
  { id: 'terminal', name: 'Terminal' },
  { id: 'iterm2', name: 'iTerm2' },
  { id: 'ghostty', name: 'Ghostty' },
  { id: 'kitty', name: 'kitty' },
  { id: 'wezterm', name: 'WezTerm' },
  { id: 'alacritty', name: 'Alacritty' },
  { id: 'gnome-terminal', name: 'GNOME Terminal' },
  { id: 'konsole', name: 'Konsole' },
  { id: 'x-terminal-emulator', name: 'x-terminal-emulator' },
  { id: 'xterm', name: 'xterm' },
  { id: 'tmux', name: 'tmux' },
];

const POLLS_MS = [15_000, 30_000, 60_000, 300_000];
const DEBOUNCES_MS = [0, 100, 500, 1_000, 3_000];

/** How often everything is looked at, and the present value if somebody wrote another into the file. */
export function pollChoices(presentMs: number): readonly Choice[] {
  return withMs(POLLS_MS, presentMs);
}

/** How long to wait after a broadcast, likewise. */
export function debounceChoices(presentMs: number): readonly Choice[] {
  return withMs(DEBOUNCES_MS, presentMs);
}

/** The terminals that are known, and the present one if it is none of them. */
export function terminalChoices(present: string): readonly Choice[] {
  const known = TERMINALS.some(({ id }) => id === present);
  return known ? TERMINALS : [...TERMINALS, { id: present, name: present }];
}

function withMs(known: readonly number[], present: number): readonly Choice[] {
  const all = [...new Set([...known, present])].sort((one, other) => one - other);
  return all.map((ms) => ({ id: String(ms), name: msName(ms) }));
}

function msName(ms: number): string {
  if (ms === 0) return 'Not at all';
  if (ms < 1_000) return `${ms} ms`;
  return ms < 60_000 ? `${ms / 1_000} s` : `${+(ms / 60_000).toFixed(2)} min`;
}
