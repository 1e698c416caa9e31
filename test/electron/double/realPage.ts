import { randomUUID } from 'node:crypto';
import type { CDPSession, Page } from 'playwright-core';
import { openPage } from './browser.ts';
import { record } from './calls.ts';
import { codec } from './ipc.ts';
import { LoadError } from './loadError.ts';
import { emulateMedia, forgetMedia } from './media.ts';
import {
  KEYS_BINDING,
  KEYS_WORLD,
  type KeyInput,
  keysWorldScript,
  PRELOAD_BINDING,
  PRELOAD_WORLD,
  pageWorldScript,
  preloadWorldScript,
  visibilityScript,
} from './pageScripts.ts';
import { FROM_MAIN, type PreloadMessage } from './preloadWorld.ts';
import { answerRequest, type NavigationGate } from './requests.ts';
import { toChromium, toElectron } from './scheme.ts';

/** What a page tells the `webContents` that it stands behind. */
export interface PageHooks {
  readonly preload: string | undefined;
  readonly prevented: NavigationGate;
  readonly opens: (asked: { url: string; frameName: string; features: string }) => void;
  /** @returns the answer to an `invoke` */
  readonly says: (message: PreloadMessage) => Promise<string | undefined>;
  readonly key: (input: KeyInput) => void;
  readonly tells: (event: string, ...args: unknown[]) => void;
}

/** A window's page in Chromium. */
export class RealPage {
  readonly #hooks: PageHooks;
  readonly #secret = randomUUID();
  #page: Page | undefined;
  #cdp: CDPSession | undefined;
  /** Each step waits for those before it; none of them fails. */
  #last: Promise<unknown>;
  /** Where main sends the page just now; '' once it is there. */
  #target = '';
  #preloadContext: number | undefined;
  #hidden = false;
  #hiddenScript: string | undefined;
  #size = { width: 800, height: 600 };
  #crashed = false;
  #closed = false;

  constructor(hooks: PageHooks) {
    this.#hooks = hooks;
    this.#last = this.#open();
  }

  get url(): string {
    const url = this.#page?.url() ?? '';
    return url === 'about:blank' ? '' : toElectron(url);
  }
  get crashed(): boolean {
    return this.#crashed;
  }

  async load(url: string): Promise<void> {
    await this.#last;
    if (this.#crashed) await this.#reopen();
    const page = this.#page;
    if (page === undefined || this.#closed) throw new LoadError('net::ERR_ABORTED', url);
    this.#target = url;
    this.#hooks.tells('did-start-loading', {});
    try {
      await page.goto(toChromium(url), { waitUntil: 'load' });
    } catch (cause) {
      const error = new LoadError(cause, url);
      this.#hooks.tells('did-fail-load', {}, error.errno, error.code, url, true);
      throw error;
    } finally {
      // From now on whoever asks for it is the page, which may be reloading itself.
      if (this.#target === url) this.#target = '';
    }
  }

  /** Says something to the preload script. Without one there is nobody to hear it, as in Electron. */
  dispatch(channel: string, text: string): void {
    const context = this.#preloadContext;
    if (context === undefined) return;
    void this.#inPreload(context, 'dispatch', channel, text);
  }

  setHidden(hidden: boolean): void {
    if (this.#hidden === hidden) return;
    this.#hidden = hidden;
    this.#then(() => this.#applyVisibility(true));
  }

  resize(width: number, height: number): void {
    this.#size = { width, height };
    this.#then(() => this.#page?.setViewportSize(this.#size));
  }

  async press(key: string): Promise<void> {
    await this.#last;
    await this.#page?.keyboard.press(key);
  }

  async evaluate(code: string): Promise<unknown> {
    await this.#last;
    return this.#page?.evaluate(code);
  }

  /** Ends its process, as if it had crashed. */
  async crash(): Promise<void> {
    await this.#last;
    // The answer to this never comes.
    void this.#cdp?.send('Page.crash').catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#then(() => this.#page?.close());
  }

  #then(step: () => Promise<unknown> | undefined): void {
    this.#last = this.#last.then(step).catch((error) => {
      if (!this.#closed && !this.#crashed) console.error('Electron stand-in:', error);
    });
  }

  /** A page whose process has ended is beyond use: a new one takes its place. */
  async #reopen(): Promise<void> {
    const old = this.#page;
    this.#crashed = false;
    this.#hiddenScript = undefined;
    await this.#open();
    await old?.close().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const page = await openPage();
    const cdp = await page.context().newCDPSession(page);
    this.#page = page;
    this.#cdp = cdp;
    this.#listen(page, cdp);
    await page.route('**', (route) =>
      answerRequest(route, (url) => url === this.#target, this.#hooks.prevented),
    );
    await cdp.send('Page.enable');
    await cdp.send('Runtime.enable');
    await emulateMedia(cdp);
    await this.#addScript(pageWorldScript(this.#secret));
    await cdp.send('Runtime.addBinding', { name: KEYS_BINDING, executionContextName: KEYS_WORLD });
    await this.#addScript(keysWorldScript(), KEYS_WORLD);
    await this.#addPreload(cdp);
    await page.setViewportSize(this.#size);
    if (this.#hidden) await this.#applyVisibility(false);
  }

  async #addPreload(cdp: CDPSession): Promise<void> {
    const { preload } = this.#hooks;
    if (preload === undefined) return;
    await cdp.send('Runtime.addBinding', {
      name: PRELOAD_BINDING,
      executionContextName: PRELOAD_WORLD,
    });
    const script = preloadWorldScript(this.#secret, preload, process.platform);
    await this.#addScript(script, PRELOAD_WORLD);
  }

  async #addScript(source: string, worldName?: string): Promise<string | undefined> {
    const world = worldName === undefined ? {} : { worldName };
    const added = await this.#cdp?.send('Page.addScriptToEvaluateOnNewDocument', {
      source,
      ...world,
    });
    return added?.identifier;
  }

  #listen(page: Page, cdp: CDPSession): void {
    const { tells } = this.#hooks;
    page.on('close', () => {
      forgetMedia(cdp);
      if (page === this.#page) tells('page-closed');
    });
    page.on('crash', () => {
      this.#crashed = true;
      this.#preloadContext = undefined;
      forgetMedia(cdp);
      tells('render-process-gone', {}, { reason: 'crashed', exitCode: 133 });
    });
    page.on('pageerror', (error) => record('page error', String(error)));
    page.on('console', (message) => {
      const told = { level: message.type(), message: message.text() };
      record('page console', told.level, told.message);
      tells('console-message', told);
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) tells('did-navigate', {}, toElectron(frame.url()), 200, 'OK');
    });
    page.on('domcontentloaded', () => tells('dom-ready', {}));
    page.on('load', () => {
      if (page.url().startsWith('chrome-error:')) return;
      tells('did-finish-load', {});
      tells('did-stop-loading', {});
    });
    cdp.on('Page.windowOpen', ({ url, windowName, windowFeatures }) =>
      this.#hooks.opens({
        url: toElectron(url),
        frameName: windowName,
        features: windowFeatures.join(),
      }),
    );
    cdp.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === KEYS_BINDING) this.#hooks.key(JSON.parse(payload) as KeyInput);
      if (name === PRELOAD_BINDING) void this.#fromPreload(payload, executionContextId);
    });
    cdp.on('Runtime.executionContextsCleared', () => {
      this.#preloadContext = undefined;
    });
  }

  async #fromPreload(payload: string, context: number): Promise<void> {
    if (payload === 'hello') {
      this.#preloadContext = context;
      return;
    }
    const { id, text } = JSON.parse(payload) as { id: number; text: string };
    const answer = await this.#hooks.says(codec.decode(text) as PreloadMessage);
    if (answer !== undefined) await this.#inPreload(context, 'answer', id, answer);
  }

  async #inPreload(
    context: number,
    what: 'answer' | 'dispatch',
    ...args: unknown[]
  ): Promise<void> {
    const list = args.map((arg) => JSON.stringify(arg)).join();
    const asked = { contextId: context, expression: `${FROM_MAIN}.${what}(${list})` };
    // The page may be gone or elsewhere by now.
    const done = await this.#cdp?.send('Runtime.evaluate', asked).catch(() => undefined);
    const thrown = done?.exceptionDetails;
    if (thrown !== undefined) record('preload error', thrown.exception?.description ?? thrown.text);
  }

  async #applyVisibility(now: boolean): Promise<void> {
    const cdp = this.#cdp;
    if (cdp === undefined || this.#crashed || this.#closed) return;
    const script = visibilityScript(this.#hidden);
    if (this.#hiddenScript !== undefined) {
      const identifier = this.#hiddenScript;
      await cdp.send('Page.removeScriptToEvaluateOnNewDocument', { identifier });
    }
    // What is loaded while it is hidden is hidden from its start.
    this.#hiddenScript = this.#hidden ? await this.#addScript(script) : undefined;
    if (now) await cdp.send('Runtime.evaluate', { expression: script });
  }
}
