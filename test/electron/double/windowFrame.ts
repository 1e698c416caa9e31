import { EventEmitter } from 'node:events';
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron';

/** What of a window needs no page: where it is, how large, what is drawn around it. */
export class WindowFrame extends EventEmitter {
  #bounds: Rectangle;
  #least: [number, number];
  #most: [number, number];
  #title: string;
  #onTop: boolean;
  #resizable: boolean;
  #everywhere = false;
  #opacity = 1;

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.#bounds = { x, y, width, height };
    this.#least = [options.minWidth ?? 0, options.minHeight ?? 0];
    this.#most = [options.maxWidth ?? 0, options.maxHeight ?? 0];
    this.#title = options.title ?? '';
    this.#onTop = options.alwaysOnTop === true;
    this.#resizable = options.resizable !== false;
  }

  get _size(): [number, number] {
    return [this.#bounds.width, this.#bounds.height];
  }
  getBounds(): Rectangle {
    return { ...this.#bounds };
  }
  setBounds(bounds: Partial<Rectangle>): void {
    const old = this.#bounds;
    const asked = { ...old, ...bounds };
    const width = between(this.#least[0], asked.width, this.#most[0]);
    const height = between(this.#least[1], asked.height, this.#most[1]);
    this.#bounds = { ...asked, width, height };
    if (old.x !== asked.x || old.y !== asked.y) this.emit('move');
  }
  getSize(): number[] {
    return this._size;
  }
  setSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }
  getContentBounds(): Rectangle {
    return this.getBounds();
  }
  getContentSize(): number[] {
    return this._size;
  }
  setContentSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }
  getPosition(): number[] {
    return [this.#bounds.x, this.#bounds.y];
  }
  setPosition(x: number, y: number): void {
    this.setBounds({ x, y });
  }
  getMinimumSize(): number[] {
    return [...this.#least];
  }
  setMinimumSize(width: number, height: number): void {
    this.#least = [width, height];
  }
  getMaximumSize(): number[] {
    return [...this.#most];
  }
  setMaximumSize(width: number, height: number): void {
    this.#most = [width, height];
  }
  getTitle(): string {
    return this.#title;
  }
  setTitle(title: string): void {
    this.#title = title;
  }
  isAlwaysOnTop(): boolean {
    return this.#onTop;
  }
  setAlwaysOnTop(flag: boolean, _level?: string): void {
    this.#onTop = flag;
  }
  isResizable(): boolean {
    return this.#resizable;
  }
  setResizable(resizable: boolean): void {
    this.#resizable = resizable;
  }
  isVisibleOnAllWorkspaces(): boolean {
    return this.#everywhere;
  }
  setVisibleOnAllWorkspaces(visible: boolean, _options?: object): void {
    this.#everywhere = visible;
  }
  getOpacity(): number {
    return this.#opacity;
  }
  setOpacity(opacity: number): void {
    this.#opacity = opacity;
  }
  isFullScreen(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return false;
  }
  // What is only written down: it changes nothing that a page or a test could see here.
  readonly setSkipTaskbar = (_skip: boolean): void => undefined;
  readonly setBackgroundColor = (_color: string): void => undefined;
  readonly setVibrancy = (_type: string | null): void => undefined;
  readonly setHasShadow = (_shadow: boolean): void => undefined;
  readonly setMovable = (_movable: boolean): void => undefined;
  readonly setMinimizable = (_minimizable: boolean): void => undefined;
  readonly setMaximizable = (_maximizable: boolean): void => undefined;
  readonly setClosable = (_closable: boolean): void => undefined;
  readonly setFullScreenable = (_fullScreenable: boolean): void => undefined;
  readonly setWindowButtonVisibility = (_visible: boolean): void => undefined;
  readonly setHiddenInMissionControl = (_hidden: boolean): void => undefined;
  readonly setContentProtection = (_on: boolean): void => undefined;
  readonly setIcon = (_icon: unknown): void => undefined;
  readonly setMenu = (_menu: unknown): void => undefined;
  readonly removeMenu = (): void => undefined;
  readonly setMenuBarVisibility = (_visible: boolean): void => undefined;
  readonly setAutoHideMenuBar = (_hide: boolean): void => undefined;
  readonly moveTop = (): void => undefined;
  readonly center = (): void => undefined;
  readonly flashFrame = (_on: boolean): void => undefined;
}

/** A `most` of 0 is no bound. */
function between(least: number, value: number, most: number): number {
  return Math.max(least, most === 0 ? value : Math.min(value, most));
}
