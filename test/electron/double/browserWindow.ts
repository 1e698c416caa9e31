import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron';
import { rawApp } from './app.ts';
import { preventable } from './events.ts';
import { strict, strictClass } from './strict.ts';
import { WebContents } from './webContents.ts';
import { WindowFrame } from './windowFrame.ts';
import { addWindow, removeWindow } from './windowList.ts';

const windows: BrowserWindow_[] = [];
let focused: BrowserWindow_ | undefined;

class BrowserWindow_ extends WindowFrame {
  readonly id: number;
  readonly _contents: WebContents;
  readonly _options: BrowserWindowConstructorOptions;
  #visible: boolean;
  #minimized = false;
  #destroyed = false;
  #shown = false;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    if (!rawApp.isReady()) throw new Error('Cannot create BrowserWindow before app is ready');
    const web = checked(options.webPreferences ?? {});
    super(options);
    this._options = options;
    this._contents = new WebContents(web.preload, web.devTools !== false);
    this.id = this._contents.id;
    this.#visible = options.show !== false;
    this._contents._page.resize(...this._size);
    this._contents.on('page-closed', () => this.#gone());
    this._contents.on('did-finish-load', () => this.#painted());
    windows.push(this);
    addWindow(this);
    rawApp.emit('browser-window-created', {}, this._strict);
    if (this.#visible) this.focus();
  }

  static getAllWindows(): BrowserWindow_[] {
    return windows.map((window) => window._strict);
  }
  static getFocusedWindow(): BrowserWindow_ | null {
    return focused?._strict ?? null;
  }
  static fromId(id: number): BrowserWindow_ | null {
    return windows.find((window) => window.id === id)?._strict ?? null;
  }
  static fromWebContents(contents: { readonly id: number }): BrowserWindow_ | null {
    return BrowserWindow_.fromId(contents.id);
  }

  get _strict(): this {
    return strict('BrowserWindow', this);
  }
  get webContents(): WebContents {
    return this._contents._strict;
  }
  loadURL(url: string, _options?: object): Promise<void> {
    return this._contents.loadURL(url);
  }
  loadFile(file: string, options: { hash?: string; search?: string } = {}): Promise<void> {
    const url = pathToFileURL(resolve(file));
    url.hash = options.hash ?? '';
    url.search = options.search ?? '';
    return this.loadURL(url.href);
  }
  reload(): void {
    this._contents.reload();
  }
  show(): void {
    this.showInactive();
    this.focus();
  }
  showInactive(): void {
    if (this.#visible) return;
    this.#visible = true;
    this.#tellVisibility();
    this.emit('show');
  }
  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.#tellVisibility();
    this.emit('hide');
    this.blur();
  }
  minimize(): void {
    if (this.#minimized) return;
    this.#minimized = true;
    this.#tellVisibility();
    this.emit('minimize');
    this.blur();
  }
  restore(): void {
    if (!this.#minimized) return;
    this.#minimized = false;
    this.#tellVisibility();
    this.emit('restore');
  }
  isVisible(): boolean {
    return this.#visible;
  }
  isMinimized(): boolean {
    return this.#minimized;
  }
  isFocused(): boolean {
    return focused === this;
  }
  /** The window server answers later, as a real one does. */
  focus(): void {
    setImmediate(() => {
      if (this.#destroyed || !this.#visible || focused === this) return;
      if (focused !== undefined) focused.#blurNow();
      focused = this;
      this.emit('focus');
      rawApp.emit('browser-window-focus', {}, this._strict);
    });
  }
  blur(): void {
    setImmediate(() => {
      if (focused === this) this.#blurNow();
    });
  }
  #blurNow(): void {
    focused = undefined;
    this.emit('blur');
    rawApp.emit('browser-window-blur', {}, this._strict);
  }
  /** As Electron: the app is asked at once, the window is gone a little later. */
  close(): void {
    if (this.#destroyed) return;
    const event = preventable();
    this.emit('close', event);
    if (event.defaultPrevented) rawApp._closeRefused();
    else setImmediate(() => this.destroy());
  }
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (focused === this) focused = undefined;
    windows.splice(windows.indexOf(this), 1);
    this._contents._destroy();
    this.emit('closed');
    removeWindow(this);
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  override setBounds(bounds: Partial<Rectangle>): void {
    const [width, height] = this._size;
    super.setBounds(bounds);
    const [newWidth, newHeight] = this._size;
    if (newWidth === width && newHeight === height) return;
    this._contents._page.resize(newWidth, newHeight);
    this.emit('resize');
  }

  /** Its page ended without the app's doing, as after `window.close()`. */
  #gone(): void {
    if (!this.#destroyed) this.destroy();
  }
  #painted(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.emit('ready-to-show', {});
  }
  /** As Electron: a window that was never shown has a page that takes itself for visible. */
  #tellVisibility(): void {
    if (this._options.webPreferences?.backgroundThrottling === false) return;
    this._contents._page.setHidden(!this.#visible || this.#minimized);
  }
}

type WebPreferences = NonNullable<BrowserWindowConstructorOptions['webPreferences']>;

/** The double knows only pages without rights; any other would pass tests and fail users. */
function checked(web: WebPreferences): WebPreferences {
  const weak = (['nodeIntegration', 'nodeIntegrationInWorker', 'webviewTag'] as const).filter(
    (name) => web[name] === true,
  );
  const off = (['contextIsolation', 'sandbox', 'webSecurity'] as const).filter(
    (name) => web[name] === false,
  );
  if (weak.length + off.length > 0) {
    throw new Error(`Electron stand-in: weakened webPreferences: ${[...weak, ...off].join()}`);
  }
  if (web.partition !== undefined || web.session !== undefined) {
    throw new Error('Electron stand-in: there is only the default session');
  }
  if (web.preload !== undefined && !isAbsolute(web.preload)) {
    throw new Error('preload script must have absolute path');
  }
  return web;
}

export type { BrowserWindow_ as RawBrowserWindow };
export const rawWindows: readonly BrowserWindow_[] = windows;
export const BrowserWindow = strictClass('BrowserWindow', BrowserWindow_);
