import { EventEmitter } from 'node:events';
import { Menu_ } from './menu.ts';
import { imageOf, type RawNativeImage } from './nativeImage.ts';
import { strictClass } from './strict.ts';

const BOUNDS = { x: 1200, y: 0, width: 24, height: 22 };

const trays: Tray_[] = [];

class Tray_ extends EventEmitter {
  _image: RawNativeImage;
  _pressedImage: RawNativeImage | undefined;
  _toolTip = '';
  _menu: Menu_ | null = null;
  /** The last one that was popped up: the one in front of the user. */
  _popped: Menu_ | null = null;
  #title = '';
  #destroyed = false;
  #ignoresDoubleClicks = false;

  constructor(image: string | RawNativeImage) {
    super();
    this._image = imageOf(image);
    trays.push(this);
  }
  setImage(image: string | RawNativeImage): void {
    this._image = imageOf(image);
  }
  setPressedImage(image: string | RawNativeImage): void {
    this._pressedImage = imageOf(image);
  }
  setToolTip(text: string): void {
    this._toolTip = text;
  }
  setTitle(title: string, _options?: object): void {
    this.#title = title;
  }
  getTitle(): string {
    return this.#title;
  }
  setIgnoreDoubleClickEvents(ignore: boolean): void {
    this.#ignoresDoubleClicks = ignore;
  }
  getIgnoreDoubleClickEvents(): boolean {
    return this.#ignoresDoubleClicks;
  }
  setContextMenu(menu: Menu_ | null): void {
    if (menu !== null && !(menu instanceof Menu_)) throw new TypeError('Invalid menu');
    this._menu = menu;
  }
  popUpContextMenu(menu?: Menu_, _position?: { x: number; y: number }): void {
    this._popped = menu ?? this._menu;
    this._popped?.emit('menu-will-show', {});
  }
  closeContextMenu(): void {
    this._popped?.emit('menu-will-close', {});
    this._popped = null;
  }
  getBounds(): { x: number; y: number; width: number; height: number } {
    return { ...BOUNDS };
  }
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    trays.splice(trays.indexOf(this), 1);
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** What the user does. */
  _click(kind: 'click' | 'right-click' | 'double-click', keys: Partial<ClickKeys> = {}): void {
    const event = { ...NO_KEYS, ...keys, triggeredByAccelerator: false };
    // A menu that is set is shown by the system: at a right click, and on a Mac at any.
    const shown = kind === 'right-click' || process.platform === 'darwin';
    if (this._menu !== null && shown) this.popUpContextMenu();
    this.emit(kind, event, this.getBounds(), { x: BOUNDS.x, y: BOUNDS.y });
  }
}

export interface ClickKeys {
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}
const NO_KEYS: ClickKeys = { altKey: false, shiftKey: false, ctrlKey: false, metaKey: false };

export type { Tray_ as RawTray };
export const rawTrays: readonly Tray_[] = trays;
export const Tray = strictClass('Tray', Tray_);
