import type { AppState } from '../main/service/contract/app.ts';

type Platform = AppState['platform'];

/** Every shortcut with ⌘ (macOS) or Ctrl: for the keys, and for the hints that tell of them. */
export const shortcuts = {
  missions: '1',
  servers: '2',
  log: '3',
  settings: ',',
  newMission: 'n',
  resync: 'r',
  find: 'f',
} as const;
export type ShortcutName = keyof typeof shortcuts;

type Pressed = Pick<KeyboardEvent, 'key' | 'metaKey' | 'ctrlKey' | 'altKey' | 'shiftKey'>;

/** Which shortcut a key press is, or `null`. */
export function shortcutOf(event: Pressed, platform: Platform): ShortcutName | null {
  const [modifier, other] =
    platform === 'darwin' ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (!modifier || other || event.altKey || event.shiftKey) return null;
  const key = event.key.toLowerCase();
  const names = Object.keys(shortcuts) as ShortcutName[];
  return names.find((name) => shortcuts[name] === key) ?? null;
}

/** How a shortcut is written: "⌘R", "Ctrl+R". */
export function shortcutHint(name: ShortcutName, platform: Platform): string {
  const key = shortcuts[name].toUpperCase();
  return platform === 'darwin' ? `⌘${key}` : `Ctrl+${key}`;
}

/** The same for `aria-keyshortcuts`: "Meta+R", "Control+R". */
export function ariaShortcut(name: ShortcutName, platform: Platform): string {
  return `${platform === 'darwin' ? 'Meta' : 'Control'}+${shortcuts[name].toUpperCase()}`;
}
