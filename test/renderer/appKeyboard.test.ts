import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reach } from './support/keyboard.ts';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { manyMissions, scenarios } from './support/scenarios.ts';
import { withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

const selectedTab = ({ page }: TestWindow): Promise<string | null> =>
  page.locator('[role=tab][aria-selected=true]').evaluate((tab) => {
    return tab.getAttribute('aria-label') ?? tab.textContent;
  });

const focusedRow = ({ page }: TestWindow): Promise<string | null> =>
  page.evaluate(() => document.activeElement?.getAttribute('data-key') ?? null);

describe('with the keyboard alone', () => {
  it('goes to every place by its shortcut, and back out of the settings', async () => {
    const view = await pages.open(scenarios.seven);
    for (const [key, name] of [
      ['Control+2', 'Servers'],
      ['Control+3', 'Log'],
      ['Control+,', 'Settings'],
    ] as const) {
      await view.page.keyboard.press(key);
      expect(await selectedTab(view)).toBe(name);
    }
    await view.page.keyboard.press('Escape');
    expect(await selectedTab(view)).toBe('Log');
    expect(await view.calls()).not.toContainEqual(['hide', {}]);
    await view.page.keyboard.press('Control+1');
    expect(await selectedTab(view)).toBe('Missions');
    await view.page.keyboard.press('Escape');
    expect(await view.calls()).toContainEqual(['hide', {}]);
    await view.close();
  });

  it('takes ⌘ and not Ctrl on macOS', async () => {
    const view = await pages.open({ ...scenarios.seven, platform: 'darwin' });
    await view.page.keyboard.press('Control+r');
    expect(await view.calls()).toEqual([]);
    await view.page.keyboard.press('Meta+r');
    expect(await view.calls()).toEqual([['resync', {}]]);
    await view.close();
  });

  it('opens a mission’s menu, detaches it, and gives the focus back', async () => {
    const view = await pages.open(scenarios.seven);
    await reach(view, 'Tab', /^fix login/);
    for (let row = 0; row < 5; row += 1) await view.page.keyboard.press('ArrowDown');
    await reach(view, 'ArrowRight', /Actions for work laptop/);
    await view.page.keyboard.press('Enter');
    await view.page.getByRole('menu').waitFor();
    await reach(view, 'ArrowDown', /^Detach/);
    await view.page.keyboard.press('Enter');
    const dialog = view.page.getByRole('alertdialog');
    await dialog.waitFor();
    await expect.poll(() => dialog.textContent()).toContain('Nothing in the folder is touched');
    await reach(view, 'Tab', /^Detach$/);
    await view.page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([['detach', { missionId: 'work' }]]);
    await view.close();
  });

  it('opens the menu with the context menu key, and Escape closes only that', async () => {
    const view = await pages.open(scenarios.seven);
    await reach(view, 'Tab', /^fix login/);
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('Shift+F10');
    await view.page.getByRole('menu', { name: 'Actions for api rewrite' }).waitFor();
    await view.page.keyboard.press('Escape');
    await view.page.getByRole('menu').waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([]);
    await reach(view, 'ArrowDown', /^docs sweep/);
    await view.close();
  });

  it('opens a mission’s page with Enter, and comes back to its row with Escape', async () => {
    const view = await pages.open(scenarios.troubled);
    await reach(view, 'Tab', /^fix login/);
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('Enter');
    await view.page.getByRole('region', { name: 'api rewrite' }).waitFor();
    await view.page.keyboard.press('Escape');
    await expect.poll(() => focusedRow(view)).toBe('81b2de');
    expect(await view.calls()).not.toContainEqual(['hide', {}]);
    // Enter there and back again: the way back has the focus.
    await view.page.keyboard.press('Enter');
    await view.page.getByRole('region', { name: 'api rewrite' }).waitFor();
    await view.page.keyboard.press('Enter');
    await expect.poll(() => focusedRow(view)).toBe('81b2de');
    await view.close();
  });

  it('comes back from the settings to the mission’s page', async () => {
    const view = await pages.open(scenarios.seven);
    await reach(view, 'Tab', /^fix login/);
    await view.page.keyboard.press('Enter');
    const page = view.page.getByRole('region', { name: 'fix login' });
    await page.waitFor();
    await view.page.keyboard.press('Control+,');
    await page.waitFor({ state: 'detached' });
    await view.page.keyboard.press('Escape');
    await page.waitFor();
    await view.close();
  });

  it('launches a stopped mission right from its row', async () => {
    const view = await pages.open(scenarios.runs);
    await reach(view, 'Tab', /^fix login/);
    await view.page.keyboard.press('End');
    await reach(view, 'ArrowRight', /^Launch release notes$/);
    await view.page.keyboard.press('Enter');
    await expect
      .poll(() => view.calls())
      .toEqual([['launch', { missionId: 'stopped', resume: false }]]);
    await view.close();
  });

  it('removes a mission by its menu, and gives the focus back if it is left alone', async () => {
    const view = await pages.open(scenarios.runs);
    await reach(view, 'Tab', /^fix login/);
    for (const answer of ['Escape', 'Enter']) {
      await reach(view, 'ArrowRight', /^Actions for fix login$/);
      await view.page.keyboard.press('Enter');
      await reach(view, 'ArrowDown', /^Remove…$/);
      await view.page.keyboard.press('Enter');
      const dialog = view.page.getByRole('alertdialog');
      await dialog.getByText('No work would be lost').waitFor();
      if (answer === 'Enter') await reach(view, 'Tab', /^Remove$/);
      await view.page.keyboard.press(answer);
      await dialog.waitFor({ state: 'detached' });
      await expect
        .poll(() =>
          view.page.evaluate(() =>
            document.activeElement?.closest('[role=row]')?.getAttribute('data-key'),
          ),
        )
        .toBe('asks');
    }
    expect(await view.calls()).toEqual([
      ['lostWork', { missionId: 'asks' }],
      ['lostWork', { missionId: 'asks' }],
      ['removeMission', { missionId: 'asks' }],
    ]);
    await view.close();
  });

  it('makes a mission from ⌘N to ⌘Enter', async () => {
    const view = await pages.open({ ...scenarios.seven, recentRepos: ['acme/web', 'acme/api'] });
    await view.page.keyboard.press('Control+2');
    await view.page.keyboard.press('Control+n');
    const dialog = view.page.getByRole('dialog', { name: 'New mission' });
    await dialog.waitFor();
    await view.page.keyboard.type('try it');
    await view.page.keyboard.press('Tab');
    await view.page.keyboard.type('acme');
    await view.page.keyboard.press('ArrowDown');
    await view.page.keyboard.press('Enter');
    await expect
      .poll(() => dialog.getByRole('combobox', { name: 'Repository' }).inputValue())
      .toBe('acme/web');
    await view.page.keyboard.press('Tab');
    await view.page.keyboard.press('Tab');
    await view.page.keyboard.type('one line');
    await view.page.keyboard.press('Enter');
    await view.page.keyboard.type('another');
    await view.page.keyboard.press('Tab');
    await view.page.keyboard.press('ArrowRight');
    await view.page.keyboard.press('Control+Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await view.calls()).toContainEqual([
      'newMission',
      { name: 'try it', repo: 'acme/web', prompt: 'one line\nanother', run: 'headless' },
    ]);
    expect(await selectedTab(view)).toBe('Missions');
    await view.close();
  });

  it('copies a hash', async () => {
    const view = await pages.open(scenarios.seven);
    await reach(view, 'Tab', /^fix login/);
    await reach(view, 'ArrowRight', /Copy hash/);
    await view.page.keyboard.press('Enter');
    await view.page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await view.calls()).toEqual([['copyHash', { missionId: '3f6c1a' }]]);
    await view.close();
  });

  it('searches, and Escape clears the search before it hides', async () => {
    const view = await pages.open(withSnapshot({ missions: manyMissions(20) }));
    await view.page.keyboard.press('Control+f');
    await view.page.keyboard.type('mission 17');
    await expect.poll(() => view.page.locator('[role=row][data-key]').count()).toBe(1);
    await view.page.keyboard.press('Escape');
    await expect.poll(() => view.page.locator('[role=row][data-key]').count()).toBe(20);
    expect(await view.calls()).toEqual([]);
    await view.page.keyboard.press('Escape');
    expect(await view.calls()).toEqual([['hide', {}]]);
    await view.close();
  });

  it('answers an alert, with a question before it removes', async () => {
    const view = await pages.open(scenarios.wipe);
    await reach(view, 'Tab', /^Remove everywhere…$/);
    await view.page.keyboard.press('Enter');
    const dialog = view.page.getByRole('alertdialog');
    await dialog.waitFor();
    await expect.poll(() => dialog.textContent()).toContain('linear, notion and sentry');
    await view.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([]);
    await reach(view, 'Tab', /^Restore$/);
    await view.page.keyboard.press('Enter');
    await expect
      .poll(() => view.calls())
      .toEqual([['resolve', { alertId: 'wipe-81b2de', answer: 'restore' }]]);
    await view.close();
  });

  it('changes a setting', async () => {
    const view = await pages.open(scenarios.seven);
    await view.page.keyboard.press('Control+,');
    await reach(view, 'Tab', /Check everything every/);
    await view.close();
  });

  it('starts from the welcome', async () => {
    const view = await pages.open(scenarios.welcomeEmpty);
    await reach(view, 'Tab', /^Start syncing$/);
    await view.page.keyboard.press('Enter');
    await expect.poll(() => view.calls()).toEqual([['start', {}]]);
    await view.close();
  });
});
