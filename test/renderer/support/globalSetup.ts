import type { TestProject } from 'vitest/node';
import { launchChromiumServer } from '../../electron/support/chromium.ts';
import { servePage } from './builtPage.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built page is, and the Playwright server of the browser to open it in. */
    page: { readonly url: string; readonly browserEndpoint: string };
  }
}

/** Builds the page and starts a browser, once for all tests of the page. @returns what ends both */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [built, browser] = await Promise.all([servePage(), launchChromiumServer()]);
  project.provide('page', { url: built.url, browserEndpoint: browser.wsEndpoint() });
  return async () => {
    await browser.close();
    await built.close();
  };
}
