import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { App } from 'electron';
import type { AppState } from '../main/service/contract/app.ts';

/** Whether the app starts when the user logs in. */
export interface LoginItem {
  status(): AppState['loginItem'];
  /** @throws the system's error if it cannot be written */
  set(enabled: boolean): void;
}

/** macOS knows login items itself; on Linux it is a file in `autostart` (XDG Desktop Application Autostart). */
export function createLoginItem(
  app: App,
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): LoginItem {
  if (platform === 'darwin') return macLoginItem(app);
  if (platform === 'linux') return autostartFile(app, env);
  return { status: () => 'unsupported', set: () => undefined };
}

function macLoginItem(app: App): LoginItem {
  const type = 'mainAppService' as const;
  return {
    status() {
      const { status, openAtLogin } = app.getLoginItemSettings({ type });
      if (status === 'requires-approval') return 'requires-approval';
      return status === 'enabled' || openAtLogin ? 'on' : 'off';
    },
    set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin, type }),
  };
}

function autostartFile(app: App, env: NodeJS.ProcessEnv): LoginItem {
  const config = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  const path = join(config, 'autostart', 'agenc-bar.desktop');
  return {
    status: () => (existsSync(path) ? 'on' : 'off'),
    set(enabled) {
      if (!enabled) return rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, desktopEntry(commandOf(app, env)));
    },
  };
}

/** The AppImage itself: what it runs is unpacked elsewhere at every start. */
function commandOf(app: App, env: NodeJS.ProcessEnv): string[] {
  if (env.APPIMAGE) return [env.APPIMAGE];
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()];
}

export function desktopEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=AgenC Bar',
    'Comment=Keeps the MCP sign-ins of Claude Code sessions in step',
    `Exec=${command.map(quoted).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Desktop Entry Specification, "The Exec key": quoting, a percent sign doubled, then the escaping of strings. */
function quoted(argument: string): string {
  const inQuotes = argument.replaceAll(/["`$\\]/g, '\\$&').replaceAll('%', '%%');
  return `"${inQuotes.replaceAll('\\', '\\\\')}"`;
}
