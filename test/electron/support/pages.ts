import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

const WINDOW_MS = 20_000;
const LOOK_MS = 10;

/** The pages of an app's windows, over a connection of the test's own. */
export class Pages {
  readonly #endpoint: Promise<string>;
  #browser: Promise<Browser> | undefined;

  constructor(endpoint: Promise<string>) {
    this.#endpoint = endpoint;
  }

  async first(): Promise<Page> {
    const browser = this.#connect();
    const deadline = sleep(WINDOW_MS, 'too late' as const, { ref: false });
    if ((await Promise.race([browser, deadline])) === 'too late') {
      throw new Error(`Expected within ${WINDOW_MS / 1000} s: a window`);
    }
    const end = performance.now() + WINDOW_MS;
    while (performance.now() < end) {
      const [page] = await this.all();
      if (page !== undefined) {
        await page.waitForLoadState();
        return page;
      }
      await sleep(LOOK_MS);
    }
    throw new Error(`Expected within ${WINDOW_MS / 1000} s: a window with a page`);
  }

  async all(): Promise<Page[]> {
    const [context] = (await this.#connect()).contexts();
    // A window that has not been sent anywhere yet is not of interest.
    return (context?.pages() ?? []).filter((page) => page.url() !== 'about:blank');
  }

  async close(): Promise<void> {
    const browser = await this.#browser?.catch(() => undefined);
    await browser?.close().catch(() => undefined);
  }

  #connect(): Promise<Browser> {
    this.#browser ??= this.#endpoint.then((endpoint) =>
      // The colours and sizes that the app's windows have are theirs.
      chromium.connectOverCDP(endpoint, { noDefaults: true }),
    );
    return this.#browser;
  }
}
