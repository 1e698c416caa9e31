import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'electron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoginItem, desktopEntry } from '../../../electron/loginItem.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-login-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('on Linux', () => {
  it('is a file in autostart, made and removed', () => {
    const app = { isPackaged: true, getAppPath: () => '/app' } as unknown as App;
    const item = createLoginItem(app, 'linux', { XDG_CONFIG_HOME: folder, APPIMAGE: '/opt/A B' });
    const path = join(folder, 'autostart', 'agenc-bar.desktop');
    expect(item.status()).toBe('off');
    item.set(true);
    expect(item.status()).toBe('on');
    expect(readFileSync(path, 'utf8')).toContain('\nExec="/opt/A B"\n');
    item.set(false);
    expect([item.status(), existsSync(path)]).toEqual(['off', false]);
    item.set(false);
  });

  it('quotes what the specification wants quoted', () => {
    const entry = desktopEntry(['/opt/a b/"c"', '100%', '$HOME', 'back\\slash', '`x`']);
    expect(entry.split('\n').find((line) => line.startsWith('Exec='))).toBe(
      String.raw`Exec="/opt/a b/\\"c\\"" "100%%" "\\$HOME" "back\\\\slash" "\\` +
        '`x' +
        String.raw`\\` +
        '`"',
    );
  });
});

describe('on macOS', () => {
  it.each([
    ['enabled', true, 'on'],
    ['requires-approval', false, 'requires-approval'],
    ['not-registered', false, 'off'],
    ['not-found', false, 'off'],
  ] as const)('"%s" is shown as it is', (status, openAtLogin, shown) => {
    const app = { getLoginItemSettings: () => ({ status, openAtLogin }) } as unknown as App;
    expect(createLoginItem(app, 'darwin').status()).toBe(shown);
  });
});

it('elsewhere says that it cannot', () => {
  expect(createLoginItem({} as App, 'win32').status()).toBe('unsupported');
});
