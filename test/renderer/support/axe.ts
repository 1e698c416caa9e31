import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds wrong in the whole page, one line each. It must have found something right, too. */
export async function axeFindings(page: Page): Promise<string[]> {
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
