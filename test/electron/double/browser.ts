/** The Chromium in which the app's windows are pages. It is started for the first window. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, chromiumEnvironment } from '../support/chromium.ts';
import { record } from './calls.ts';
import { settings } from './settings.ts';

const LOOK_MS = 5;

let started: Promise<BrowserContext> | undefined;
const folder = settings.chromiumFolder;
const wanted = Promise.withResolvers<void>();
/** Those that a window of the app asked for; Chromium's others are refused. */
const ours = new Set<Page>();
let first: Page | undefined;

/** A page for a window. */
export async function openPage(): Promise<Page> {
  started ??= start();
  wanted.resolve();
  const context = await started;
  // Chromium comes with one page.
  const page = first ?? (await expected(context));
  first = undefined;
  ours.add(page);
  return page;
}

/** Where a test reaches the same pages, as soon as there is a Chromium. */
export async function browserEndpoint(): Promise<string> {
  await wanted.promise;
  await started;
  const file = join(folder, 'DevToolsActivePort');
  while (!existsSync(file)) await sleep(LOOK_MS);
  const [port, path] = readFileSync(file, 'utf8').split('\n');
  return `ws://127.0.0.1:${port}${path}`;
}

export async function closeBrowser(): Promise<void> {
  const context = await started?.catch(() => undefined);
  await context?.close().catch(() => undefined);
}

async function start(): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: settings.chromium,
    headless: !settings.headed,
    viewport: null,
    // The double emulates these itself; Playwright shall not set them too.
    colorScheme: null,
    reducedMotion: null,
    forcedColors: null,
    contrast: null,
    // The app has handlers of its own.
    handleSIGHUP: false,
    handleSIGINT: false,
    handleSIGTERM: false,
    env: chromiumEnvironment(folder),
    args: [
      ...CHROMIUM_FLAGS,
      '--remote-debugging-port=0',
      // As Electron's fuse grantFileProtocolExtraPrivileges, for pages that are files.
      '--allow-file-access-from-files',
    ],
  });
  first = context.pages()[0];
  context.on('page', (page) => void refuseUnlessExpected(page));
  // Applies to pages of ours only where they have no route of their own, which they always have.
  await context.route('**', (route) => route.abort('blockedbyclient'));
  return context;
}

let expecting = 0;

async function expected(context: BrowserContext): Promise<Page> {
  expecting++;
  try {
    const page = await context.newPage();
    ours.add(page);
    return page;
  } finally {
    expecting--;
  }
}

/** The double makes no child windows: what a page opens is closed at once. */
async function refuseUnlessExpected(page: Page): Promise<void> {
  while (expecting > 0 && !ours.has(page)) await sleep(LOOK_MS);
  if (ours.has(page)) return;
  record('child window refused');
  await page.close().catch(() => undefined);
}
