import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { findingsInEveryLook } from './support/axe.ts';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { mission, NOW, SERVERS, server, snapshot, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages?.close());

/** zod, which comes with the contract, asks whether it may make functions; a browser asks for an icon. */
const NOT_OURS = /requires 'TrustedScript' assignment|status of 404/;

/** The app with the servers in sight. */
async function open(
  state: AppState,
  missionId: string | null = null,
): Promise<TestWindow & AsyncDisposable> {
  const window = await pages.open(state, { reducedMotion: 'reduce' });
  await window.send('navigate', { place: 'servers', missionId, alertId: null });
  await window.page.getByRole('region', { name: 'Servers' }).waitFor();
  return {
    ...window,
    async [Symbol.asyncDispose]() {
      await window.close();
      expect(window.complaints.filter((text) => !NOT_OURS.test(text))).toEqual([]);
    },
  };
}

const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '');
const intervals = (page: Page) => page.evaluate(() => globalThis.fakeBridge.intervals.size);

const bad = mission('bad', {
  name: 'fix login',
  servers: [server('notion', { status: 'invalidated', expiresAt: 0 }), ...SERVERS.slice(2)],
});
const fleet = (count: number) =>
  withSnapshot({
    missions: [bad, ...Array.from({ length: count }, (_, at) => mission(`m${at}`))],
  });

describe('the servers view', () => {
  it('has no accessibility findings in any colours', async () => {
    await using window = await open(fleet(20));
    await window.page.getByRole('gridcell').first().focus();
    expect(await findingsInEveryLook(window.page)).toEqual([]);
  });

  it('shows trouble first, with the worst of each column', async () => {
    await using window = await open(fleet(3));
    const { page } = window;
    const headers = page.getByRole('columnheader');
    await expect
      .poll(() => headers.nth(1).textContent())
      .toContain('notion: at worst needs a sign-in');
    await expect.poll(() => headers.nth(2).textContent()).toContain('figma: signed in');
    const words = 'signed in, expires in 38 minutes at 15:43';
    const cell = page.getByRole('gridcell', { name: `linear in m0: ${words}` });
    expect(await cell.count()).toBe(1);
    expect(await page.getByText(words, { exact: true }).count()).toBe(0);
    await cell.hover();
    await expect.poll(() => page.getByText(words, { exact: true }).isVisible()).toBe(true);
  });

  it('is one tab stop, in which keys lead everywhere', async () => {
    await using window = await open(fleet(200));
    const { page } = window;
    await page.getByRole('button', { name: 'Only trouble' }).focus();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('everywhere (global)');
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toMatch(/^notion everywhere/);
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toMatch(/^notion in fix login: needs a sign-in/);
    await page.keyboard.press('Control+End');
    expect(await focused(page)).toMatch(/^sentry in m199/);
    await expect.poll(() => page.locator(':focus').isVisible()).toBe(true);
    await page.keyboard.press('Home');
    expect(await focused(page)).toContain('m199');
    await page.keyboard.press('PageUp');
    expect(await focused(page)).not.toContain('m199');
    await page.keyboard.press('Control+Home');
    expect(await focused(page)).toBe('Mission');
    expect(await page.locator('[role=grid] [tabindex="0"]').count()).toBe(1);
  });

  it('keeps the focus on its cell when the rows around it change', async () => {
    await using window = await open(fleet(3));
    const { page } = window;
    await page.getByRole('gridcell', { name: /^linear in m2/ }).focus();
    const { missions } = fleet(3).snapshot ?? snapshot();
    await window.push(withSnapshot({ missions: [mission('another'), ...missions] }));
    await page.getByRole('rowheader', { name: 'another' }).waitFor();
    expect(await focused(page)).toMatch(/^linear in m2/);
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).toMatch(/^linear in m1/);
  });

  it('renders only rows in sight, and says how many there are', async () => {
    await using window = await open(fleet(200));
    const { page } = window;
    const grid = page.getByRole('grid', { name: 'MCP servers by mission' });
    await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('203');
    await expect.poll(() => grid.getAttribute('aria-colcount')).toBe('5');
    expect(await page.getByRole('row').count()).toBeLessThan(40);
    await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByRole('rowheader', { name: 'm199' }).waitFor();
    await expect.poll(() => page.getByRole('row').last().getAttribute('aria-rowindex')).toBe('203');
    await expect.poll(() => page.getByRole('columnheader').first().isVisible()).toBe(true);
  });

  it('keeps names in sight with 30 servers', async () => {
    const servers = Array.from({ length: 30 }, (_, at) => server(`server ${at}`));
    await using window = await open(withSnapshot({ missions: [mission('a', { servers })] }));
    const { page } = window;
    await page.getByRole('rowheader', { name: 'a', exact: true }).focus();
    await page.keyboard.press('End');
    const cell = await page.locator(':focus').boundingBox();
    const name = await page.getByRole('rowheader', { name: 'a', exact: true }).boundingBox();
    expect(name?.x).toBe(0);
    expect(cell?.x).toBeGreaterThanOrEqual(name?.width ?? Number.NaN);
    expect((cell?.x ?? 0) + (cell?.width ?? 0)).toBeLessThanOrEqual(380);
  });

  it('stands still while it is hidden, and is right at once when it is shown', async () => {
    await using window = await open(fleet(1));
    const { page } = window;
    const cell = page.getByRole('gridcell', { name: /^linear in m0/ });
    await expect.poll(() => cell.textContent()).toContain('38 min');
    expect(await intervals(page)).toBeGreaterThan(0);
    await setVisibility(page, 'hidden');
    expect(await intervals(page)).toBe(0);
    await page.clock.setFixedTime(NOW + 34 * 60_000);
    await setVisibility(page, 'visible');
    await expect.poll(() => cell.textContent()).toContain('expires in 4 minutes');
    await expect.poll(() => cell.getAttribute('data-state')).toBe('soon');
  });

  it('can leave out what is well, where there is much', async () => {
    await using window = await open(fleet(12));
    const { page } = window;
    await page.getByRole('button', { name: 'Only trouble' }).click();
    await expect.poll(() => page.getByRole('rowheader').count()).toBe(1);
    await window.push(fleet(2));
    await page.getByRole('rowheader', { name: 'm1' }).waitFor();
    expect(await page.getByRole('button', { name: 'Only trouble' }).count()).toBe(0);
  });

  it('brings the mission that one came for into sight', async () => {
    await using window = await open(fleet(200), 'm150');
    const row = window.page.getByRole('rowheader', { name: 'm150' });
    await row.waitFor();
    expect((await row.boundingBox())?.y).toBeLessThan(560);
  });

  it('says what to do where there is none', async () => {
    const missions = [mission('a', { servers: [] })];
    const state = withSnapshot({ missions, global: { ...snapshot().global, servers: [] } });
    await using window = await open(state);
    await expect
      .poll(() => window.page.getByText('Sign in to an MCP server in any').isVisible())
      .toBe(true);
    expect(await findingsInEveryLook(window.page)).toEqual([]);
  });
});

async function setVisibility(page: Page, value: DocumentVisibilityState): Promise<void> {
  await page.evaluate((visibilityState) => {
    Object.defineProperty(document, 'visibilityState', {
      value: visibilityState,
      configurable: true,
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, value);
}
