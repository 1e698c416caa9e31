import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPages, type TestPages } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';
import { appState, SEVEN, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

describe('alerts', () => {
  it('remove everywhere only after a question, whose failure is told in it', async () => {
    const view = await pages.open(scenarios.wipe);
    await view.answer('resolve', { ok: false, message: 'The disk is full.' });
    await view.page.getByRole('button', { name: 'Remove everywhere…' }).click();
    const dialog = view.page.getByRole('alertdialog', { name: 'Remove 3 servers everywhere?' });
    await expect.poll(() => dialog.textContent()).toContain('30 days');
    expect(await view.calls()).toEqual([]);
    await dialog.getByRole('button', { name: 'Remove everywhere' }).click();
    await dialog.getByText('The disk is full.').waitFor();
    await view.answer('resolve', { ok: true, value: {} });
    await dialog.getByRole('button', { name: 'Remove everywhere' }).click();
    await dialog.waitFor({ state: 'detached' });
    const call = ['resolve', { alertId: 'wipe-81b2de', answer: 'remove' }];
    expect(await view.calls()).toEqual([call, call]);
    await view.close();
  });

  it('are two, and the others on demand', async () => {
    const view = await pages.open(scenarios.alerts);
    const cards = view.page.getByRole('region', { name: 'Alerts' }).getByRole('heading');
    expect(await cards.count()).toBe(2);
    await view.page.getByText('15 more').click();
    expect(await cards.count()).toBe(17);
    await view.page.getByRole('button', { name: 'Dismiss' }).first().click();
    expect(await view.calls()).toEqual([
      ['resolve', { alertId: 'conflict-3f6c1a', answer: 'dismiss' }],
    ]);
    await view.close();
  });

  it('show a long text on demand', async () => {
    const view = await pages.open(scenarios.locked);
    const text = view.page.getByText('Unlock the keychain');
    const height = () => text.evaluate((element) => element.clientHeight);
    const before = await height();
    await view.page.getByRole('button', { name: 'Show all' }).click();
    expect(await height()).toBeGreaterThan(before);
    await view.close();
  });

  it('let a failed engine be tried again', async () => {
    const view = await pages.open(scenarios.failed);
    await view.page.getByRole('button', { name: 'Try again' }).click();
    expect(await view.calls()).toEqual([['retry', {}]]);
    await view.close();
  });
});

describe('missions', () => {
  it('are pointed at when the main process asks', async () => {
    const view = await pages.open(scenarios.many);
    await view.page.getByRole('tab', { name: 'Servers' }).click();
    await view.send('navigate', { place: 'missions', missionId: 'm0150', alertId: null });
    await expect
      .poll(() => view.page.evaluate(() => document.activeElement?.getAttribute('data-key')))
      .toBe('m0150');
    await view.close();
  });

  it('tell at the bottom what failed and has no place of its own', async () => {
    const view = await pages.open(scenarios.seven);
    await view.answer('copyHash', { ok: false, message: 'There is no hash to copy.' });
    await view.page
      .getByRole('button', { name: /Copy hash/ })
      .first()
      .click();
    await view.page.getByText('There is no hash to copy.').waitFor();
    await view.page.getByRole('button', { name: 'Dismiss' }).click();
    await view.page.getByText('There is no hash to copy.').waitFor({ state: 'detached' });
    await view.close();
  });

  it('offer the search from eight on', async () => {
    const view = await pages.open(scenarios.seven);
    expect(await view.page.getByRole('searchbox').count()).toBe(0);
    await view.push(
      withSnapshot({ missions: [...SEVEN, { ...SEVEN[0], id: 'x', name: 'x' } as never] }),
    );
    await view.page.getByRole('searchbox').fill('no such thing');
    await view.page.getByText('No mission matches').waitFor();
    await view.page.getByRole('button', { name: 'Clear search' }).last().click();
    await view.page.getByText('fix login').waitFor();
    await view.close();
  });
});

describe('the first start', () => {
  it('attaches what was chosen once the engine runs, and not before', async () => {
    const view = await pages.open(scenarios.welcome);
    await view.page.getByText('/home/sam/.claude-client').click();
    await view.page.getByRole('button', { name: 'Start syncing' }).click();
    expect(await view.calls()).toEqual([['start', {}]]);
    await view.push(scenarios.starting);
    expect(await view.calls()).toHaveLength(1);
    await view.push(appState());
    await expect
      .poll(() => view.calls())
      .toContainEqual(['attach', { candidateId: 'candidate-0' }]);
    expect(await view.calls()).toHaveLength(2);
    await view.close();
  });

  it('is no dead end with nothing there', async () => {
    const view = await pages.open(scenarios.welcomeEmpty);
    await view.page.getByText('No missions yet').waitFor();
    await view.page.getByRole('button', { name: 'Start syncing' }).click();
    expect(await view.calls()).toEqual([['start', {}]]);
    await view.close();
  });
});
