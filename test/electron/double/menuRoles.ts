/** The labels and submenus that Electron gives to items that have only a role. */
import type { MenuItemConstructorOptions } from 'electron';

const LABELS: Readonly<Record<string, string>> = {
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  pasteandmatchstyle: 'Paste and Match Style',
  delete: 'Delete',
  selectall: 'Select All',
  reload: 'Reload',
  forcereload: 'Force Reload',
  toggledevtools: 'Toggle Developer Tools',
  resetzoom: 'Actual Size',
  zoomin: 'Zoom In',
  zoomout: 'Zoom Out',
  togglefullscreen: 'Toggle Full Screen',
  window: 'Window',
  minimize: 'Minimize',
  zoom: 'Zoom',
  front: 'Bring All to Front',
  help: 'Help',
  services: 'Services',
  hideothers: 'Hide Others',
  unhide: 'Show All',
  editmenu: 'Edit',
  filemenu: 'File',
  viewmenu: 'View',
  windowmenu: 'Window',
};

const SUBMENUS: Readonly<Record<string, readonly string[]>> = {
  appmenu: ['about', '-', 'services', '-', 'hide', 'hideOthers', 'unhide', '-', 'quit'],
  filemenu: ['close'],
  editmenu: ['undo', 'redo', '-', 'cut', 'copy', 'paste', 'delete', '-', 'selectAll'],
  viewmenu: ['reload', 'forceReload', 'toggleDevTools', '-', 'resetZoom', 'zoomIn', 'zoomOut'],
  windowmenu: ['minimize', 'zoom', 'close'],
};

export function defaultLabel(role: string, appName: string): string {
  const mac = process.platform === 'darwin';
  const name = role.toLowerCase();
  if (name === 'about') return mac ? `About ${appName}` : 'About';
  if (name === 'hide') return `Hide ${appName}`;
  if (name === 'close') return mac ? 'Close Window' : 'Close';
  if (name === 'appmenu') return appName;
  if (name === 'quit') {
    if (mac) return `Quit ${appName}`;
    return process.platform === 'win32' ? 'Exit' : 'Quit';
  }
  const label = LABELS[name];
  if (label === undefined) throw new Error(`Electron stand-in: unknown menu role ${role}`);
  return label;
}

export function defaultSubmenu(role: string): MenuItemConstructorOptions[] | undefined {
  return SUBMENUS[role.toLowerCase()]?.map((item) =>
    item === '-'
      ? { type: 'separator' }
      : { role: item as NonNullable<MenuItemConstructorOptions['role']> },
  );
}
