import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { until } from '../support/until.ts';
import { connectPages, drawn, type TestPages, type TestWindow } from './support/page.ts';
import { manyMissions, scenarios } from './support/scenarios.ts';
import { hashOf, NOW, SEVEN, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

/** Where everything is that could move. */
const boxes = ({ page }: TestWindow): Promise<string[]> =>
  page.locator('header, [role=tab], [role=row], button').evaluateAll((elements) =>
    elements.map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].map(Math.round).join();
    }),
  );

const calm = scenarios.seven;
const CHANGES: readonly [string, AppState][] = [
  ['a sync', scenarios.busy],
  ['a resync', scenarios.resyncing],
  ['a pause', scenarios.paused],
  ['another hash', withSnapshot({ missions: SEVEN.map((one) => ({ ...one, hash: hashOf(9) })) })],
  ['other ages', withSnapshot({ missions: SEVEN.map((one) => ({ ...one, lastSyncAt: null })) })],
  ['differences', withSnapshot({ missions: SEVEN.map((one) => ({ ...one, inSync: false })) })],
  ['a locked store', withSnapshot({ missions: SEVEN.map((one) => ({ ...one, trouble: 'x' })) })],
];

describe('nothing moves', () => {
  it.each(CHANGES)('when there is %s', async (_name, state) => {
    const view = await pages.open(calm);
    await drawn(view.page);
    const html = await view.page.content();
    const before = await boxes(view);
    await view.push(state);
    await until('it is shown', async () => (await view.page.content()) !== html);
    await drawn(view.page);
    expect(await boxes(view)).toEqual(before);
    await view.close();
  });

  it('when a resync has come to something, but does when a mission is added', async () => {
    const view = await pages.open(calm);
    const rows = () =>
      view.page
        .getByRole('row')
        .evaluateAll((all) => all.map((row) => row.getBoundingClientRect().y));
    const before = await rows();
    await view.page.getByRole('button', { name: 'Force resync' }).click();
    await view.page.getByText('No mission is running').waitFor();
    expect(await rows()).toEqual(before);
    await view.push(withSnapshot({ missions: [...SEVEN, ...manyMissions(1)] }));
    await view.page.getByText('mission 0').waitFor();
    expect(await rows()).not.toEqual(before);
    await view.close();
  });
});

describe('a force resync', () => {
  const results = ['3f6c1a', '81b2de', 'a07f44'].map((missionId) => ({
    missionId,
    status: 'done' as const,
    up: [],
    down: missionId === 'a07f44' ? [] : ['linear'],
    hash: null,
  }));

  it('is one, however often it is asked for', async () => {
    const view = await pages.open(calm);
    await view.answer('resync', null);
    const button = view.page.getByRole('button', { name: 'Force resync', exact: true });
    await button.click();
    await view.page.getByRole('button', { name: 'Syncing…' }).waitFor();
    await view.page.keyboard.press('Control+r');
    await view.page.getByRole('button', { name: 'Syncing…' }).click({ force: true });
    expect(await view.calls()).toEqual([['resync', {}]]);
    await view.close();
  });

  it('is not asked for while another one runs', async () => {
    const view = await pages.open(scenarios.resyncing);
    await view.page.keyboard.press('Control+r');
    expect(await view.calls()).toEqual([]);
    await view.push(calm);
    await view.page.getByRole('button', { name: 'Force resync', exact: true }).waitFor();
    await view.page.keyboard.press('Control+r');
    expect(await view.calls()).toEqual([['resync', {}]]);
    await view.close();
  });

  it('tells what it did, mission by mission, and goes by itself', async () => {
    const view = await pages.open(calm);
    await view.answer('resync', { ok: true, value: { missions: results } });
    await view.page.keyboard.press('Control+r');
    const status = view.page.getByRole('status').filter({ hasText: '→' });
    await expect.poll(() => status.textContent()).toBe('linear → fix login, api rewrite');
    await view.page.getByRole('button', { name: 'Show what the resync did' }).click();
    const lines = view.page.getByRole('dialog').getByRole('listitem');
    expect(await lines.allTextContents()).toEqual([
      'fix logingot linear',
      'api rewritegot linear',
      'docs sweepnothing to change',
    ]);
    await view.page.keyboard.press('Escape');
    await view.page.clock.setFixedTime(NOW + 13_000);
    await status.waitFor({ state: 'detached' });
    await view.page.getByText('Last broadcast').waitFor();
    await view.close();
  });

  it('says in main’s words what failed', async () => {
    const view = await pages.open(calm);
    await view.answer('resync', { ok: false, message: 'The engine was busy for too long.' });
    await view.page.keyboard.press('Control+r');
    await view.page.getByText('The engine was busy for too long.').waitFor();
    await view.page.getByRole('button', { name: 'Dismiss' }).click();
    await view.page.getByText('Last broadcast').waitFor();
    await view.close();
  });
});

describe('time', () => {
  it('goes on while the page is seen, and no timer runs while it is hidden', async () => {
    const view = await pages.open(calm);
    await view.page.getByText('Last broadcast 12 s ago').waitFor();
    await view.page.clock.setFixedTime(NOW + 5_000);
    await view.page.getByText('Last broadcast 17 s ago').waitFor();
    const timers = () => view.page.evaluate(() => globalThis.fakeBridge.intervals.size);
    expect(await timers()).toBeGreaterThan(0);

    const show = (visibility: 'hidden' | 'visible') =>
      view.page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, visibility);
    await show('hidden');
    expect(await timers()).toBe(0);
    await view.page.clock.setFixedTime(NOW + 48_000);
    await show('visible');
    // At once, and not with the next tick.
    await expect.poll(() => view.page.locator('header time').textContent()).toBe('1 min ago');
    await view.close();
  });
});
