import { type RawBrowserWindow, rawWindows } from './browserWindow.ts';
import { plain } from './calls.ts';

/** A window as the user and the window server see it. */
export interface WindowShape {
  readonly id: number;
  readonly url: string;
  readonly visible: boolean;
  readonly focused: boolean;
  readonly minimized: boolean;
  readonly alwaysOnTop: boolean;
  readonly bounds: { x: number; y: number; width: number; height: number };
  /** What it was made with. */
  readonly options: Record<string, unknown>;
}

export function windowShapes(): WindowShape[] {
  return rawWindows.map((window) => ({
    id: window.id,
    url: window._contents.getURL(),
    visible: window.isVisible(),
    focused: window.isFocused(),
    minimized: window.isMinimized(),
    alwaysOnTop: window.isAlwaysOnTop(),
    bounds: window.getBounds(),
    options: plain(window._options) as Record<string, unknown>,
  }));
}

/** @param index in the order in which they were made */
export function windowNumber(index: number): RawBrowserWindow {
  const window = rawWindows[index];
  if (window === undefined) throw new Error(`There is no window ${index}`);
  return window;
}
