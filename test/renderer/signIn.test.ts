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

const iso = (ms: number) => new Date(NOW + ms).toISOString();
const rejected = server('notion', { status: 'invalidated', expiresAt: 0 });
const renewed = server('linear', {
  refreshedAt: iso(-120_000),
  refreshedBy: 'good',
  nextRefreshAt: iso(28 * 60_000),
});
const missions = [
  mission('bad', { name: 'fix login', servers: [rejected, renewed, ...SERVERS.slice(2)] }),
  mission('good', { name: 'docs pass', servers: [renewed, ...SERVERS.slice(2)] }),
];
const trouble = withSnapshot({
  missions,
  global: { ...snapshot().global, servers: [rejected, renewed, ...SERVERS.slice(2)] },
});

async function servers(state: AppState): Promise<TestWindow> {
  const window = await pages.open(state, { reducedMotion: 'reduce' });
  await window.send('navigate', { place: 'servers', missionId: null, alertId: null });
  await window.page.getByRole('region', { name: 'Servers' }).waitFor();
  return window;
}

describe('signing in', () => {
  it('is offered for the server that needs it, and tells how it ended', async () => {
    const window = await servers(trouble);
    const { page } = window;
    await window.answer('signIn', {
      ok: true,
      value: { outcome: 'signed-in', reconnect: ['fix login'], warning: null },
    });
    await page.getByRole('button', { name: 'Sign in to notion…' }).click();
    await page.getByText('Type /mcp reconnect notion in fix login.').waitFor();
    expect(await window.calls()).toContainEqual(['signIn', { name: 'notion', missionId: null }]);
    await window.close();
  });

  it('to a server that missions are signed in to asks first; all of it by keyboard', async () => {
    const window = await servers(trouble);
    const { page } = window;
    await window.answer('signIn', { ok: false, message: 'No mission knows linear.' });
    await page.getByRole('gridcell', { name: /^linear everywhere/ }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('alertdialog', { name: 'Sign in to linear anew?' });
    await dialog.waitFor();
    expect(await window.calls()).not.toContainEqual(['signIn', expect.anything()]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('No mission knows linear.').waitFor();
    expect(await dialog.count()).toBe(0);
    await window.close();
  });

  it('that waits for the browser can be cancelled, and no other begins meanwhile', async () => {
    const window = await servers({ ...trouble, signingIn: 'notion' });
    const { page } = window;
    await page.getByText('Waiting for the page in your browser…').waitFor();
    await page.getByRole('button', { name: 'Cancel sign-in' }).click();
    expect(await window.calls()).toContainEqual(['cancelSignIn', {}]);
    await page.getByRole('gridcell', { name: /^linear everywhere/ }).click();
    await expect
      .poll(() => page.getByRole('button', { name: 'Cancel sign-in' }).isVisible())
      .toBe(true);
    expect(await page.getByRole('button', { name: /^Sign in to/ }).count()).toBe(0);
    await window.close();
  });

  it('is offered on a mission’s page, where that needs it', async () => {
    const window = await pages.open(trouble, { reducedMotion: 'reduce' });
    const { page } = window;
    await page
      .locator('[role=row]', { hasText: 'fix login' })
      .click({ position: { x: 60, y: 12 } });
    await window.answer('signIn', {
      ok: true,
      value: { outcome: 'cancelled', reconnect: [], warning: null },
    });
    await page.getByRole('button', { name: 'Sign in to notion…' }).click();
    expect(await window.calls()).toContainEqual(['signIn', { name: 'notion', missionId: 'bad' }]);
    await window.close();
  });

  it('has no accessibility findings in any colours', async () => {
    const window = await servers(trouble);
    expect(await findingsInEveryLook(window.page)).toEqual([]);
    await window.close();
  });
});

describe('a renewal', () => {
  it('is told with who did it, when, and when the next is due', async () => {
    const window = await servers(trouble);
    const { page } = window;
    await page.getByRole('gridcell', { name: /^linear in docs pass/ }).hover();
    await page
      .getByText(/· renewed in docs pass at 15:03; next by AgenC Bar at 15:33$/)
      .waitFor({ state: 'visible' });
    await window.close();
  });

  it('that the engine was refused for good counts as a sign-in that is needed', async () => {
    const refused = server('linear', { refreshTrouble: 'needs-sign-in' });
    const window = await servers(
      withSnapshot({ missions: [mission('a', { servers: [refused] })] }),
    );
    await window.page.getByRole('gridcell', { name: 'linear in a: needs a sign-in' }).waitFor();
    await window.close();
  });
});
