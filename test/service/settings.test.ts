import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changeSettings } from '../../main/service/changeSettings.ts';
import { settingChangeSchema } from '../../main/service/contract/settings.ts';
import { defaultSettings, loadSettings } from '../../main/service/settings.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-settings-'));
  path = join(folder, 'bar', 'settings.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (): unknown => JSON.parse(readFileSync(path, 'utf8'));

it('makes the file, keeps what it does not know, and goes back to defaults', async () => {
  await changeSettings(path, { pollIntervalMs: 30_000 });
  expect(read()).toEqual({ pollIntervalMs: 30_000 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, JSON.stringify({ of: 'another version', pollIntervalMs: 30_000 }));
  await changeSettings(path, { claudePath: '/opt/claude', pollIntervalMs: undefined });
  expect(read()).toEqual({ of: 'another version', claudePath: '/opt/claude' });
  expect(loadSettings(path, {}).settings).toEqual({
    ...defaultSettings(),
    claudePath: '/opt/claude',
  });
});

it('loses none of two changes that are made at once', async () => {
  await changeSettings(path, { pollIntervalMs: 30_000 });
  await Promise.all([
    changeSettings(path, { notifications: false }),
    changeSettings(path, { launchAtLogin: true }),
    changeSettings(path, { pollIntervalMs: undefined }),
  ]);
  expect(read()).toEqual({ notifications: false, launchAtLogin: true });
});

it('stays a link into the user’s folder of dotfiles, and is written there', async () => {
  const dotfiles = join(folder, 'dotfiles.json');
  writeFileSync(dotfiles, '{"pollIntervalMs":30000}');
  mkdirSync(dirname(path));
  symlinkSync(dotfiles, path);
  expect(loadSettings(path, {}).settings.pollIntervalMs).toBe(30_000);
  await changeSettings(path, { notifications: false });
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(JSON.parse(readFileSync(dotfiles, 'utf8'))).toEqual({
    pollIntervalMs: 30_000,
    notifications: false,
  });
});

it('does not write over a file that it cannot understand', async () => {
  await changeSettings(path, {});
  writeFileSync(path, '{ "store": ');
  await expect(changeSettings(path, { notifications: false })).rejects.toThrow('not valid JSON');
  expect(readFileSync(path, 'utf8')).toBe('{ "store": ');
});

it('takes from the page one known setting at a time, and no path', () => {
  expect(settingChangeSchema.safeParse({ notifications: false }).success).toBe(true);
  for (const change of [
    {},
    { notifications: false, store: 'file' },
    { claudePath: '/bin/sh' },
    { globalConfigDir: '/etc' },
    { unknown: 1 },
    { pollIntervalMs: 1 },
  ]) {
    expect(settingChangeSchema.safeParse(change).success, JSON.stringify(change)).toBe(false);
  }
});

it('that are called as what every object has are none of ours', () => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    '{"toString":1,"constructor":2,"__proto__":3,"hasOwnProperty":4,"debounceMs":7}',
  );
  expect(loadSettings(path, {})).toMatchObject({ settings: { debounceMs: 7 }, problems: [] });
});
