import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CDPSession, Page } from 'playwright-core';

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

/** The rules of axe that look at colours: the others see the same page however it is coloured. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** What axe finds wrong in the whole page, however it is coloured, one line each. */
export async function findingsInEveryLook(page: Page): Promise<string[]> {
  const all: string[] = [];
  // By way of the debugger, which the page's content security policy does not reach.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  for (const [look, media] of Object.entries(LOOKS)) {
    await page.emulateMedia({
      colorScheme: 'light',
      contrast: 'no-preference',
      forcedColors: 'none',
      ...media,
    });
    await page.evaluate(untilFaded);
    const rules = look === 'light' ? null : COLOUR_RULES;
    for (const finding of await axeFindings(session, rules)) all.push(`${look}: ${finding}`);
  }
  await session.detach();
  return all;
}

/** Colours fade in when they change; what turns for ever is not waited for. Runs in the page. */
async function untilFaded(): Promise<void> {
  const fades = document
    .getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
  await Promise.allSettled(fades.map(({ finished }) => finished));
}

/**
 * What axe finds wrong in the whole page, one line each. It must have found something right, too.
 * @param rules `null`: all
 */
async function axeFindings(
  session: CDPSession,
  rules: readonly string[] | null,
): Promise<string[]> {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, ${JSON.stringify(options)}).then(({ violations, passes }) => ({
      passes: passes.length,
      violations: violations.map(({ id, nodes }) => ({ id, nodes })),
    }))`,
    awaitPromise: true,
    returnByValue: true,
  });
  const { passes, violations } = result.value as { passes: number; violations: Finding[] };
  if (passes < (rules === null ? 10 : 1)) throw new Error('axe did not look at the page.');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
