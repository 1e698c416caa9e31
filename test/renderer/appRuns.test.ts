import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { RUNS, scenarios } from './support/scenarios.ts';
import { mission, NOW, run, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

const row = ({ page }: TestWindow, id: string) => page.locator(`[role=row][data-key="${id}"]`);

async function choose(view: TestWindow, name: string, action: string): Promise<void> {
  await view.page.getByRole('button', { name: `Actions for ${name}` }).click();
  await view.page.getByRole('menuitem', { name: action }).click();
}

describe('a row', () => {
  it('tells what its run does, with the time that a headless one has taken', async () => {
    const view = await pages.open(scenarios.runs);
    for (const [id, words] of [
      ['asks', 'needs you'],
      ['headless', 'headless, 3 min'],
      ['failed', 'ended with exit code 1'],
    ] as const) {
      await expect.poll(() => row(view, id).textContent()).toContain(words);
    }
    await view.page.clock.setFixedTime(NOW + 2 * 60_000);
    await expect.poll(() => row(view, 'headless').textContent()).toContain('headless, 5 min');
    await view.close();
  });

  it('is as high whatever its run does', async () => {
    const view = await pages.open(scenarios.runs);
    const heights = await view.page
      .locator('[role=row][data-key]')
      .evaluateAll((rows) => rows.map((one) => Math.floor(one.getBoundingClientRect().height)));
    expect(heights).toHaveLength(RUNS.length);
    // The last of a group has a border below as well.
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(1);
    await view.close();
  });

  it('launches with one press, however often it is pressed', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('launch', null);
    const button = view.page.getByRole('button', { name: 'Launch release notes' });
    await button.click();
    await row(view, 'stopped').getByText('opening…').waitFor();
    await button.click({ force: true });
    expect(await view.calls()).toEqual([['launch', { missionId: 'stopped', resume: false }]]);
    await view.close();
  });

  it('tells politely where it was opened, and that goes by itself', async () => {
    const view = await pages.open(scenarios.runs);
    await view.page.getByRole('button', { name: 'Launch release notes' }).click();
    const told = view.page.getByRole('status').filter({ hasText: 'Opened in kitty.' });
    await told.waitFor();
    await view.page.clock.setFixedTime(NOW + 10_000);
    await told.waitFor({ state: 'detached' });
    await view.close();
  });

  it('says in main’s words why it was not launched, and that stays', async () => {
    const view = await pages.open(scenarios.runs);
    const message = 'claude was not found on your PATH. Choose it in the settings.';
    await view.answer('launch', { ok: false, message });
    await view.page.getByRole('button', { name: 'Launch release notes' }).click();
    await view.page.getByText(message).waitFor();
    await row(view, 'stopped').getByText('stopped').waitFor();
    await view.page.clock.setFixedTime(NOW + 60_000);
    await view.page.getByRole('button', { name: 'Dismiss' }).click();
    await view.page.getByText(message).waitFor({ state: 'detached' });
    await view.close();
  });

  it('with the id of a group hangs nothing', async () => {
    const ids = ['running', 'stopped', 'attached'];
    const view = await pages.open(withSnapshot({ missions: ids.map((id) => mission(id)) }));
    expect(await view.page.locator('[role=row][data-key]').count()).toBe(3);
    await view.close();
  });
});

describe('a mission’s menu', () => {
  it.each([
    ['release notes', 'Resume conversation', ['launch', { missionId: 'stopped', resume: true }]],
    ['docs sweep', 'Stop', ['stopMission', { missionId: 'idle' }]],
    [
      'docs sweep',
      'Restart when idle',
      ['restartMission', { missionId: 'idle', mode: 'graceful' }],
    ],
    ['docs sweep', 'Restart now', ['restartMission', { missionId: 'idle', mode: 'hard' }]],
    ['flaky tests', 'Restart now', ['restartMission', { missionId: 'pending', mode: 'hard' }]],
    ['by the agenc command', 'Stop', ['stopMission', { missionId: 'foreign' }]],
  ])('of “%s” has “%s”', async (name, action, call) => {
    const view = await pages.open(scenarios.runs);
    await choose(view, name, action);
    expect(await view.calls()).toEqual([call]);
    await view.close();
  });

  it('is never longer than the window', async () => {
    const view = await pages.open(scenarios.runs, { width: 340, height: 260 });
    await view.page.getByRole('button', { name: 'Actions for fix login' }).click();
    const box = await view.page.getByRole('menu').locator('..').boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 1_000)).toBeLessThanOrEqual(260);
    await view.page.keyboard.press('End');
    await expect
      .poll(() => view.page.evaluate(() => document.activeElement?.textContent))
      .toBe('Remove…');
    await view.close();
  });

  it('shows that it stops until main has answered', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('stopMission', null);
    await choose(view, 'docs sweep', 'Stop');
    await row(view, 'idle').getByText('stopping…').waitFor();
    await view.close();
  });
});

describe('a headless run', () => {
  it('asks for its prompt, and keeps it when main refuses', async () => {
    const view = await pages.open(scenarios.runs);
    await choose(view, 'release notes', 'Run headless…');
    const dialog = view.page.getByRole('dialog', { name: 'Run “release notes” headless' });
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('A headless run needs a prompt.').waitFor();
    expect(await view.calls()).toEqual([]);
    const prompt = 'write <b>them</b>\n$(rm -rf ~)';
    await dialog.getByRole('textbox', { name: 'Prompt' }).fill(prompt);
    await dialog.getByText('Go on with the last conversation').click();
    await view.answer('runHeadless', { ok: false, message: 'It runs already.' });
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.getByText('It runs already.').waitFor();
    await view.answer('runHeadless', { ok: true, value: {} });
    await dialog.getByRole('button', { name: 'Run' }).click();
    await dialog.waitFor({ state: 'detached' });
    const call = ['runHeadless', { missionId: 'stopped', prompt, resume: true }];
    expect(await view.calls()).toEqual([call, call]);
    await view.close();
  });
});

describe('a removal', () => {
  const dialog = ({ page }: TestWindow) => page.getByRole('alertdialog');

  it('cannot be confirmed before it is known what would be lost', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('lostWork', null);
    await choose(view, 'docs sweep', 'Remove…');
    await dialog(view).getByText('Looking what would be lost…').waitFor();
    const button = dialog(view).getByRole('button', { name: 'Remove' });
    await expect.poll(() => button.isDisabled()).toBe(true);
    await view.close();
  });

  it('says what would be lost, and that a running Claude is stopped first', async () => {
    const view = await pages.open(scenarios.runs);
    const lines = ['2 commits that no remote has', '1 <i>stash</i>'];
    await view.answer('lostWork', { ok: true, value: { lines, unknown: 'git is gone.' } });
    await choose(view, 'docs sweep', 'Remove…');
    await dialog(view).getByText('2 commits').waitFor();
    expect(await dialog(view).getByRole('listitem').allTextContents()).toEqual([
      ...lines,
      'could not be found out: git is gone.',
    ]);
    const text = await dialog(view).textContent();
    expect(text).toContain('Its Claude is stopped first.');
    expect(text).toContain('sign-ins are carried up');
    await view.answer('removeMission', null);
    await dialog(view).getByRole('button', { name: 'Remove' }).click();
    await dialog(view).waitFor({ state: 'detached' });
    await row(view, 'idle').getByText('removing…').waitFor();
    await view.close();
  });

  it('takes what cannot be asked for something, and tells at the bottom what failed', async () => {
    const view = await pages.open(scenarios.runs);
    await view.answer('lostWork', { ok: false, message: 'The folder is locked.' });
    await view.answer('removeMission', { ok: false, message: 'It could not be deleted.' });
    await choose(view, 'release notes', 'Remove…');
    await dialog(view).getByText('could not be found out: The folder is locked.').waitFor();
    expect(await dialog(view).textContent()).not.toContain('stopped first');
    await dialog(view).getByRole('button', { name: 'Remove' }).click();
    await view.page.getByText('It could not be deleted.').waitFor();
    await row(view, 'stopped').getByText('stopped').waitFor();
    await view.close();
  });
});

describe('a run’s end', () => {
  it('leaves the focus on the mission wherever its row goes', async () => {
    const view = await pages.open(scenarios.runs);
    await row(view, 'stopped').focus();
    await view.push(
      withSnapshot({
        missions: RUNS.map((one) =>
          one.id === 'stopped' ? { ...one, state: 'running' as const, run: run() } : one,
        ),
      }),
    );
    await row(view, 'stopped').getByText('idle').waitFor();
    await expect
      .poll(() => view.page.evaluate(() => document.activeElement?.getAttribute('data-key')))
      .toBe('stopped');
    await view.close();
  });
});
