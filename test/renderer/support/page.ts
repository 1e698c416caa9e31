import { type Browser, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';
import type {
  AppAnswer,
  AppCommandName,
  AppPush,
  AppPushName,
  AppState,
} from '../../../main/service/contract/app.ts';
import { launchChromium } from '../../electron/support/chromium.ts';
import { EMPTY_PATH, servePage } from './builtPage.ts';
import { type FakeBridge, installFakeBridge } from './fakeBridge.ts';
import { NOW } from './states.ts';

declare global {
  var fakeBridge: FakeBridge;
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly contrast?: 'more' | 'no-preference';
  readonly forcedColors?: 'active' | 'none';
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

const NO_MEDIA = { colorScheme: null, contrast: null, forcedColors: null, reducedMotion: null };

/** A window of the app, with a main process that the test plays. */
export interface TestWindow {
  readonly page: Page;
  /** What the page asked for so far, without the state itself. */
  calls(): Promise<[AppCommandName, unknown][]>;
  /** Pushes a state; its revision is counted up by itself. */
  push(state: AppState): Promise<void>;
  send<P extends AppPushName>(name: P, message: AppPush<P>): Promise<void>;
  /** From now on a command is answered so; `null`: never. */
  answer<C extends AppCommandName>(name: C, answer: AppAnswer<C> | null): Promise<void>;
  /** What the browser complained of: errors, and what the content security policy refused. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface TestPages {
  open(state: AppState, look?: Look): Promise<TestWindow>;
  close(): Promise<void>;
}

/** The built page and a browser to open it in, of the caller's own. Each window is a fresh one. */
export async function startPages(): Promise<TestPages> {
  const [built, browser] = await Promise.all([servePage(), launchChromium()]);
  return {
    async open(state, look) {
      const page = await newPage(browser);
      return showWindow(page, built.url, state, look, () => page.context().close());
    },
    async close() {
      await browser.close();
      await built.close();
    },
  };
}

/** Waits until what the page has is drawn, and what that brought about too: for two frames. */
export const drawn = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
      ),
  );

/**
 * The same in a test, where all files share one build and one browser. A window that was closed is used again for
 * the next one: a page that is loaded anew in the same renderer process is there in a sixth of the time.
 */
export async function connectPages(): Promise<TestPages> {
  const { url, browserEndpoint } = inject('page');
  const browser = await chromium.connect(browserEndpoint);
  const free: Page[] = [];
  return {
    async open(state, look) {
      const page = free.pop() ?? (await newPage(browser));
      return showWindow(page, url, state, look, async () => void free.push(page));
    },
    close: () => browser.close(),
  };
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    deviceScaleFactor: 1,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  return context.newPage();
}

/** @param done takes the page when the window is closed */
async function showWindow(
  page: Page,
  url: string,
  state: AppState,
  look: Look = {},
  done: () => Promise<void>,
): Promise<TestWindow> {
  const { width = 380, height = 560, ...media } = look;
  await page.setViewportSize({ width, height });
  const complaints: string[] = [];
  const onConsole = (message: ConsoleMessage) => {
    if (message.type() === 'error') complaints.push(message.text());
  };
  const onError = (error: Error) => void complaints.push(String(error));
  page.on('console', onConsole);
  page.on('pageerror', onError);
  await page.emulateMedia({ ...NO_MEDIA, ...media });
  await page.clock.setFixedTime(NOW);
  const bridge = await page.addInitScript(installFakeBridge, state);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#root')?.childElementCount !== 0);

  let revision = state.revision;
  const send = <P extends AppPushName>(name: P, message: AppPush<P>): Promise<void> =>
    page.evaluate(([to, what]) => globalThis.fakeBridge.push(to, what), [name, message] as const);
  return {
    page,
    complaints,
    calls: () => page.evaluate(() => globalThis.fakeBridge.calls),
    push(next) {
      revision += 1;
      return send('state', { ...next, revision });
    },
    send,
    answer: (name, answer) =>
      page.evaluate(([to, what]) => globalThis.fakeBridge.answer(to, what), [
        name,
        answer,
      ] as const),
    async close() {
      // What the page still does is this window's, and not the next one's. An address of the same server keeps the
      // renderer process.
      await page.goto(new URL(EMPTY_PATH, url).href);
      page.off('console', onConsole);
      page.off('pageerror', onError);
      await bridge.dispose();
      // Nothing of the next window shall be under it.
      await page.mouse.move(-10, -10);
      await done();
    },
  };
}
