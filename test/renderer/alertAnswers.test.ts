import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingsInEveryLook } from './support/axe.ts';
import { reach } from './support/keyboard.ts';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';
import { ALERTS, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

const NEW = 'https://auth.linear-app.example/oauth/token';
const OURS = 'https://mcp.linear.app/token';

const only = (kind: 'tampering' | 'replaced' | 'hostile') =>
  withSnapshot({ alerts: [ALERTS[kind]] });
const button = ({ page }: TestWindow, name: string) =>
  page.getByRole('button', { name, exact: true });
const dialog = ({ page }: TestWindow) => page.getByRole('alertdialog');

describe('a tampered sign-in', () => {
  it('is kept as the others have it with one press', async () => {
    const view = await pages.open(only('tampering'));
    await button(view, 'Keep ours').click();
    expect(await view.calls()).toEqual([
      ['resolve', { alertId: ALERTS.tampering.id, answer: 'keep' }],
    ]);
    await view.close();
  });

  it('goes to the new address only after a question that shows both addresses', async () => {
    const view = await pages.open(only('tampering'));
    await button(view, 'Accept the change…').click();
    const addresses = dialog(view).getByRole('list', { name: 'Addresses' }).getByRole('listitem');
    expect(await addresses.allTextContents()).toEqual([NEW, OURS]);
    expect(await view.calls()).toEqual([]);
    await view.answer('resolve', { ok: false, message: 'The disk is full.' });
    await dialog(view).getByRole('button', { name: 'Accept the change' }).click();
    await dialog(view).getByText('The disk is full.').waitFor();
    await view.answer('resolve', { ok: true, value: {} });
    await dialog(view).getByRole('button', { name: 'Accept the change' }).click();
    await dialog(view).waitFor({ state: 'detached' });
    const call = ['resolve', { alertId: ALERTS.tampering.id, answer: 'accept' }];
    expect(await view.calls()).toEqual([call, call]);
    await view.close();
  });

  it('is not accepted by whoever only presses Enter, or Escape', async () => {
    for (const key of ['Enter', 'Space', 'Escape']) {
      const view = await pages.open(only('tampering'));
      await reach(view, 'Tab', /^Accept the change…$/);
      await view.page.keyboard.press('Enter');
      await dialog(view).waitFor();
      await view.page.keyboard.press(key);
      await dialog(view).waitFor({ state: 'detached' });
      expect(await view.calls(), key).toEqual([]);
      await view.close();
    }
  });

  it('asks anew when the mission changes the address while the question is open', async () => {
    const view = await pages.open(only('tampering'));
    await button(view, 'Accept the change…').click();
    await dialog(view).waitFor();
    const message = ALERTS.tampering.message.replace('linear-app.example', 'thief.example');
    await view.push(withSnapshot({ alerts: [{ ...ALERTS.tampering, message }] }));
    await dialog(view).waitFor({ state: 'detached' });
    await view.page.getByText('This changed while you were asked.').waitFor();
    expect(await view.calls()).toEqual([]);
    await button(view, 'Accept the change…').click();
    await expect.poll(() => dialog(view).textContent()).toContain('auth.thief.example');
    await view.close();
  });

  it('asks anew when more vanishes while the question is open, though that reads the same', async () => {
    const wipe = { ...ALERTS.wipe, id: 'wipe-81b2de-0123456789ab' };
    const view = await pages.open(withSnapshot({ alerts: [wipe] }));
    await button(view, 'Remove everywhere…').click();
    await dialog(view).waitFor();
    await view.push(withSnapshot({ alerts: [{ ...wipe, id: 'wipe-81b2de-ba9876543210' }] }));
    await dialog(view).waitFor({ state: 'detached' });
    await view.page.getByText('This changed while you were asked.').waitFor();
    expect(await view.calls()).toEqual([]);
    await view.close();
  });

  it('fits the popover, whatever the address', async () => {
    const message = `It goes to https://${'a-very-long-label'.repeat(3)}.${'x'.repeat(60)}.example/${'path'.repeat(200)} now.`;
    const view = await pages.open(withSnapshot({ alerts: [{ ...ALERTS.tampering, message }] }), {
      width: 360,
    });
    await button(view, 'Show all').click();
    await button(view, 'Accept the change…').click();
    await dialog(view).waitFor();
    const wide = await view.page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
        .map((element) => element.outerHTML.slice(0, 120)),
    );
    expect(wide).toEqual([]);
    const styles = await view.page
      .locator('bdi', { hasText: 'a-very-long-label' })
      .first()
      .evaluate((element) => {
        const { fontFamily, unicodeBidi, direction } = getComputedStyle(element);
        return { fontFamily, unicodeBidi, direction };
      });
    expect(styles).toMatchObject({ unicodeBidi: 'isolate', direction: 'ltr' });
    expect(styles.fontFamily).toContain('monospace');
    await view.close();
  });
});

it('of a replaced sign-in the former one comes back, or the new one stays', async () => {
  for (const [label, answer] of [
    ['Use the former one', 'former'],
    ['Keep the new one', 'dismiss'],
  ] as const) {
    const view = await pages.open(only('replaced'));
    await button(view, label).click();
    expect(await view.calls()).toEqual([['resolve', { alertId: ALERTS.replaced.id, answer }]]);
    await view.close();
  }
});

describe('a hostile mission', () => {
  it('is opened, to be looked at', async () => {
    const view = await pages.open(only('hostile'));
    await button(view, 'Open mission').click();
    await view.page.getByRole('region', { name: 'flaky tests' }).waitFor();
    expect(await view.calls()).toContainEqual(['readOutput', { missionId: 'c5519e' }]);
    await view.close();
  });

  it('is stopped after a question', async () => {
    const view = await pages.open(only('hostile'));
    await button(view, 'Stop…').click();
    expect(await view.calls()).toEqual([]);
    await dialog(view).getByRole('button', { name: 'Stop' }).click();
    await dialog(view).waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([['stopMission', { missionId: 'c5519e' }]]);
    await view.close();
  });
});

it('the new alerts and their question have nothing that axe finds wrong', async () => {
  const view = await pages.open(scenarios.distrusted, { width: 360 });
  await button(view, 'Show 1 more alert').click();
  expect(await findingsInEveryLook(view.page)).toEqual([]);
  await button(view, 'Accept the change…').click();
  await dialog(view).waitFor();
  expect(await findingsInEveryLook(view.page)).toEqual([]);
  expect(view.complaints).toEqual([]);
  await view.close();
}, 60_000);

it('the log shows the addresses of an alert in full', async () => {
  const view = await pages.open(scenarios.seven);
  const line = {
    id: 1,
    at: ALERTS.tampering.at,
    level: 'warning' as const,
    direction: null,
    missionId: '3f6c1a',
    missionName: 'fix login',
    text: ALERTS.tampering.message,
    hash: null,
    durationMs: null,
  };
  await view.answer('readLog', { ok: true, value: { lines: [line], more: false } });
  await view.page.getByRole('tab', { name: 'Log' }).click();
  await view.page.getByRole('option').click();
  const details = view.page.getByRole('region', { name: 'Selected line' });
  expect(await details.locator('bdi').allTextContents()).toEqual(
    expect.arrayContaining([NEW, OURS]),
  );
  await view.close();
});
