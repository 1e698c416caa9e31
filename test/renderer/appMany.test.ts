import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPages, type TestPages } from './support/page.ts';
import { manyMissions, scenarios } from './support/scenarios.ts';
import { hashOf, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await startPages();
}, 120_000);
afterAll(() => pages.close());

describe('200 missions', () => {
  it('draw only the row that changed, within 50 ms', async () => {
    const missions = manyMissions(200);
    const view = await pages.open(withSnapshot({ missions }));
    const times: number[] = [];
    for (let round = 1; round <= 5; round += 1) {
      const next = missions.map((one, at) =>
        at === 60 ? { ...one, hash: hashOf(20 + round) } : one,
      );
      const state = withSnapshot({ missions: next }, { revision: 10 + round });
      const { touched, ms } = await view.page.evaluate(
        (pushed) =>
          new Promise<{ touched: string[]; ms: number }>((resolve) => {
            const keys = new Set<string>();
            const start = performance.now();
            const observer = new MutationObserver((changes) => {
              for (const { target } of changes) {
                const element = target instanceof Element ? target : target.parentElement;
                keys.add(
                  element?.closest('[data-key]')?.getAttribute('data-key') ??
                    `outside: ${element?.outerHTML.slice(0, 120)}`,
                );
              }
              const done = performance.now() - start;
              setTimeout(() => resolve({ touched: [...keys], ms: done }), 60);
            });
            observer.observe(document.body, {
              subtree: true,
              childList: true,
              characterData: true,
              attributes: true,
            });
            globalThis.fakeBridge.push('state', pushed);
          }),
        state,
      );
      expect(touched).toEqual(['m0060']);
      times.push(ms);
    }
    // The best of some: the machine does other things too.
    expect(Math.min(...times)).toBeLessThan(50);
    await view.close();
  });

  it('can be walked through to the end', async () => {
    const view = await pages.open(scenarios.many);
    await view.page.locator('[role=row][data-key]').first().focus();
    await view.page.keyboard.press('End');
    await expect
      .poll(() => view.page.evaluate(() => document.activeElement?.getAttribute('data-key')))
      .toBe('m0199');
    expect(await view.page.locator('[data-key=m0199]').isVisible()).toBe(true);
    await view.close();
  });
});
