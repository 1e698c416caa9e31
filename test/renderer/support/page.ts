import type { Browser, BrowserContext, Page } from 'playwright-core';
import type {
  AppAnswer,
  AppCommandName,
  AppPush,
  AppPushName,
  AppState,
} from '../../../main/service/contract/app.ts';
import { launchChromium } from '../../electron/support/chromium.ts';
import { type BuiltPage, servePage } from './builtPage.ts';
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
  readonly built: BuiltPage;
  close(): Promise<void>;
}

/** The built page, and a browser to open it in. */
export async function startPages(): Promise<TestPages> {
  const [built, browser] = await Promise.all([servePage(), launchChromium()]);
  return {
    built,
    open: (state, look = {}) => openWindow(browser, built.url, state, look),
    async close() {
      await browser.close();
      await built.close();
    },
  };
}

async function openWindow(
  browser: Browser,
  url: string,
  state: AppState,
  look: Look,
): Promise<TestWindow> {
  const { width = 380, height = 560, ...media } = look;
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: 2,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.emulateMedia(media);
  await page.clock.setFixedTime(NOW);
  await page.addInitScript(installFakeBridge, state);
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
    close: () => context.close(),
  };
}
