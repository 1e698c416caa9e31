/**
 * What a test may do in the user's place, or as a page that means harm, and what it may look at. Each is
 * run in the main process; arguments and results are copies.
 */
import { rawApp } from './app.ts';
import { type Call, calls } from './calls.ts';
import { type DialogAnswer, prepareAnswer } from './dialog.ts';
import { preventable } from './events.ts';
import { type FalseSender, invokeFrom } from './falseSender.ts';
import type { LoginItemStatus } from './loginItems.ts';
import { clickIn, Menu_, type MenuShape, shapeOf } from './menu.ts';
import { changeTheme } from './nativeTheme.ts';
import { shownNotifications } from './notification.ts';
import type { KeyInput } from './pageScripts.ts';
import { rawSession } from './session.ts';
import type { Media } from './standInSettings.ts';
import { clipboardHas, pressShortcut, rawPowerMonitor } from './system.ts';
import { type ClickKeys, type RawTray, rawTrays } from './tray.ts';
import { type WindowShape, windowNumber, windowShapes } from './windowShapes.ts';

/** The icon in the menu bar as the user sees it. */
export interface TrayShape {
  readonly title: string;
  readonly toolTip: string;
  readonly image: {
    readonly path: string | undefined;
    readonly width: number;
    readonly height: number;
    readonly template: boolean;
    readonly empty: boolean;
  };
  /** What a right click shows; `null`: nothing yet. */
  readonly menu: MenuShape[] | null;
}

export interface NotificationShape {
  readonly title: string;
  readonly body: string;
  readonly silent: boolean;
  /** Neither clicked away nor closed by the app. */
  readonly open: boolean;
}

export type PowerEvent = 'suspend' | 'resume' | 'lock-screen' | 'unlock-screen' | 'shutdown';

export const handles = {
  /** What main asked of Electron so far, in order. `what`: only calls of this name. */
  calls: (what?: string): Call[] =>
    what === undefined ? [...calls] : calls.filter(([name]) => name === what),
  /** Forgets the calls so far. */
  clearCalls: (): void => {
    calls.length = 0;
  },

  tray: (): TrayShape => trayShape(theTray()),
  clickTray: (keys?: Partial<ClickKeys>): void => theTray()._click('click', keys),
  rightClickTray: (keys?: Partial<ClickKeys>): void => theTray()._click('right-click', keys),
  doubleClickTray: (): void => theTray()._click('double-click'),
  /** Clicks an item of the tray's menu: the labels that lead to it. */
  clickMenu: (path: string | readonly string[]): void => clickIn(trayMenu(), [path].flat()),
  applicationMenu: (): MenuShape[] | null => {
    const menu = Menu_.getApplicationMenu();
    return menu === null ? null : shapeOf(menu);
  },
  clickApplicationMenu: (path: readonly string[]): void => {
    const menu = Menu_.getApplicationMenu();
    if (menu === null) throw new Error('There is no application menu');
    clickIn(menu, path);
  },

  /** What the user will answer to the next dialog. Without this, dialogs are cancelled. */
  answerDialog: (answer: DialogAnswer): void => prepareAnswer(answer),
  notifications: (): NotificationShape[] =>
    shownNotifications.map(({ title, body, silent, _isOpen: open }) => ({
      title,
      body,
      silent,
      open,
    })),
  /** @param index which, in the order in which they were shown; negative: from the end */
  clickNotification: (index = -1): void => {
    notificationAt(index).emit('click', preventable());
  },
  closeNotification: (index = -1): void => notificationAt(index).close(),

  windowStates: (): WindowShape[] => windowShapes(),
  /** The user clicks on something else, or on the window. */
  blurWindow: (window = 0): void => windowNumber(window).blur(),
  focusWindow: (window = 0): void => windowNumber(window).focus(),
  /** The user clicks the window's close button. */
  closeWindow: (window = 0): void => windowNumber(window).close(),
  minimizeWindow: (window = 0): void => windowNumber(window).minimize(),
  /** The user drags the window's edge. */
  resizeWindow: (width: number, height: number, window = 0): void => {
    windowNumber(window).setSize(width, height);
    windowNumber(window).emit('resized');
  },
  reloadWindow: (window = 0): void => windowNumber(window)._contents.reload(),
  crashWindow: (window = 0): Promise<void> => windowNumber(window)._contents._page.crash(),
  /** Presses a key that `before-input-event` can prevent. @returns whether the page got it */
  pressKey: (key: string, held: Partial<KeyInput> = {}, window = 0): Promise<boolean> =>
    windowNumber(window)._contents._pressKey(keyInput(key, held)),
  /** A page asks to embed another. @returns whether the app prevented it */
  attachWebview: (src: string, window = 0): boolean => {
    const event = preventable();
    windowNumber(window)._contents.emit('will-attach-webview', event, {}, { src });
    return event.defaultPrevented;
  },

  /** Asks a handler of `ipcMain` as something that is not the app's page. */
  invokeFrom: (from: FalseSender, channel: string, ...args: unknown[]) =>
    invokeFrom(from, channel, args),
  /** A page asks for a permission. @returns whether it gets it; Electron's default is yes */
  askPermission: async (permission: string, window = 0): Promise<boolean> => {
    const ask = rawSession._permissionRequest as PermissionRequest | null;
    if (ask === null) return true;
    const contents = windowNumber(window).webContents;
    const details = { isMainFrame: true, requestingUrl: contents.getURL() };
    return new Promise((resolve) => ask(contents, permission, resolve, details));
  },
  /** A page looks whether it has a permission. */
  checkPermission: (permission: string, window = 0): boolean => {
    const check = rawSession._permissionCheck as PermissionCheck | null;
    const contents = windowNumber(window).webContents;
    const { origin } = contents.mainFrame;
    return check === null || check(contents, permission, origin, { isMainFrame: true });
  },
  /** A page asks for a device: USB, HID, serial. Electron's default is no. */
  askDevice: (deviceType: string): boolean => {
    const ask = rawSession._devicePermission as ((details: object) => boolean) | null;
    return ask?.({ deviceType, origin: 'https://evil.example', device: {} }) ?? false;
  },

  power: (event: PowerEvent): void => {
    rawPowerMonitor.emit(event, preventable());
  },
  /** The user changes the system's looks: main and pages learn of it. */
  setTheme: (media: Media): Promise<void> => changeTheme(media),
  /** The user changes the login item in the system's settings. */
  setLoginItemStatus: (status: LoginItemStatus): void => rawApp._loginItems.setByUser(status),
  clipboardText: (): string => clipboardHas(),
  pressShortcut: (accelerator: string): void => pressShortcut(accelerator),
  /** The user starts the app again from the Dock or the Finder. */
  activate: (hasVisibleWindows = false): void => {
    rawApp.emit('activate', {}, hasVisibleWindows);
  },
};

export type Handles = typeof handles;

type PermissionRequest = (
  contents: object,
  permission: string,
  answer: (granted: boolean) => void,
  details: object,
) => void;
type PermissionCheck = (
  contents: object,
  permission: string,
  origin: string,
  details: object,
) => boolean;

function theTray(): RawTray {
  const tray = rawTrays.at(-1);
  if (tray === undefined) throw new Error('There is no tray icon');
  return tray;
}

function trayMenu(): Menu_ {
  const tray = theTray();
  const menu = tray._menu ?? tray._popped;
  if (menu === null) throw new Error('The tray icon has no menu: rightClickTray first');
  return menu;
}

function trayShape(tray: RawTray): TrayShape {
  const image = tray._image;
  const menu = tray._menu ?? tray._popped;
  return {
    title: tray.getTitle(),
    toolTip: tray._toolTip,
    image: {
      path: image._path,
      ...image.getSize(),
      template: image.isTemplateImage(),
      empty: image.isEmpty(),
    },
    menu: menu === null ? null : shapeOf(menu),
  };
}

function notificationAt(index: number) {
  const notification = shownNotifications.at(index);
  if (notification === undefined) throw new Error(`No notification ${index} was shown`);
  return notification;
}

function keyInput(key: string, held: Partial<KeyInput>): KeyInput {
  const none = { shift: false, control: false, alt: false, meta: false };
  const rest = { isAutoRepeat: false, isComposing: false, location: 0, modifiers: [] };
  return { type: 'keyDown', key, code: key, ...none, ...rest, ...held };
}
