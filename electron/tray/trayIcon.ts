import { join } from 'node:path';
import type { TrayIcon } from './trayView.ts';

/** macOS tints a template image itself; on Linux the panel is light or dark, and the icon with it. */
export function trayIconPath(
  folder: string,
  icon: TrayIcon,
  dark: boolean,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'darwin') return join(folder, `tray${icon}Template.png`);
  return join(folder, `tray${icon}-${dark ? 'dark' : 'light'}.png`);
}
