import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IconIcns, IconIco } from '@shockpkg/icon-encoder';
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './findChromium.ts';
import {
  appIconSizes,
  appIconSource,
  icnsTypes,
  icoSizes,
  type TrayImage,
  trayImages,
} from './iconSet.ts';

/**
 * Makes every icon of the product from the drawings in assets/svg: `node assets/makeIcons.ts`. What it
 * makes is committed, so that neither a build nor a test needs a browser.
 */
const project = dirname(import.meta.dirname);

const browser = await chromium.launch({
  executablePath: findChromium(),
  // No sandbox: it runs as root in containers, and all that it shows is our own drawings.
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
});
try {
  for (const image of trayImages()) await makeTrayImage(browser, image);
  await makeAppIcons(browser);
} finally {
  await browser.close();
}

async function makeTrayImage(browser: Browser, image: TrayImage): Promise<void> {
  await save(image.file, await rasterise(browser, image.source, image.pixels, image.colour));
}

async function makeAppIcons(browser: Browser): Promise<void> {
  const pngs = new Map<number, Uint8Array>();
  for (const size of appIconSizes) {
    const png = await rasterise(browser, appIconSource(size), size);
    pngs.set(size, png);
    await save(`build/icons/${size}x${size}.png`, png);
  }
  const of = (size: number): Uint8Array => pngs.get(size) ?? fail(`No icon of ${size} pixels`);

  const icns = new IconIcns();
  icns.toc = true;
  for (const [type, size] of icnsTypes) await icns.addFromPng(of(size), [type]);
  await save('build/icon.icns', icns.encode());

  const ico = new IconIco();
  for (const size of icoSizes) await ico.addFromPng(of(size));
  await save('build/icon.ico', ico.encode());
}

/** A drawing as a PNG of so many pixels; `currentColor` in it becomes `colour`. */
async function rasterise(
  browser: Browser,
  source: string,
  pixels: number,
  colour = '#000',
): Promise<Uint8Array> {
  const drawing = await readFile(join(project, source), 'utf8');
  const page = await browser.newPage({
    viewport: { width: pixels, height: pixels },
    deviceScaleFactor: 1,
  });
  try {
    await page.setContent(
      `<style>body{margin:0;color:${colour}}svg{display:block;width:100vw;height:100vh}</style>${drawing}`,
    );
    return await page.screenshot({ omitBackground: true });
  } finally {
    await page.close();
  }
}

async function save(file: string, bytes: Uint8Array): Promise<void> {
  const path = join(project, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

function fail(message: string): never {
  throw new Error(message);
}
