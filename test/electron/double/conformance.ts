/**
 * Holds the double to Electron's own types, when types are checked: what it has must exist there under
 * the same name, and fit where main uses it. Nothing of this runs.
 */
import type { EventEmitter } from 'node:events';
import type Electron from 'electron';
import type electron from './index.ts';

type Double = typeof electron;
type BrowserWindow = InstanceType<Double['BrowserWindow']>;
type WebContents = BrowserWindow['webContents'];
type Session = Double['session']['defaultSession'];
type NativeImage = ReturnType<Double['nativeImage']['createEmpty']>;

/** What main may use: not what events have, nor what is there for tests. */
type Names<T> = Exclude<Extract<keyof T, string>, `_${string}` | keyof EventEmitter>;
/** Members that Electron's object has not got. */
type Unknown<T, E> = Exclude<Names<T>, keyof E>;
/** Members whose type does not fit Electron's. */
type Misfits<T, E> = {
  [K in Names<T> & keyof E]: T[K] extends E[K] ? never : K;
}[Names<T> & keyof E];

/**
 * @typeParam Own members that give or take objects of the double's own, which have only a part of
 * Electron's; their names are checked, and those objects for themselves
 */
type Fits<T, E, Own extends string = never> = Exclude<Unknown<T, E> | Misfits<T, E>, Own>;
type None<T extends never> = T;

export type Conformance = [
  None<Unknown<Double, typeof Electron>>,
  None<Fits<Double['app'], Electron.App, 'commandLine' | 'dock'>>,
  None<Fits<Double['app']['commandLine'], Electron.CommandLine>>,
  None<Fits<NonNullable<Double['app']['dock']>, Electron.Dock>>,
  None<Fits<Double['autoUpdater'], Electron.AutoUpdater>>,
  None<Fits<BrowserWindow, Electron.BrowserWindow, 'webContents'>>,
  None<Unknown<Double['BrowserWindow'], typeof Electron.BrowserWindow>>,
  None<Fits<Double['clipboard'], Electron.Clipboard>>,
  None<Fits<Double['dialog'], Electron.Dialog>>,
  None<Fits<Double['globalShortcut'], Electron.GlobalShortcut>>,
  None<Fits<Double['ipcMain'], Electron.IpcMain, 'handle' | 'handleOnce'>>,
  None<
    Fits<
      InstanceType<Double['Menu']>,
      Electron.Menu,
      'append' | 'getMenuItemById' | 'insert' | 'items'
    >
  >,
  None<Unknown<Double['Menu'], typeof Electron.Menu>>,
  None<
    Fits<
      InstanceType<Double['MenuItem']>,
      Electron.MenuItem,
      'accelerator' | 'icon' | 'menu' | 'role' | 'submenu'
    >
  >,
  None<Fits<NativeImage, Electron.NativeImage, 'resize'>>,
  None<Unknown<Double['nativeImage'], typeof Electron.nativeImage>>,
  None<Fits<Double['nativeTheme'], Electron.NativeTheme>>,
  None<Fits<InstanceType<Double['Notification']>, Electron.Notification>>,
  None<Unknown<Double['Notification'], typeof Electron.Notification>>,
  None<Fits<Double['powerMonitor'], Electron.PowerMonitor>>,
  None<Fits<Double['protocol'], Electron.Protocol>>,
  None<Unknown<Double['screen'], Electron.Screen>>,
  None<Unknown<ReturnType<Double['screen']['getPrimaryDisplay']>, Electron.Display>>,
  None<Fits<Session, Electron.Session, 'protocol' | 'webRequest'>>,
  None<Fits<Session['webRequest'], Electron.WebRequest>>,
  None<Fits<Double['shell'], Electron.Shell>>,
  None<
    Fits<
      InstanceType<Double['Tray']>,
      Electron.Tray,
      'popUpContextMenu' | 'setContextMenu' | 'setImage' | 'setPressedImage'
    >
  >,
  None<Unknown<Double['webContents'], typeof Electron.webContents>>,
  None<Fits<WebContents, Electron.WebContents, 'mainFrame' | 'session' | 'setWindowOpenHandler'>>,
  None<
    Fits<
      WebContents['mainFrame'],
      Electron.WebFrameMain,
      'frames' | 'framesInSubtree' | 'parent' | 'top'
    >
  >,
];
