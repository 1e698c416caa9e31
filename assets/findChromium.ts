import { existsSync } from 'node:fs';

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser that draws the icons: `CHROMIUM`, or the first of the usual places. */
export function findChromium(): string {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const found = usual.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('No Chromium here to draw the icons; set CHROMIUM to the path of one.');
  return found;
}
