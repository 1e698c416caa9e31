import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearNeedsAuth } from '../../main/sync/needsAuthCache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-needs-auth-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('in the place of the client’s note of servers', () => {
  const path = (): string => join(folder, 'mcp-needs-auth-cache.json');

  it('a link to another program’s secrets brings nothing of them into the mission', async () => {
    const secret = join(folder, 'other-program.json');
    writeFileSync(secret, '{"loop":1,"private_key":"FAKE-SECRET-KEY"}');
    symlinkSync(secret, path());
    expect(await clearNeedsAuth(folder, ['loop'])).toEqual([]);
    expect(lstatSync(path()).isSymbolicLink()).toBe(true);
    expect(readFileSync(secret, 'utf8')).toContain('"loop":1');
  });

  it.each([
    ['a pipe', () => execFileSync('mkfifo', [path()])],
    ['a folder', () => mkdirSync(path())],
    ['a link to endless zeros', () => symlinkSync('/dev/zero', path())],
    [
      'two gigabytes of nothing',
      () => {
        writeFileSync(path(), '');
        truncateSync(path(), 2 ** 31);
      },
    ],
  ])('%s holds up nobody', async (_, make) => {
    make();
    expect(await clearNeedsAuth(folder, ['loop'])).toEqual([]);
  });
});
