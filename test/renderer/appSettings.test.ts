import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { scenarios } from './support/scenarios.ts';
import { appState } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

async function openSettings(state: AppState): Promise<TestWindow> {
  const view = await pages.open(state);
  await view.page.getByRole('tab', { name: 'Settings' }).click();
  return view;
}

const values = appState().settings.values;
const withValues = (change: Partial<typeof values>): AppState =>
  appState({ settings: { ...appState().settings, values: { ...values, ...change } } });

describe('settings', () => {
  it.each([
    ['Carry Claude’s own login too', ['changeSetting', { syncClaudeLogin: true }]],
    ['One refresh at a time', ['changeSetting', { refreshFence: false }]],
    ['Renew sign-ins ahead of time', ['changeSetting', { refreshAhead: false }]],
    ['Launch at login', ['changeSetting', { launchAtLogin: true }]],
    ['Notifications', ['changeSetting', { notifications: false }]],
    ['Pause syncing', ['pause', { paused: true }]],
  ])('“%s” is asked for, and shown once main says so', async (name, call) => {
    const view = await openSettings(appState());
    const toggle = view.page.getByRole('switch', { name });
    const before = await toggle.isChecked();
    await view.page.locator('label', { hasText: name }).click();
    expect(await view.calls()).toEqual([call]);
    await expect.poll(() => toggle.isChecked()).toBe(before);
    await view.close();
  });

  it('show what main says', async () => {
    const view = await openSettings(appState());
    const toggle = view.page.getByRole('switch', { name: 'Notifications' });
    await expect.poll(() => toggle.isChecked()).toBe(true);
    await view.push(withValues({ notifications: false, pollIntervalMs: 45_000 }));
    await expect.poll(() => toggle.isChecked()).toBe(false);
    await view.page.getByRole('button', { name: /45 s/ }).waitFor();
    await view.close();
  });

  it.each([
    [/Credential store/, 'Files', { store: 'file' }],
    [/Check everything every/, '5 min', { pollIntervalMs: 300_000 }],
    [/Wait after broadcasts/, '500 ms', { debounceMs: 500 }],
    [/Terminal/, 'kitty', { terminal: 'kitty' }],
  ])('%s offers %s', async (name, choice, change) => {
    const view = await openSettings(appState());
    await view.page.getByRole('button', { name }).click();
    await view.page.getByRole('option', { name: choice, exact: true }).click();
    await expect.poll(() => view.calls()).toEqual([['changeSetting', change]]);
    await view.close();
  });

  it('tell beside the control what failed', async () => {
    const view = await openSettings(appState());
    const message = 'The settings file is read-only.';
    await view.answer('changeSetting', { ok: false, message });
    await view.page.getByText('Notifications', { exact: true }).click();
    const row = view.page.locator('label', { hasText: 'Notifications' });
    await expect.poll(() => row.textContent()).toContain(message);
    await view.close();
  });

  it('leave paths to the system’s dialog', async () => {
    const view = await openSettings(appState());
    await view.page.getByRole('button', { name: 'Choose claude program…' }).click();
    await view.page.getByRole('button', { name: 'Reset global config directory' }).click();
    expect(await view.calls()).toEqual([
      ['chooseSetting', { key: 'claudePath' }],
      ['resetSetting', { key: 'globalConfigDir' }],
    ]);
    await view.close();
  });

  it('tell what is wrong with the file, and who decides', async () => {
    const view = await openSettings(scenarios.badSettings);
    await view.page.getByText('must be at least 1000').waitFor();
    await view.page.getByText('AGENC_BAR_STORE decides this one.').waitFor();
    await expect
      .poll(() => view.page.getByRole('button', { name: /Credential store/ }).isDisabled())
      .toBe(true);
    await view.page.getByRole('button', { name: 'Open Login Items…' }).click();
    await view.page.getByRole('button', { name: 'Licences' }).click();
    await view.page.getByRole('button', { name: 'Open as a window' }).click();
    await view.page.getByRole('button', { name: 'Quit' }).click();
    expect(await view.calls()).toEqual([
      ['openLink', { link: 'login-items' }],
      ['openLink', { link: 'licences' }],
      ['present', { as: 'window' }],
      ['quit', {}],
    ]);
    await view.close();
  });
});

describe('the token for missions', () => {
  it('is taken from the clipboard by main, and removed after a question', async () => {
    const view = await openSettings(appState());
    await view.page.getByText('The clipboard is emptied.').waitFor();
    expect(await view.page.getByRole('button', { name: 'Remove the token…' }).count()).toBe(0);
    await view.answer('pasteToken', { ok: false, message: 'The clipboard holds no token.' });
    await view.page.getByRole('button', { name: 'Paste from clipboard' }).click();
    await view.page.getByText('The clipboard holds no token.').waitFor();
    await view.push(appState({ hasOauthToken: true }));
    await view.page.getByText('It is never shown again.').waitFor();
    await view.page.getByRole('button', { name: 'Remove the token…' }).click();
    await view.page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await view.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([
      ['pasteToken', {}],
      ['removeToken', {}],
    ]);
    await view.close();
  });
});

describe('leftovers', () => {
  const leftovers = [
    { id: '1', kind: 'keychain-item' as const, what: 'Claude Code-credentials-0a1b2c3d' },
    { id: '2', kind: 'lock' as const, what: '/home/sam/.agenc/<b>old</b>.lock' },
  ];

  it('are looked for when asked, and removed after a question', async () => {
    const view = await openSettings(appState());
    expect(await view.calls()).toEqual([]);
    await view.answer('findLeftovers', { ok: true, value: { leftovers, unknown: null } });
    await view.page.getByRole('button', { name: 'Look for leftovers' }).click();
    await view.page.getByRole('button', { name: `Remove ${leftovers[1]?.what}…` }).click();
    const dialog = view.page.getByRole('alertdialog');
    expect(await dialog.getByRole('listitem').allTextContents()).toEqual([leftovers[1]?.what]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await view.page.getByRole('button', { name: 'Remove all…' }).click();
    await view.answer('findLeftovers', { ok: true, value: { leftovers: [], unknown: null } });
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await view.page.getByText('Nothing was left behind.').waitFor();
    expect(await view.calls()).toEqual([
      ['findLeftovers', {}],
      ['removeLeftovers', { ids: ['1', '2'] }],
      ['findLeftovers', {}],
    ]);
    await view.close();
  });

  it('say why they cannot be listed', async () => {
    const view = await openSettings(appState());
    const unknown = 'the keychain is locked.';
    await view.answer('findLeftovers', { ok: true, value: { leftovers: [], unknown } });
    await view.page.getByRole('button', { name: 'Look for leftovers' }).click();
    await view.page.getByText('the keychain is locked.').waitFor();
    expect(await view.page.getByText('Nothing was left behind.').count()).toBe(0);
    await view.close();
  });
});
