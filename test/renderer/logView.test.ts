import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine } from '../../main/service/contract/log.ts';
import { findingsInEveryLook } from './support/axe.ts';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { appState, NOW } from './support/states.ts';

/** A log that the page reads as main would give it. */
interface TestLog {
  push(count: number): void;
  /** Lets older pages be read, where that is slow. */
  readOn(): void;
  /** From now on what is put off stays so, until `goOn`. */
  hold(): void;
  goOn(): void;
}
declare global {
  var log: TestLog;
}

interface LogOptions {
  readonly total?: number;
  readonly missionId?: string | null;
  /** Older pages wait for `readOn`. */
  readonly slow?: boolean;
}

/** Answers `readLog` with pages of 2,000. Runs in the page. */
function installLog({ now, total, slow }: { now: number; total: number; slow: boolean }): void {
  const { promise: older, resolve: readOn } = Promise.withResolvers<void>();
  if (!slow) readOn();
  let next = total;
  const line = (id: number): LogLine => ({
    id,
    at: new Date(now - (total - id) * 1_000).toISOString(),
    level: id % 50 === 0 ? 'warning' : 'info',
    direction: id % 50 === 0 ? null : id % 2 === 0 ? 'down' : 'up',
    missionId: `m${id % 3}`,
    missionName: `mission ${id % 3}`,
    text: id % 1_000 === 999 ? `rare line ${id}` : `line ${id}`,
    hash: id % 50 === 0 ? null : 'ab12'.repeat(16),
    durationMs: id % 50 === 0 ? null : 12,
  });
  const range = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, at) => line(from + at));

  const bridge = window.agencBar as {
    invoke(name: string, params: { before: number | null }): Promise<unknown>;
  };
  const { invoke } = bridge;
  bridge.invoke = async (name, params) => {
    const answer = await invoke(name, params);
    if (name !== 'readLog') return answer;
    if (params.before !== null) await older;
    const to = params.before ?? next;
    return { ok: true, value: { lines: range(Math.max(0, to - 2_000), to), more: to > 2_000 } };
  };

  const { setTimeout: later } = globalThis;
  let held: (() => void)[] | null = null;
  Object.assign(globalThis, {
    setTimeout(work: () => void, ms = 0) {
      if (held === null || ms > 0) return later(work, ms);
      return held.push(work);
    },
    log: {
      readOn,
      push(count) {
        next += count;
        globalThis.fakeBridge.push('log', { lines: range(next - count, next) });
      },
      hold() {
        held = [];
      },
      goOn() {
        const works = held ?? [];
        held = null;
        for (const work of works) work();
      },
    } satisfies TestLog,
  });
}

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages?.close());

/** zod, which comes with the contract, asks whether it may make functions; a browser asks for an icon. */
const NOT_OURS = /requires 'TrustedScript' assignment|status of 404/;
/** The app with the log in sight. */
async function open(options: LogOptions = {}): Promise<TestWindow & AsyncDisposable> {
  const { total = 100, missionId = null, slow = false } = options;
  const window = await pages.open(appState(), { reducedMotion: 'reduce' });
  await window.page.evaluate(installLog, { now: NOW, total, slow });
  await window.answer('exportLog', { ok: true, value: { lines: 1_234 } });
  await window.send('navigate', { place: 'log', missionId, alertId: null });
  await window.page.getByRole('region', { name: 'Log' }).waitFor();
  return {
    ...window,
    async [Symbol.asyncDispose]() {
      await window.close();
      expect(window.complaints.filter((text) => !NOT_OURS.test(text))).toEqual([]);
    },
  };
}

const rendered = (page: Page) => page.getByRole('option').count();
const list = (page: Page) => page.getByRole('listbox', { name: 'Sync log' });
const lastRow = (page: Page) => page.getByRole('option').last();
const finished = (page: Page, words: string) =>
  page.getByText(words, { exact: true }).waitFor({ timeout: 20_000 });

describe('the log view', () => {
  it('has no accessibility findings in any colours', async () => {
    await using window = await open();
    const { page } = window;
    await lastRow(page).click();
    await page.keyboard.press('ArrowUp');
    await page.getByRole('region', { name: 'Selected line' }).waitFor();
    expect(await findingsInEveryLook(page)).toEqual([]);
  });

  it('holds 100,000 lines with few elements, from the newest to the oldest', async () => {
    await using window = await open({ total: 100_000 });
    const { page } = window;
    await finished(page, '100,000 lines');
    await expect.poll(() => lastRow(page).textContent()).toContain('line 99999');
    expect(await rendered(page)).toBeLessThan(150);
    await list(page).focus();
    await page.keyboard.press('Home');
    await page.getByRole('option', { name: / line 0$/ }).waitFor();
    expect(await rendered(page)).toBeLessThan(150);
    await expect
      .poll(() => page.getByRole('option').first().getAttribute('aria-setsize'))
      .toBe('100000');
    const reads = (await window.calls()).filter(([name]) => name === 'readLog');
    expect(reads).toHaveLength(50);
    expect(reads[1]).toEqual(['readLog', { before: 98_000 }]);
  });

  it('takes what is typed at once, and shows the newest matches before all are found', async () => {
    await using window = await open({ total: 100_000 });
    const { page } = window;
    await finished(page, '100,000 lines');
    await page.evaluate(() => globalThis.log.hold());
    const search = page.getByRole('searchbox');
    await search.pressSequentially('rare');
    await expect.poll(() => search.inputValue()).toBe('rare');
    // Of the work, only the first step was done.
    await finished(page, '5 of 100,000 lines · searching…');
    await expect.poll(() => lastRow(page).textContent()).toContain('rare line 99999');
    await search.pressSequentially(' 7999');
    await expect.poll(() => search.inputValue()).toBe('rare 7999');
    await page.evaluate(() => globalThis.log.goOn());
    await finished(page, '11 of 100,000 lines');
    expect(await rendered(page)).toBe(11);
    await search.fill('nothing like it');
    await finished(page, '0 of 100,000 lines');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await finished(page, '100,000 lines');
    expect(await isAtEnd(page)).toBe(true);
  });

  it('follows the newest line, unless one reads further up', async () => {
    await using window = await open({ total: 5_000 });
    const { page } = window;
    await page.getByText('5,000 lines', { exact: true }).waitFor();
    await page.evaluate(() => globalThis.log.push(3));
    await page.getByRole('option', { name: / line 5002/ }).waitFor();
    expect(await isAtEnd(page)).toBe(true);

    await list(page).evaluate((element) => element.scrollTo(0, 44 * 2_000));
    await page.getByRole('button', { name: 'Newest' }).waitFor();
    const before = await list(page).evaluate((element) => element.scrollTop);
    await page.evaluate(() => globalThis.log.push(12));
    const newLines = page.getByRole('button', { name: '12 new lines' });
    await newLines.waitFor();
    expect(await list(page).evaluate((element) => element.scrollTop)).toBe(before);
    await newLines.click();
    await page.getByRole('option', { name: / line 5014/ }).waitFor();
    expect(await isAtEnd(page)).toBe(true);
    expect(await newLines.count()).toBe(0);
  });

  it('stays on its row while older pages come in', async () => {
    await using window = await open({ total: 6_000, slow: true });
    const { page } = window;
    await page.getByText('2,000 lines · reading older lines…').waitFor();
    await list(page).evaluate((element) => element.scrollTo(0, 44 * 1_000 + 7));
    const row = page.getByRole('option', { name: / line 5003/ });
    const before = await row.boundingBox();
    await page.evaluate(() => globalThis.log.readOn());
    await page.getByText('6,000 lines', { exact: true }).waitFor();
    expect(await list(page).evaluate((element) => element.scrollTop)).toBe(44 * 5_000 + 7);
    expect(await row.boundingBox()).toEqual(before);
  });

  it('says that nothing was synced yet, until something is', async () => {
    await using window = await open({ total: 0 });
    const { page } = window;
    await page.getByText('Nothing has been synced yet').waitFor();
    await page.evaluate(() => globalThis.log.push(30));
    await expect.poll(() => lastRow(page).textContent()).toContain('line 29');
    expect(await isAtEnd(page)).toBe(true);
  });

  it('stands still while it is paused', async () => {
    await using window = await open();
    const { page } = window;
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.evaluate(() => globalThis.log.push(12));
    await page.getByRole('button', { name: 'Resume · 12 new' }).waitFor();
    await expect.poll(() => lastRow(page).textContent()).toContain('line 99');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('option', { name: / line 111/ }).waitFor();
    expect(await isAtEnd(page)).toBe(true);
  });

  it('filters by mission, direction and level, and exports what is filtered', async () => {
    await using window = await open({ total: 300, missionId: 'm1' });
    const { page } = window;
    await page.getByText('100 of 300 lines').waitFor();
    await page.getByRole('radio', { name: 'Up' }).click();
    await page.getByText('50 of 300 lines').waitFor();
    await page.getByRole('searchbox').fill('line 1');
    await page.getByRole('button', { name: 'Export…' }).click();
    await page.getByText('1,234 lines exported').waitFor();
    const calls = (await window.calls()).filter(([name]) => name === 'exportLog');
    expect(calls).toEqual([
      ['exportLog', { missionId: 'm1', direction: 'up', level: null, search: 'line 1' }],
    ]);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('radio', { name: 'All' }).click();
    await page.getByRole('button', { name: 'Attention' }).click();
    await page.getByText('2 of 300 lines').waitFor();
    await page.getByRole('button', { name: /Mission/ }).click();
    await page.getByRole('option', { name: 'All missions' }).click();
    await page.getByText('6 of 300 lines').waitFor();
  });

  it('is read by keys, and its lines can be copied', async () => {
    await using window = await open();
    const { page } = window;
    await expect.poll(() => lastRow(page).textContent()).toContain('line 99');
    await list(page).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    const active = await list(page).getAttribute('aria-activedescendant');
    expect(active).toBe('log-line-98');
    const details = page.getByRole('region', { name: 'Selected line' });
    await expect.poll(() => details.textContent()).toContain('2026-11-24T14:04:58.000Z');
    await expect.poll(() => details.textContent()).toContain('ab12'.repeat(16));
    const copied = await page.evaluateHandle(() => {
      const taken: { text?: string | undefined } = {};
      document.addEventListener('copy', ({ clipboardData }) => {
        taken.text = clipboardData?.getData('text/plain');
      });
      return taken;
    });
    await page.keyboard.press('Control+c');
    await expect
      .poll(() => copied.evaluate(({ text }) => text))
      .toBe(`2026-11-24T14:04:58.000Z  ↓  mission 2  line 98  ${'ab12'.repeat(16)}  12 ms`);
    await page.keyboard.press('PageUp');
    expect(await list(page).getAttribute('aria-activedescendant')).not.toBe(active);
    await page.keyboard.press('Escape');
    expect(await details.count()).toBe(0);
  });

  it('tells how many lines came, not each, and closes the log behind it', async () => {
    await using window = await open();
    const { page } = window;
    await lastRow(page).waitFor();
    await page.evaluate(() => globalThis.log.push(2));
    const told = page.locator('[data-announcement]');
    await expect.poll(() => told.textContent()).toBe('2 new lines');
    await page.evaluate(() => globalThis.log.push(1));
    await expect.poll(() => told.textContent()).toBe('2 new lines');
    await page.clock.setFixedTime(NOW + 6_000);
    await page.evaluate(() => globalThis.log.push(4));
    await expect.poll(() => told.textContent()).toBe('5 new lines');
    await page.getByRole('tab', { name: 'Missions' }).click();
    await expect.poll(async () => (await window.calls()).at(-1)?.[0]).toBe('closeLog');
  });
});

async function isAtEnd(page: Page): Promise<boolean> {
  return list(page).evaluate(
    ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2,
  );
}
