import { EventEmitter } from 'node:events';
import { rawApp } from './app.ts';
import { record } from './calls.ts';
import { preventable } from './events.ts';
import { WebFrameMain } from './frame.ts';
import { answerInvoke, codec, type IpcEvent, receiveSend } from './ipc.ts';
import type { KeyInput } from './pageScripts.ts';
import type { PreloadMessage } from './preloadWorld.ts';
import { RealPage } from './realPage.ts';
import { rawSession } from './session.ts';
import { strict } from './strict.ts';

interface WindowOpenDetails {
  readonly url: string;
  readonly frameName: string;
  readonly features: string;
  readonly disposition: 'new-window';
  readonly referrer: { url: string; policy: string };
}
type WindowOpenHandler = (details: WindowOpenDetails) => { action: 'allow' | 'deny' };

const living: WebContents[] = [];
let last = 0;

export class WebContents extends EventEmitter {
  readonly id = ++last;
  readonly session = strict('session', rawSession);
  readonly _page: RealPage;
  readonly _frame: WebFrameMain;
  readonly #devToolsAllowed: boolean;
  readonly #announced: string[] = [];
  #open: WindowOpenHandler | undefined;
  #devTools = false;
  #destroyed = false;

  constructor(preload: string | undefined, devToolsAllowed: boolean) {
    super();
    this.#devToolsAllowed = devToolsAllowed;
    this._page = new RealPage({
      preload,
      prevented: (url, isMainFrame) => this.#prevents(url, isMainFrame),
      opens: (asked) => this.#opens(asked),
      says: (message) => this.#hears(message),
      key: (input) => this.#key(input),
      tells: (event, ...args) => this.#tells(event, ...args),
    });
    this._frame = new WebFrameMain(() => this._page.url);
    living.push(this);
    rawApp.emit('web-contents-created', preventable(), this._strict);
  }

  get _strict(): this {
    return strict('webContents', this);
  }
  get mainFrame(): WebFrameMain {
    return strict('WebFrameMain', this._frame);
  }
  async loadURL(url: string): Promise<void> {
    await this._page.load(url);
  }
  reload(): void {
    // Failures are told by did-fail-load.
    void this._page.load(this._page.url).catch(() => undefined);
  }
  send(channel: string, ...args: unknown[]): void {
    // Throws now, as Electron does, if it cannot be cloned.
    this._page.dispatch(channel, codec.encode(args));
  }
  getURL(): string {
    return this._page.url;
  }
  getType(): 'window' {
    return 'window';
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  isCrashed(): boolean {
    return this._page.crashed;
  }
  isFocused(): boolean {
    return true;
  }
  focus(): void {
    this.emit('focus', {});
  }
  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#open = handler;
  }
  executeJavaScript(code: string): Promise<unknown> {
    return this._page.evaluate(code);
  }
  openDevTools(_options?: object): void {
    if (!this.#devToolsAllowed || this.#devTools) return;
    this.#devTools = true;
    this.emit('devtools-opened', {});
  }
  closeDevTools(): void {
    if (!this.#devTools) return;
    this.#devTools = false;
    this.emit('devtools-closed', {});
  }
  isDevToolsOpened(): boolean {
    return this.#devTools;
  }
  readonly setZoomFactor = (_factor: number): void => undefined;
  readonly setZoomLevel = (_level: number): void => undefined;
  readonly setVisualZoomLevelLimits = async (_least: number, _most: number): Promise<void> => {
    await Promise.resolve();
  };

  /** What a handler learns of a page that asks, rightly or not. */
  _event(forged: { sender?: object; senderFrame?: WebFrameMain | null } = {}): IpcEvent {
    return {
      type: 'frame',
      sender: this._strict,
      senderFrame: this.mainFrame,
      processId: this._frame.processId,
      frameId: this._frame.routingId,
      reply: (channel, ...args) => this.send(channel, ...args),
      ...forged,
    };
  }
  /** Presses a key, unless the app prevents it. @returns whether the page got it */
  async _pressKey(input: KeyInput): Promise<boolean> {
    const event = preventable();
    this.emit('before-input-event', event, input);
    if (event.defaultPrevented) return false;
    this.#announced.push(`keyDown ${input.key}`);
    await this._page.press(input.key);
    return true;
  }
  _destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    living.splice(living.indexOf(this), 1);
    this._page.close();
    this.emit('destroyed');
  }

  #prevents(url: string, isMainFrame: boolean): boolean {
    const frame = isMainFrame ? this.mainFrame : null;
    const details = { url, isSameDocument: false, isMainFrame, frame, initiator: frame };
    const event = preventable(details);
    this.emit('will-frame-navigate', event);
    if (event.defaultPrevented || !isMainFrame) return event.defaultPrevented;
    const second = preventable(details);
    this.emit('will-navigate', second, url);
    return second.defaultPrevented;
  }
  #opens(asked: { url: string; frameName: string; features: string }): void {
    const referrer = { url: this._page.url, policy: 'no-referrer' };
    const answer = this.#open?.({ ...asked, disposition: 'new-window', referrer });
    record('window.open', asked.url, answer?.action ?? 'allow');
  }
  async #hears({ kind, channel, args }: PreloadMessage): Promise<string | undefined> {
    if (kind === 'invoke') return answerInvoke(this._event(), channel, args);
    if (kind === 'send') receiveSend(this._event(), channel, args);
    if (kind === 'preload-error') {
      const [told] = args;
      record('preload error', told);
      console.error('Electron stand-in: the preload script failed:', told);
      this.emit('preload-error', {}, '', new Error(String(told)));
    }
    return undefined;
  }
  /** Keys come from the page after the fact, so that they cannot be prevented: see `_pressKey`. */
  #key(input: KeyInput): void {
    const announced = this.#announced.indexOf(`${input.type} ${input.key}`);
    if (announced >= 0) {
      this.#announced.splice(announced, 1);
      return;
    }
    const event = preventable();
    this.emit('before-input-event', event, input);
    if (event.defaultPrevented) record('key prevented too late', input.key);
  }
  #tells(event: string, ...args: unknown[]): void {
    if (event === 'page-closed') this.emit('page-closed');
    else if (!this.#destroyed) this.emit(event, ...args);
  }
}

/** The module's `webContents`. */
export const webContents = strict('electron.webContents', {
  getAllWebContents: (): WebContents[] => living.map((contents) => contents._strict),
  fromId: (id: number): WebContents | undefined =>
    living.find((contents) => contents.id === id)?._strict,
});
