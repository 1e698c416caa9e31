import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { connectPages, type TestPages } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';
import { ALERTS, mission, SEVEN, server, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

/** A state with a part that no view can take, as after a defect. */
function withBroken(change: object): AppState {
  const [first = mission('x'), ...others] = SEVEN;
  return withSnapshot({ missions: [{ ...first, ...change }, ...others] });
}

it('one mission that cannot be shown leaves the rest of the window, and comes back once it can', async () => {
  const view = await pages.open(withBroken({ repo: 42 }));
  await view.page.getByText('This mission cannot be shown').waitFor();
  await view.page.getByText('docs sweep').waitFor();
  await view.page.getByRole('button', { name: 'Force resync' }).waitFor();
  await view.push(scenarios.seven);
  await view.page.getByText('fix login').waitFor();
  expect(await view.page.getByText('cannot be shown').count()).toBe(0);
  await view.close();
});

it('a view that cannot be shown says so, offers to reload, and leaves the other places', async () => {
  const view = await pages.open(withBroken({ servers: null }));
  const reload = view.page.getByRole('button', { name: 'Reload window' });
  await reload.first().waitFor();
  await view.page.getByRole('tab', { name: 'Log' }).click();
  await view.page.getByText('Nothing has been synced yet').waitFor();
  await view.page.evaluate(() => Object.assign(window, { before: true }));
  await view.page.getByRole('button', { name: 'Reload window' }).first().click();
  await expect
    .poll(() => view.page.evaluate(() => 'before' in window).catch(() => true))
    .toBe(false);
  await view.close();
});

it('a mission with 10,000 servers neither blanks nor fills the window', async () => {
  const servers = Array.from({ length: 10_000 }, (_, at) =>
    server('same', { key: `same|${String(at).padStart(16, '0')}`, expiresAt: 8.65e15 }),
  );
  const hostile = mission('hostile', { name: 'hostile', servers });
  const view = await pages.open(
    withSnapshot({ missions: [hostile, ...SEVEN], alerts: [ALERTS.hostile] }),
  );
  await view.page.getByRole('tab', { name: 'Servers' }).click();
  await view.page.getByText('more servers that few have cannot be shown').waitFor();
  await view.send('navigate', { place: 'missions', missionId: null, alertId: null });
  await view.page
    .getByRole('row', { name: /hostile/ })
    .first()
    .dblclick();
  await view.page.getByText('9800 more servers').waitFor();
  expect(view.complaints).toEqual([]);
  expect(await view.page.getByText('cannot be shown, by a defect').count()).toBe(0);
  await view.close();
});

it('hundreds of alerts leave the window quick, with the gravest first', async () => {
  const flood = Array.from({ length: 500 }, (_, at) => ({
    ...ALERTS.tampering,
    id: `tampering-${at}`,
  }));
  const view = await pages.open(withSnapshot({ alerts: [ALERTS.hostile, ...flood] }));
  await view.page.getByText('499 more').click();
  const region = view.page.getByRole('region', { name: 'Alerts' });
  await region.getByText('451 more; the log has all.').waitFor();
  expect(await region.getByRole('heading').count()).toBe(50);
  await expect.poll(() => region.getByRole('heading').first().textContent()).toContain('tampered');
  await view.close();
});
