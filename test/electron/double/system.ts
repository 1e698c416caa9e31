/** What reaches the rest of the computer: all of it is only written down. */
import { EventEmitter } from 'node:events';
import type { Point, Rectangle } from 'electron';
import { strict } from './strict.ts';

export const shell = strict('shell', {
  async openExternal(_url: string, _options?: object): Promise<void> {
    await Promise.resolve();
  },
  async openPath(_path: string): Promise<string> {
    return '';
  },
  showItemInFolder: (_path: string): void => undefined,
  beep: (): void => undefined,
});

let clipboardText = '';
export const clipboardHas = (): string => clipboardText;
/** As Electron's since version 45: all but `clear` is asynchronous. */
export const clipboard = strict('clipboard', {
  async writeText(text: string): Promise<void> {
    clipboardText = text;
  },
  readText: async (): Promise<string> => clipboardText,
  clear(): void {
    clipboardText = '';
  },
});

class PowerMonitor extends EventEmitter {
  readonly onBatteryPower = false;
  isOnBatteryPower(): boolean {
    return false;
  }
  getSystemIdleTime(): number {
    return 0;
  }
  getSystemIdleState(_threshold: number): 'active' {
    return 'active';
  }
}
export const rawPowerMonitor = new PowerMonitor();
export const powerMonitor = strict('powerMonitor', rawPowerMonitor);

const DISPLAY = strict('Display', {
  id: 1,
  label: 'Stand-in',
  bounds: { x: 0, y: 0, width: 1280, height: 800 },
  // As on a Mac: the menu bar is on top.
  workArea: { x: 0, y: 22, width: 1280, height: 778 },
  size: { width: 1280, height: 800 },
  workAreaSize: { width: 1280, height: 778 },
  scaleFactor: 1,
  rotation: 0,
});

/** One display, the pointer in its corner. */
class Screen extends EventEmitter {
  getPrimaryDisplay(): typeof DISPLAY {
    return DISPLAY;
  }
  getAllDisplays(): (typeof DISPLAY)[] {
    return [DISPLAY];
  }
  getDisplayNearestPoint(_point: Point): typeof DISPLAY {
    return DISPLAY;
  }
  getDisplayMatching(_bounds: Rectangle): typeof DISPLAY {
    return DISPLAY;
  }
  getCursorScreenPoint(): Point {
    return { x: 0, y: 0 };
  }
}
export const screen = strict('screen', new Screen());

const shortcuts = new Map<string, () => void>();
export const globalShortcut = strict('globalShortcut', {
  register(accelerator: string, callback: () => void): boolean {
    if (shortcuts.has(accelerator)) return false;
    shortcuts.set(accelerator, callback);
    return true;
  },
  unregister(accelerator: string): void {
    shortcuts.delete(accelerator);
  },
  unregisterAll(): void {
    shortcuts.clear();
  },
  isRegistered: (accelerator: string): boolean => shortcuts.has(accelerator),
});

/** The user presses a key combination while another program is in front. */
export function pressShortcut(accelerator: string): void {
  const callback = shortcuts.get(accelerator);
  if (callback === undefined) throw new Error(`No shortcut ${accelerator} is registered`);
  callback();
}

/** There are no updates; listeners may be added. */
class AutoUpdater extends EventEmitter {
  getFeedURL(): string {
    return '';
  }
}
export const autoUpdater = strict('autoUpdater', new AutoUpdater());
