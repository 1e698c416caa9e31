import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPages, type TestPages } from './support/page.ts';
import { manyMissions, scenarios } from './support/scenarios.ts';
import { hashOf, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

describe('200 missions', () => {
  it('draw only the row that changed', async () => {
    const missions = manyMissions(200);
    const view = await pages.open(withSnapshot({ missions }));
    // They are drawn in parts; what is drawn late is no answer to a change.
    await expect.poll(() => view.page.locator('[role=row][data-key]').count()).toBe(200);
    for (let round = 1; round <= 5; round += 1) {
      const next = missions.map((one, at) =>
        at === 60 ? { ...one, hash: hashOf(20 + round) } : one,
      );
      const state = withSnapshot({ missions: next }, { revision: 10 + round });
      const touched = await view.page.evaluate(
        (pushed) =>
          new Promise<string[]>((resolve) => {
            const keys = new Set<string>();
            const observer = new MutationObserver((changes) => {
              for (const { target } of changes) {
                const element = target instanceof Element ? target : target.parentElement;
                keys.add(
                  element?.closest('[data-key]')?.getAttribute('data-key') ??
                    `outside: ${element?.outerHTML.slice(0, 120)}`,
                );
              }
              // Whatever else it touches comes with the same frame or the next one.
              requestAnimationFrame(() => requestAnimationFrame(() => resolve([...keys])));
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
    }
    await view.close();
  });

  it('can be walked through to the end', async () => {
    const view = await pages.open(scenarios.many);
    // They are drawn in parts, and what is not drawn yet is no end to go to.
    await expect.poll(() => view.page.locator('[role=row][data-key]').count()).toBe(200);
    await view.page.locator('[role=row][data-key]').first().focus();
    await view.page.keyboard.press('End');
    await expect
      .poll(() => view.page.evaluate(() => document.activeElement?.getAttribute('data-key')))
      .toBe('m0199');
    await expect.poll(() => view.page.locator('[data-key=m0199]').isVisible()).toBe(true);
    await view.close();
  });
});
