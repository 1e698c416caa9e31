import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appCommands } from '../../main/service/contract/app.ts';
import { signIn } from '../support/clientWrites.ts';
import { MARK } from '../support/fake.ts';
import { type AppWorld, ask, openAppWorld, untilConnected } from './support/appWorld.ts';
import { standInOnly } from './support/launch.ts';

let world: AppWorld;
let page: Page;
beforeAll(async () => {
  world = await openAppWorld({
    provokes: true,
    prepare: (w) => void w.addMissions('a', 'b'),
  });
  page = await world.open();
  await untilConnected(world, page);
});
afterAll(() => world[Symbol.asyncDispose]());

const commands = Object.keys(appCommands);

describe('the page', () => {
  it('reaches the bridge and nothing else', async () => {
    expect(
      await page.evaluate(() => ({
        bridge: Object.keys(window.agencBar).sort(),
        frozen: Object.isFrozen(window.agencBar),
        globals: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter(
          (name) => name in window,
        ),
      })),
    ).toMatchObject({ bridge: ['invoke', 'on'], frozen: true, globals: [] });
  });

  it('is sandboxed, isolated, and has no Node', async () => {
    const [, options] = (await world.app.calls('new BrowserWindow'))[0] ?? [];
    expect(options).toMatchObject({
      webPreferences: {
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
      },
    });
    expect(await world.app.calls('app.enableSandbox')).toHaveLength(1);
  });

  it('has a policy that lets nothing in from elsewhere, and nothing inline', async () => {
    const violations = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          document.addEventListener('securitypolicyviolation', (event) => {
            seen.push(event.effectiveDirective);
            if (seen.length === 3) resolve(seen.sort());
          });
          document.head.append(
            Object.assign(document.createElement('style'), { textContent: 'a{}' }),
          );
          document.body.append(
            Object.assign(document.createElement('img'), { src: 'https://example.org/x.png' }),
          );
          fetch('https://example.org/').catch(() => undefined);
        }),
    );
    expect(await violations).toEqual(['connect-src', 'img-src', 'style-src-elem']);
    // Text never becomes code or markup.
    for (const inject of [
      () => {
        document.createElement('script').textContent = 'window.inline = true';
      },
      () => {
        document.createElement('div').innerHTML = '<img src="x" onerror="window.inline = true">';
      },
    ]) {
      await expect(page.evaluate(inject)).rejects.toThrow(/Trusted/);
    }
    expect(await page.evaluate(() => 'inline' in window)).toBe(false);
  });

  it('can go nowhere, open nothing, embed nothing, and is granted nothing', async (context) => {
    standInOnly(context, 'asks as a page does');
    const url = page.url();
    await page.evaluate(() => {
      window.open('https://example.org/');
      location.href = 'https://example.org/';
    });
    await expect.poll(async () => (await world.app.calls('window.open')).length).toBe(1);
    expect(page.url()).toBe(url);
    expect(await world.app.attachWebview('https://example.org/')).toBe(true);
    for (const permission of ['media', 'notifications', 'clipboard-read', 'geolocation', 'hid']) {
      expect(await world.app.askPermission(permission), permission).toBe(false);
      expect(await world.app.checkPermission(permission), permission).toBe(false);
    }
    expect(await world.app.askDevice('usb')).toBe(false);
    expect(await world.app.calls('shell.openExternal')).toEqual([]);
    expect(await world.app.calls('network')).toEqual([]);
  });

  it('can be loaded anew by its own "Reload", and works on', async () => {
    const state = () => page.evaluate(() => window.agencBar.invoke('state', {}));
    await page.evaluate(() => {
      Object.assign(window, { before: true });
      location.reload();
    });
    await expect.poll(() => page.evaluate(() => 'before' in window).catch(() => true)).toBe(false);
    expect(await state()).toMatchObject({ ok: true });
  });

  it('is served from its own folder only', async () => {
    const statuses = await page.evaluate(async () => {
      const paths = ['/..%2f..%2fpackage.json', '/../package.json', '/nothing', '/index.html'];
      const answers: boolean[] = [];
      for (const path of paths) {
        answers.push(
          await new Promise<boolean>((resolve) => {
            const link = document.createElement('link');
            link.rel = 'stylesheet';
            link.href = path;
            link.onload = () => resolve(true);
            link.onerror = () => resolve(false);
            document.head.append(link);
          }),
        );
      }
      return answers;
    });
    expect(statuses.slice(0, 3)).toEqual([false, false, false]);
  });
});

describe('commands', () => {
  it.each([
    ['another origin', { url: 'https://evil.example/' }],
    ['a look-alike origin', { url: 'agenc-bar://app.evil.example/index.html' }],
    ['a file', { url: 'file:///index.html' }],
    ['a frame in the page', { frame: 'child' }],
    ['a frame that is gone', { frame: 'gone' }],
    ['a page of no window of ours', { sender: 'stranger' }],
  ] as const)('are refused to %s', async (_, sender) => {
    standInOnly({ skip: () => undefined as never }, 'forges a sender');
    for (const name of commands) {
      const outcome = await world.app.invokeFrom(sender, `agenc-bar:${name}`, {});
      expect(outcome, name).toEqual({ ok: false, error: expect.stringContaining('Refused') });
    }
  });

  it('take what the contract says, and survive anything else', async () => {
    const paths = fc.constantFrom('/etc/passwd', '../../..', 'https://evil.example', '$(id)', '');
    const anything = fc.oneof(fc.jsonValue(), paths, fc.dictionary(fc.string(), fc.jsonValue()));
    // Those that end the app or open dialogs are asked in tests of their own.
    const names = commands.filter((name) => !['quit', 'hide', 'present'].includes(name));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), anything, async (name, params) => {
        const answer = await page.evaluate(
          ([command, given]) =>
            window.agencBar.invoke(command as 'state', JSON.parse(given) as never),
          [name, JSON.stringify(params)] as const,
        );
        expect(typeof answer.ok).toBe('boolean');
        if (!answer.ok) expect(answer.message).not.toMatch(/TypeError|at .*:\d+:\d+|went wrong/);
      }),
      { numRuns: 150 },
    );
    expect(await world.app.calls('shell.openExternal')).toEqual(
      (await world.app.calls('shell.openExternal')).filter(([, url]) => ALLOWED.has(String(url))),
    );
    expect(await ask(page, 'state', {})).toMatchObject({ connection: { status: 'own' } });
  }, 60_000);

  it('name things, and never a path: what main has not listed does not exist', async () => {
    await expect(ask(page, 'openMissionFolder', { missionId: '../../etc' })).rejects.toThrow(
      'no such mission',
    );
    await expect(ask(page, 'attach', { candidateId: '/etc' })).rejects.toThrow('not on the list');
    await expect(ask(page, 'openLink', { link: 'https://evil.example' })).rejects.toThrow();
    await expect(ask(page, 'changeSetting', { claudePath: '/bin/sh' })).rejects.toThrow();
    expect(await world.app.calls('shell.openPath')).toEqual([]);
  });

  it('no channel but these is there', async () => {
    const outcome = await world.app.invokeFrom({}, 'agenc-bar:eval', {});
    expect(outcome).toEqual({ ok: false, error: expect.stringContaining('No handler') });
  });
});

const ALLOWED = new Set([
  'https://code.claude.com/docs/en/mcp',
  'https://github.com/mieubrisse/agenc',
  'x-apple.systempreferences:com.apple.LoginItems-Settings.extension',
]);

it('no token reaches the page', async () => {
  const a = world.world.ref('a');
  await world.world.untilHeld(await signIn(a, 'loop'));
  await expect.poll(async () => JSON.stringify(await world.state(page))).toContain('"name":"loop"');
  const state = JSON.stringify(await world.state(page));
  const log = JSON.stringify(await ask(page, 'readLog', { before: null }));
  expect(log).toContain('loop');
  const seen = await page.evaluate(() => document.documentElement.outerHTML);
  for (const text of [state, log, seen]) expect(text.includes(MARK)).toBe(false);
});
