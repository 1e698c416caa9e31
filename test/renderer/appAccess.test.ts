import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { findingsInEveryLook } from './support/axe.ts';
import { connectPages, drawn, type TestPages, type TestWindow } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

type View = readonly [name: string, state: AppState, reach?: (view: TestWindow) => Promise<void>];

const tab = (name: string) => (view: TestWindow) => view.page.getByRole('tab', { name }).click();

const SAID = {
  output: 'All green.\n',
  notes: [{ at: '2026-11-24T14:01:02.000Z', text: 'Claude started.' }],
};

const VIEWS: readonly View[] = [
  ['missions', scenarios.seven],
  ['missions in trouble', scenarios.troubled],
  ['odd names', scenarios.names],
  ['no missions', scenarios.none],
  ['paused', scenarios.paused],
  ['a resync under way', scenarios.resyncing],
  ['every kind of alert', scenarios.alerts, (view) => view.page.getByText('15 more').click()],
  ['failed', scenarios.failed],
  ['another engine', scenarios.other],
  ['starting', scenarios.starting],
  ['the welcome', scenarios.welcome],
  ['the welcome with a locked store', scenarios.welcomeLocked],
  ['settings', scenarios.badSettings, tab('Settings')],
  ['a mission’s page', scenarios.troubled, (view) => view.page.getByText('fix login').click()],
  [
    'a page with output',
    scenarios.runs,
    async (view) => {
      await view.answer('readOutput', { ok: true, value: SAID });
      await view.page.getByText('nightly audit').click();
      await view.page.getByText('All green.').waitFor();
    },
  ],
  ['every kind of run', scenarios.runs],
  ['missions that are being made', scenarios.making],
  ['the first mission that is being made', scenarios.firstMaking],
  [
    'a new mission with what is missing',
    scenarios.making,
    async (view) => {
      await view.page.getByRole('button', { name: 'New mission…' }).click();
      await view.page.getByRole('button', { name: 'Create' }).click();
    },
  ],
  [
    'recent repositories',
    scenarios.making,
    async (view) => {
      await view.page.getByRole('button', { name: 'New mission…' }).click();
      await view.page.getByRole('button', { name: 'Recent repositories' }).click();
    },
  ],
  [
    'a headless run’s dialog',
    scenarios.runs,
    async (view) => {
      await view.page.getByRole('button', { name: 'Actions for release notes' }).click();
      await view.page.getByRole('menuitem', { name: 'Run headless…' }).click();
    },
  ],
  [
    'a removal',
    scenarios.runs,
    async (view) => {
      await view.answer('lostWork', { ok: true, value: { lines: ['1 stash'], unknown: 'why' } });
      await view.page.getByRole('button', { name: 'Actions for docs sweep' }).click();
      await view.page.getByRole('menuitem', { name: 'Remove…' }).click();
      await view.page.getByText('1 stash').waitFor();
    },
  ],
  [
    'leftovers',
    { ...scenarios.seven, hasOauthToken: true },
    async (view) => {
      const leftovers = [
        { id: '1', kind: 'lock' as const, what: '/home/sam/.agenc/old.lock' },
        { id: '2', kind: 'keychain-item' as const, what: 'Claude Code-credentials-0a1b2c3d' },
      ];
      await view.answer('findLeftovers', { ok: true, value: { leftovers, unknown: 'why' } });
      await view.page.getByRole('tab', { name: 'Settings' }).click();
      await view.page.getByRole('button', { name: 'Look for leftovers' }).click();
    },
  ],
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
    await drawn(view.page);
    // The browser says things in their order: what it had to say of the page comes before this.
    await view.page.evaluate(() => console.error('drawn'));
    await expect.poll(() => view.complaints).toContain('drawn');
    expect(view.complaints).toEqual(['drawn']);
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
    for (const state of [scenarios.names, scenarios.alerts, scenarios.welcome, scenarios.making]) {
      const view = await pages.open(state, { width, height });
      const overflow = await view.page.evaluate(() => document.documentElement.scrollWidth);
      expect(overflow).toBeLessThanOrEqual(width);
      await view.close();
    }
  });
});
