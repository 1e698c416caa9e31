import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Every way in which the page is coloured. */
const LOOKS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'high contrast': { contrast: 'more' },
  'high contrast, dark': { colorScheme: 'dark', contrast: 'more' },
  'forced colours': { forcedColors: 'active' },
} as const;

/** Colours fade in when they change. */
const FADE_MS = 200;

/** What axe finds wrong in the whole page, however it is coloured, one line each. */
export async function findingsInEveryLook(page: Page): Promise<string[]> {
  const all: string[] = [];
  for (const [look, media] of Object.entries(LOOKS)) {
    await page.emulateMedia({
      colorScheme: 'light',
      contrast: 'no-preference',
      forcedColors: 'none',
      ...media,
    });
    await page.waitForTimeout(FADE_MS);
    for (const finding of await axeFindings(page)) all.push(`${look}: ${finding}`);
  }
  return all;
}

/** What axe finds wrong in the whole page, one line each. It must have found something right, too. */
async function axeFindings(page: Page): Promise<string[]> {
  // By way of the debugger, which the page's content security policy does not reach.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({
      passes: passes.length,
      violations: violations.map(({ id, nodes }) => ({ id, nodes })),
    }))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const { passes, violations } = result.value as { passes: number; violations: Finding[] };
  if (passes < 10) throw new Error('axe did not look at the page.');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
