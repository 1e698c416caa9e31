/**
 * A stand-in for the module `electron`, for tests on machines without its binary: the production bundle
 * of the main process runs in plain Node, windows are pages in a real Chromium with the real preload
 * script in an isolated world of its own, and everything else is written down for the test.
 *
 * What it cannot tell, so what tests on it say nothing about: how the icon, menus and notifications are
 * drawn; where the window server puts windows and when it takes the focus away; several displays;
 * Electron's own Node, its fuses, its sandbox and how it throttles hidden pages; real permissions of
 * devices; child windows, downloads, `will-redirect`, `webview`, sessions beside the default one.
 * The page itself is at `http://<host>.<scheme>.localhost/` and not at its own scheme.
 */
import { app, ELECTRON_VERSION, identity } from './app.ts';
import { BrowserWindow } from './browserWindow.ts';
import { serveTest } from './control.ts';
import { dialog } from './dialog.ts';
import { ipcMain } from './ipc.ts';
import { Menu, MenuItem } from './menu.ts';
import { nativeImage } from './nativeImage.ts';
import { nativeTheme } from './nativeTheme.ts';
import { Notification } from './notification.ts';
import { protocol, session } from './session.ts';
import { settings } from './settings.ts';
import { strict } from './strict.ts';
import { autoUpdater, clipboard, globalShortcut, powerMonitor, screen, shell } from './system.ts';
import { Tray } from './tray.ts';
import { webContents } from './webContents.ts';

export {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
  webContents,
};

const electron = strict('electron', {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
  webContents,
});
export default electron;

Object.defineProperty(process.versions, 'electron', { value: ELECTRON_VERSION });
Object.defineProperty(process.versions, 'chrome', { value: '156.0.0.0' });
Object.defineProperty(process, 'type', { value: 'browser' });
Object.defineProperty(process, 'resourcesPath', { value: `${identity.appPath}/..` });
if (!settings.packaged) Object.defineProperty(process, 'defaultApp', { value: true });
// As Electron does on macOS and Linux.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => app.quit());
}

serveTest(electron);
