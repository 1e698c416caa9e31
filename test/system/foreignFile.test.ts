import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readForeign, readForeignText } from '../../main/system/foreignFile.ts';

describe('a file that a mission may have put there', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agenc-bar-foreign-'));
    path = join(folder, 'file');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read whole, up to the limit and not beyond', () => {
    writeFileSync(path, 'x'.repeat(100));
    expect(readForeignText(path, 100)).toBe('x'.repeat(100));
    expect(readForeign(path, 99)).toMatchObject({ status: 'unusable', reason: 'too-large' });
  });

  it('that is empty is empty, and one that is not there is absent', () => {
    writeFileSync(path, '');
    expect(readForeignText(path, 10)).toBe('');
    expect(readForeign(join(folder, 'none'), 10)).toEqual({ status: 'absent' });
    expect(readForeign(join(path, 'below a file'), 10)).toEqual({ status: 'absent' });
  });

  it('that is a pipe, a folder, a device or a link is not waited for and not read', () => {
    execFileSync('mkfifo', [path]);
    expect(readForeign(path, 10)).toMatchObject({ status: 'unusable', reason: 'not-a-file' });
    mkdirSync(join(folder, 'sub'));
    expect(readForeign(join(folder, 'sub'), 10)).toMatchObject({ reason: 'not-a-file' });
    expect(readForeign('/dev/zero', 10)).toMatchObject({ reason: 'not-a-file' });
    symlinkSync('/etc/passwd', join(folder, 'link'));
    expect(readForeign(join(folder, 'link'), 1_000_000)).toMatchObject({ reason: 'link' });
  });

  it('is followed through a link only where the caller says so', () => {
    writeFileSync(path, 'mine');
    symlinkSync(path, join(folder, 'link'));
    expect(readForeignText(join(folder, 'link'), 10, { links: 'follow' })).toBe('mine');
    symlinkSync('loop', join(folder, 'loop'));
    expect(readForeign(join(folder, 'loop'), 10, { links: 'follow' })).toMatchObject({
      status: 'unusable',
    });
  });

  it('of two gigabytes of nothing costs nothing', () => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 31);
    expect(readForeign(path, 1_000_000)).toMatchObject({ reason: 'too-large' });
  });

  it('that says it is empty and is not (as in /proc) is read no further than the limit', () => {
    expect(readForeign('/proc/self/maps', 100)).toMatchObject({ reason: 'too-large' });
    expect(readForeign('/proc/self/stat', 10_000)).toMatchObject({ status: 'found' });
  });
});
