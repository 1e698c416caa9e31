import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { RUNS, scenarios } from './support/scenarios.ts';
import { withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

const AT = '2026-11-24T14:01:02.000Z';
const notes = [{ at: AT, text: 'Claude started.' }];

/** Opens the page of the headless run. */
async function openPage(output: string | null, said: typeof notes): Promise<TestWindow> {
  const view = await pages.open(scenarios.runs);
  await view.answer('readOutput', { ok: true, value: { output, notes: said } });
  await view.page.getByText('nightly audit').click();
  await view.page.getByRole('region', { name: 'nightly audit' }).waitFor();
  return view;
}

const printed = ({ page }: TestWindow) => page.getByRole('region', { name: 'What Claude printed' });
const say = (view: TestWindow, output: string | null, missionId = 'headless') =>
  view.send('output', { missionId, output, notes: [] });

describe('a mission’s page', () => {
  it('shows how it stands, its servers and its facts', async () => {
    const view = await openPage(null, []);
    const page = view.page.getByRole('region', { name: 'nightly audit' });
    const text = await page.textContent();
    for (const words of ['headless, 3 min', 'linear', '38 min', 'missions/headless', 'Last sync']) {
      expect(text).toContain(words);
    }
    await page.getByText('Nothing yet.').waitFor();
    await view.push(
      withSnapshot({
        missions: RUNS.map((one) => (one.id === 'headless' ? { ...one, servers: [] } : one)),
      }),
    );
    await page.getByText('No server is signed in to here.').waitFor();
    await view.close();
  });

  it('does what applies, and only that', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('stopMission', null);
    await view.page.getByText('docs sweep').click();
    await view.page.getByRole('button', { name: 'Restart when idle' }).click();
    await view.page.getByRole('button', { name: 'Stop' }).click();
    await view.page.getByText('stopping…').waitFor();
    expect(await view.page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    await view.page.getByRole('button', { name: 'Show log' }).click();
    expect((await view.calls()).filter(([name]) => name !== 'readLog')).toEqual([
      ['readOutput', { missionId: 'idle' }],
      ['restartMission', { missionId: 'idle', mode: 'graceful' }],
      ['stopMission', { missionId: 'idle' }],
      ['closeOutput', {}],
    ]);
    await view.close();
  });

  it('gives way to the list when the mission is gone', async () => {
    const view = await openPage('a', []);
    await view.push(withSnapshot({ missions: RUNS.filter(({ id }) => id !== 'headless') }));
    await view.page.getByRole('grid', { name: 'Missions' }).waitFor();
    await expect.poll(() => view.calls()).toContainEqual(['closeOutput', {}]);
    await view.close();
  });
});

describe('the output', () => {
  it('is read at the opening, followed, and closed at the leaving', async () => {
    const view = await openPage('one\n', notes);
    await printed(view).getByText('one').waitFor();
    await say(view, 'two\n');
    await say(view, 'of another mission', 'idle');
    await expect.poll(() => printed(view).textContent()).toBe('one\ntwo\n');
    await view.page.getByRole('tab', { name: 'Notes' }).click();
    await view.send('output', {
      missionId: 'headless',
      output: null,
      notes: [{ at: AT, text: 'Claude ended.' }],
    });
    const items = view.page
      .getByRole('region', { name: 'What its wrapper noted' })
      .getByRole('listitem');
    await expect
      .poll(() => items.allTextContents())
      .toEqual(['15:01:02Claude started.', '15:01:02Claude ended.']);
    await view.page.getByRole('button', { name: 'Back to missions' }).click();
    await view.page.getByRole('grid', { name: 'Missions' }).waitFor();
    expect(await view.calls()).toEqual([
      ['readOutput', { missionId: 'headless' }],
      ['closeOutput', {}],
    ]);
    await view.close();
  });

  it('is text and nothing else', async () => {
    const html = '<img src=x onerror="document.title=1"> <b>&amp;</b>';
    const view = await openPage(`\x1b[31m${html}\x1b[0m`, [{ at: AT, text: html }]);
    await expect.poll(() => printed(view).textContent()).toBe(html);
    await view.page.getByRole('tab', { name: 'Notes' }).click();
    await view.page.getByText(html).waitFor();
    expect(await view.page.title()).toBe('AgenC Bar');
    expect(await view.page.locator('img').count()).toBe(0);
    expect(view.complaints).toEqual([]);
    await view.close();
  });

  it('stays at its end until one scrolls up, and comes back on demand', async () => {
    const lines = (from: number): string =>
      Array.from({ length: 60 }, (_, at) => `line ${from + at}\n`).join('');
    const view = await openPage(lines(0), []);
    const below = () =>
      printed(view).evaluate((box) =>
        Math.round(box.scrollHeight - box.clientHeight - box.scrollTop),
      );
    await expect.poll(below).toBeLessThanOrEqual(1);
    await say(view, lines(60));
    await expect.poll(() => printed(view).textContent()).toContain('line 119');
    await expect.poll(below).toBeLessThanOrEqual(1);
    await printed(view).hover();
    await view.page.mouse.wheel(0, -400);
    const newest = view.page.getByRole('button', { name: 'Newest' });
    await newest.waitFor();
    const top = await printed(view).evaluate((box) => box.scrollTop);
    await say(view, 'more\n');
    await expect.poll(() => printed(view).textContent()).toContain('more');
    expect(await printed(view).evaluate((box) => box.scrollTop)).toBe(top);
    await newest.click();
    await newest.waitFor({ state: 'detached' });
    await expect.poll(below).toBeLessThanOrEqual(1);
    await view.close();
  });

  it('is not followed while the window is hidden, and read again when it is seen', async () => {
    const view = await openPage('before', []);
    await printed(view).getByText('before').waitFor();
    const show = (visibility: 'hidden' | 'visible') =>
      view.page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, visibility);
    await show('hidden');
    expect(await view.page.evaluate(() => globalThis.fakeBridge.intervals.size)).toBe(0);
    await view.answer('readOutput', { ok: true, value: { output: 'after', notes: [] } });
    await show('visible');
    await printed(view).getByText('after').waitFor();
    const { length } = (await view.calls()).filter(([name]) => name === 'readOutput');
    expect(length).toBe(2);
    await view.close();
  });

  it('says in main’s words why it cannot be read', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('readOutput', { ok: false, message: 'claude-output.log cannot be read.' });
    await view.page.getByText('nightly audit').click();
    await view.page.getByText('claude-output.log cannot be read.').waitFor();
    await view.close();
  });
});
