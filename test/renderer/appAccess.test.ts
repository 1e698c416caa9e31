import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { findingsInEveryLook } from './support/axe.ts';
import { startPages, type TestPages, type TestWindow } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await startPages();
}, 120_000);
afterAll(() => pages.close());

type View = readonly [name: string, state: AppState, reach?: (view: TestWindow) => Promise<void>];

const tab = (name: string) => (view: TestWindow) => view.page.getByRole('tab', { name }).click();

const VIEWS: readonly View[] = [
  ['missions', scenarios.seven],
  ['missions in trouble', scenarios.troubled],
  ['odd names', scenarios.names],
  ['no missions', scenarios.none],
  ['paused', scenarios.paused],
  ['a resync under way', scenarios.resyncing],
  ['every kind of alert', scenarios.alerts, (view) => view.page.getByText('5 more').click()],
  ['failed', scenarios.failed],
  ['another engine', scenarios.other],
  ['starting', scenarios.starting],
  ['the welcome', scenarios.welcome],
  ['the welcome with a locked store', scenarios.welcomeLocked],
  ['settings', scenarios.badSettings, tab('Settings')],
  ['details', scenarios.troubled, (view) => view.page.getByText('fix login').click()],
  [
    'a search without a result',
    scenarios.many,
    (view) => view.page.getByRole('searchbox').fill('nothing like it'),
  ],
  [
    'a menu',
    scenarios.seven,
    (view) => view.page.getByRole('button', { name: 'Actions for work laptop' }).click(),
  ],
  [
    'a dialog',
    scenarios.wipe,
    (view) => view.page.getByRole('button', { name: 'Remove everywhere' }).click(),
  ],
];

describe('axe finds nothing', () => {
  it.each(VIEWS.map(([name, state, reach]) => ({ name, state, reach })))(
    'in $name, however it is coloured',
    async ({ state, reach }) => {
      const view = await pages.open(state);
      await reach?.(view);
      expect(await findingsInEveryLook(view.page)).toEqual([]);
      await view.close();
    },
    60_000,
  );
});

describe('the content security policy', () => {
  it.each([
    ['missions', scenarios.troubled],
    ['the welcome', scenarios.welcome],
  ])('is never broken by %s', async (_name, state) => {
    const view = await pages.open(state);
    await view.page.waitForTimeout(300);
    expect(view.complaints).toEqual([]);
    await view.close();
  });

  it('does refuse a style element', async () => {
    const view = await pages.open(scenarios.seven);
    await view.page.evaluate(() => {
      const style = document.createElement('style');
      style.textContent = 'body { opacity: 0.5 }';
      document.head.append(style);
    });
    expect(view.complaints.join('\n')).toContain('Content Security Policy');
    await view.close();
  });
});

describe('odd sizes', () => {
  it.each([
    [340, 400],
    [380, 560],
    [1200, 900],
  ])('%d × %d shows nothing beyond its edges', async (width, height) => {
    for (const state of [scenarios.names, scenarios.alerts, scenarios.welcome]) {
      const view = await pages.open(state, { width, height });
      const overflow = await view.page.evaluate(() => document.documentElement.scrollWidth);
      expect(overflow).toBeLessThanOrEqual(width);
      await view.close();
    }
  });
});
