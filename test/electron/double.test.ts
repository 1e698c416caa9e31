/** The stand-in for Electron by itself, with a small app of its own. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { isStandIn, type LaunchedApp, launchApp } from './support/launch.ts';

const SMALL = { main: 'test/electron/fixtures/smallApp' };

/** What the small app's preload script exposes. */
interface Small {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  send(channel: string, ...args: unknown[]): void;
  twice(callback: (n: number) => number): number;
  fails(): void;
  readonly nested: { readonly missing: string };
}
declare global {
  interface Window {
    readonly small: Small;
    readonly smallStates: string[];
  }
}

describe.runIf(isStandIn)('the stand-in for Electron', () => {
  let app: LaunchedApp;
  let page: Page;
  beforeAll(async () => {
    app = await launchApp(SMALL);
    page = await app.firstWindow();
  });
  afterAll(() => app.close());

  const said = (text: string): Promise<void> =>
    until(
      () => `"${text}" in:\n${app.output()}`,
      () => app.output().includes(text),
    );
  const forgetting = async (work: () => Promise<unknown>): Promise<string> => {
    const before = app.output().length;
    await work();
    return app.output().slice(before);
  };
  const invoke = (channel: string, ...args: unknown[]): Promise<unknown> =>
    page.evaluate(([name, rest]) => window.small.invoke(name, ...rest), [channel, args] as const);

  describe('the module', () => {
    test('is one, however it is loaded, and throws at what it lacks', async () => {
      await said('same module true');
      const lacks = app.evaluate((electron) => electron.app.isInApplicationsFolder());
      await expect(lacks).rejects.toThrow('app.isInApplicationsFolder is not implemented');
      await expect(app.evaluate((electron) => electron.safeStorage)).rejects.toThrow(
        'electron.safeStorage is not implemented',
      );
      await expect(
        app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setShape([])),
      ).rejects.toThrow('BrowserWindow.setShape is not implemented');
    });

    test('gives the same objects as Electron does', async () => {
      const same = await app.evaluate(({ BrowserWindow, webContents, app: own }) => {
        const [window] = BrowserWindow.getAllWindows();
        return [
          window instanceof BrowserWindow,
          window?.webContents === webContents.getAllWebContents()[0],
          window && BrowserWindow.fromWebContents(window.webContents) === window,
          own.on('ready', () => undefined) === own,
          [own.getName(), own.getVersion(), own.isPackaged],
        ];
      });
      expect(same).toEqual([true, true, true, true, ['small-app', '1.2.3', false]]);
    });

    test('refuses what comes too late, twice or of the wrong kind', async () => {
      const late = app.evaluate(({ protocol }) => protocol.registerSchemesAsPrivileged([]));
      await expect(late).rejects.toThrow('should be called before app is ready');
      const twice = app.evaluate(({ ipcMain }) => ipcMain.handle('add', () => 1));
      await expect(twice).rejects.toThrow("register a second handler for 'add'");
      const weak = app.evaluate(
        ({ BrowserWindow }) => void new BrowserWindow({ webPreferences: { sandbox: false } }),
      );
      await expect(weak).rejects.toThrow('weakened webPreferences: sandbox');
    });
  });

  describe('IPC', () => {
    test('carries arguments and results as structured clones', async () => {
      expect(await invoke('add', 1, 2)).toBe(3);
      const kinds = await page.evaluate(async () => {
        const value = { when: new Date(5), map: new Map([[1, 'a']]), bytes: new Uint8Array([7]) };
        const back = (await window.small.invoke('kinds', value)) as typeof value & {
          none: unknown;
          minus: number;
          big: bigint;
        };
        return [
          back.when.getTime(),
          back.map.get(1),
          back.bytes[0],
          'none' in back,
          Object.is(back.minus, -0),
          String(back.big),
        ];
      });
      expect(kinds).toEqual([5, 'a', 7, true, true, '10']);
      await said('kinds true true 1');
    });

    test('fails in the words of Electron', async () => {
      await expect(invoke('add', 'x')).rejects.toThrow(
        "Error invoking remote method 'add': TypeError: a is no number",
      );
      await expect(invoke('nobody')).rejects.toThrow("No handler registered for 'nobody'");
      await expect(invoke('function')).rejects.toThrow('An object could not be cloned.');
      const given = page.evaluate(() => window.small.invoke('add', () => 1));
      await expect(given).rejects.toThrow('An object could not be cloned.');
    });

    test('goes both ways without an answer, too', async () => {
      await page.evaluate(() => window.small.send('said', 'to main'));
      await said('said to main');
      await app.clickMenu('Push');
      await until('the push is shown', async () =>
        (await page.locator('#pushed').innerText()).includes('hi 7'),
      );
    });

    test('tells a false sender from the page', async () => {
      const refused = { ok: false, error: 'Error: Refused.' };
      const ask = (from: Parameters<LaunchedApp['invokeFrom']>[0]) =>
        app.invokeFrom(from, 'add', 1, 2);
      expect(await ask({})).toEqual({ ok: true, value: 3 });
      expect(await ask({ url: 'https://evil.example/' })).toEqual(refused);
      expect(await ask({ frame: 'child' })).toEqual(refused);
      expect(await ask({ frame: 'gone' })).toEqual(refused);
      expect(await ask({ sender: 'stranger', url: 'small://else/index.html' })).toEqual(refused);
      expect(await invoke('add', 1, 2)).toBe(3);
    });
  });

  describe('the page', () => {
    test('is served by the scheme’s handler, and its policy holds', async () => {
      expect(await page.title()).toBe('Small app');
      expect(await page.evaluate(() => ({ ...document.documentElement.dataset }))).toEqual({
        module: 'ran',
      });
      const urls = await app.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        return [contents?.getURL(), contents?.mainFrame.url, contents?.mainFrame.origin];
      });
      expect(urls).toEqual(['small://app/index.html', 'small://app/index.html', 'small://app']);
    });

    test('has no way to main but what the preload script exposes', async () => {
      const seen = await page.evaluate(() => {
        const everything = window as unknown as Record<string, unknown>;
        return {
          node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in everything),
          ours: Object.getOwnPropertyNames(window).filter((name) => /electron|stand/i.test(name)),
          frozen: Object.isFrozen(window.small) && Object.isFrozen(window.small.nested),
          names: Object.keys(window.small).join(),
          preloadHas: window.small.nested.missing,
        };
      });
      expect(seen).toEqual({
        node: [],
        ours: [],
        frozen: true,
        names: 'invoke,send,onPush,twice,fails,nested',
        preloadHas: 'module not found: node:fs',
      });
    });

    test('calls over the bridge and back in one go', async () => {
      expect(await page.evaluate(() => window.small.twice((n) => n * 21))).toBe(42);
      await expect(page.evaluate(() => window.small.fails())).rejects.toThrow('as it should');
    });

    test('reaches no network', async () => {
      const failed = await page.evaluate(() =>
        fetch('https://out.example/secret').then(String, (error: Error) => error.name),
      );
      expect(failed).toBe('TypeError');
      expect(await app.calls('network')).toEqual([['network', 'https://out.example/secret']]);
      // Its scheme was not registered for `fetch`.
      const own = page.evaluate(() => fetch('small://app/page.js').then(String));
      await expect(own).rejects.toThrow('Failed to fetch');
    });

    test('neither goes elsewhere nor opens windows', async () => {
      await page.getByRole('link', { name: 'Away' }).click();
      await said('will-navigate https://away.example/ https://away.example/ true');
      expect(await page.title()).toBe('Small app');
      await page.getByRole('link', { name: 'Window' }).click();
      expect(await page.evaluate(() => window.open('https://pop.example/'))).toBeNull();
      await until('both are denied', async () => (await app.calls('window.open')).length === 2);
      expect(await app.calls('window.open')).toEqual([
        ['window.open', 'https://window.example/', 'deny'],
        ['window.open', 'https://pop.example/', 'deny'],
      ]);
      expect((await app.calls('network')).map(([, url]) => url)).not.toContain(
        'https://pop.example/',
      );
      expect(await app.attachWebview('https://evil.example/')).toBe(true);
      expect(await app.askPermission('geolocation')).toBe(false);
    });

    test('follows the system’s looks', async () => {
      const looks = (): Promise<boolean[]> =>
        page.evaluate(() =>
          ['color-scheme: dark', 'contrast: more', 'reduced-motion: reduce'].map(
            (query) => matchMedia(`(prefers-${query})`).matches,
          ),
        );
      expect(await looks()).toEqual([false, false, false]);
      await app.setTheme({ dark: true, moreContrast: true, reducedMotion: true });
      expect(await looks()).toEqual([true, true, true]);
      const dark = await app.evaluate(({ nativeTheme }) => nativeTheme.shouldUseDarkColors);
      expect(dark).toBe(true);
      await app.setTheme({ dark: false, moreContrast: false, reducedMotion: false });
    });
  });

  describe('the user', () => {
    test('clicks the icon: the window and its page are hidden, and shown again', async () => {
      await app.clickTray();
      await until('hidden', () => page.evaluate(() => document.hidden));
      expect((await app.windowStates())[0]?.visible).toBe(false);
      await app.clickTray();
      await until('visible', () => page.evaluate(() => document.visibilityState === 'visible'));
      expect(await page.evaluate(() => window.smallStates)).toEqual(['hidden', 'visible']);
    });

    test('presses keys: main hears of them, and can keep one from the page', async () => {
      const field = page.getByLabel('Name');
      await field.focus();
      expect(await app.pressKey('a')).toBe(true);
      await expect.poll(() => field.inputValue()).toBe('a');
      await page.evaluate(() => {
        window.addEventListener('keydown', (event) => window.smallStates.push(event.key));
      });
      const heard = await forgetting(() => app.pressKey('Enter'));
      expect(heard).toBe('key keyDown Enter\n');
      expect(await page.evaluate(() => window.smallStates.at(-1))).not.toBe('Enter');
      await page.keyboard.press('Escape');
      await until('hidden', async () => (await app.windowStates())[0]?.visible === false);
      await app.clickTray();
    });

    test('chooses in menus', async () => {
      const { menu } = await app.tray();
      expect(menu?.map(({ label }) => label)).toEqual(['Push', 'More', 'Notify', 'Quit']);
      await app.clickMenu(['More', 'Checked']);
      await said('is true');
      await expect(app.clickMenu(['More', 'Off'])).rejects.toThrow('"Off" is disabled');
      await expect(app.clickMenu('Nothing')).rejects.toThrow('no item "Nothing"');
    });

    test('answers dialogs, or cancels them', async () => {
      expect(await invoke('choose')).toEqual({ canceled: true, filePaths: [] });
      await app.answerDialog({ filePaths: ['/tmp/x'] });
      expect(await invoke('choose')).toEqual({ canceled: false, filePaths: ['/tmp/x'] });
      expect(await app.calls('dialog.showOpenDialog')).toHaveLength(2);
    });

    test('clicks a notification', async () => {
      await app.clickMenu('Notify');
      expect(await app.notifications()).toMatchObject([{ title: 'Hello', body: 'World' }]);
      await app.clickNotification();
      await said('notification clicked');
    });

    test('looks at something else', async () => {
      await app.focusWindow();
      await until('focused', async () => (await app.windowStates())[0]?.focused === true);
      await app.blurWindow();
      await said('window blur');
    });

    test('starts the app a second time', async () => {
      const second = await launchApp({ ...SMALL, userData: app.userData, args: ['--again'] });
      expect(await second.exited).toBe(0);
      expect(second.output()).toContain('not the first');
      expect(second.output()).not.toContain('loaded');
      await said(`second instance ["--again","${second.home}",{"note":"second"}]`);
      await second.close();
    });
  });

  test('a page that crashes is told of, and a reload brings it back', async () => {
    const gone = app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      return new Promise((resolve) =>
        contents?.once('render-process-gone', (_event, { reason }) => resolve(reason)),
      );
    });
    await app.crashWindow();
    expect(await gone).toBe('crashed');
    await app.reloadWindow();
    await until('a page that works', async () => {
      page = await app.firstWindow();
      return (await invoke('add', 2, 2)) === 4;
    });
  });

  test('nothing went wrong unseen', async () => {
    const errors = (await app.calls()).filter(([what]) => /error/.test(what));
    expect(errors).toEqual([]);
  });
});

describe.runIf(isStandIn)('the end of an app under the stand-in', () => {
  const order = (app: LaunchedApp): string[] =>
    app.output().match(/^(before-quit|will-quit|quit|window closed|all closed)$/gm) ?? [];
  const quit = (app: LaunchedApp): Promise<unknown> =>
    app.evaluate(({ app: own }) => void setTimeout(() => own.quit()));

  test('comes in Electron’s order', async () => {
    const app = await launchApp(SMALL);
    await app.firstWindow();
    await app.clickMenu('Quit').catch(() => undefined);
    expect(await app.exited).toBe(0);
    expect(order(app)).toEqual(['before-quit', 'window closed', 'will-quit', 'quit']);
    await app.close();
  });

  test('is no failure of the page that was still loading', async () => {
    const app = await launchApp({ ...SMALL, env: { SMALL_QUITS: 'loading' } });
    expect(await app.exited).toBe(0);
    expect(order(app)).toEqual(['before-quit', 'window closed', 'will-quit', 'quit']);
    await app.close();
  });

  test.each([
    ['before', 'before-quit', ['before-quit', 'before-quit', 'window closed', 'will-quit', 'quit']],
    [
      'after',
      'will-quit',
      ['before-quit', 'window closed', 'will-quit', 'before-quit', 'will-quit', 'quit'],
    ],
  ])('can be put off %s the windows are closed', async (_when, event, expected) => {
    const app = await launchApp({ ...SMALL, env: { SMALL_REFUSALS: '1', SMALL_REFUSES: event } });
    await app.firstWindow();
    await quit(app);
    await until('it refuses', () => order(app).includes(event));
    await quit(app);
    expect(await app.exited).toBe(0);
    expect(order(app)).toEqual(expected);
    await app.close();
  });

  test('by a signal is a quit', async () => {
    const app = await launchApp(SMALL);
    await app.firstWindow();
    process.kill(app.pid, 'SIGTERM');
    expect(await app.exited).toBe(0);
    expect(order(app)).toContain('will-quit');
    await app.close();
  });

  test('by force takes Chromium along, and leaves no folder', async () => {
    const app = await launchApp(SMALL);
    const page = await app.firstWindow();
    const gone = new Promise((resolve) => page.context().browser()?.once('disconnected', resolve));
    process.kill(app.pid, 'SIGKILL');
    await gone;
    await app.close();
    expect(existsSync(dirname(app.home))).toBe(false);
  });
});
