import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openToAppend, shiftBackups } from '../../main/system/appendFile.ts';

describe('a log in a folder that a mission writes to', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agenc-bar-append-'));
    path = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function append(text: string): number {
    const { descriptor, size } = openToAppend(path);
    writeSync(descriptor, text);
    closeSync(descriptor);
    return size;
  }

  it('is made for this user alone, and appended to', () => {
    expect(append('one\n')).toBe(0);
    expect(append('two\n')).toBe(4);
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that others could read is theirs no more', () => {
    writeFileSync(path, 'old\n', { mode: 0o644 });
    append('new\n');
    expect(readFileSync(path, 'utf8')).toBe('old\nnew\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a link', (victim: string) => symlinkSync(victim, path)],
    ['a second name', (victim: string) => linkSync(victim, path)],
  ])('never changes the user’s own file that %s leads to', (_, lead) => {
    const victim = join(folder, '.bashrc');
    writeFileSync(victim, '# mine\n', { mode: 0o644 });
    lead(victim);
    append('rm -rf ~ # from the model\n');
    expect(readFileSync(victim, 'utf8')).toBe('# mine\n');
    expect(statSync(victim).mode & 0o777).toBe(0o644);
    expect(readFileSync(path, 'utf8')).toBe('rm -rf ~ # from the model\n');
    expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^log\.aside\.[0-9a-f]{8}$/));
  });

  it('never makes the file that a link leads to, where there is none yet', () => {
    symlinkSync(join(folder, 'authorized_keys'), path);
    append('x');
    expect(readdirSync(folder)).not.toContain('authorized_keys');
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it('does not wait for whoever reads a pipe in its place', () => {
    execFileSync('mkfifo', [path]);
    append('x');
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it('cannot be where a folder is, which stays', () => {
    mkdirSync(path);
    expect(() => openToAppend(path)).toThrow('EISDIR');
    expect(readdirSync(folder)).toEqual(['log']);
  });

  it('moves on to its backups, and over a link among them', () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    append('one');
    expect(shiftBackups(path, 2)).toBe(true);
    symlinkSync(victim, `${path}.2`);
    append('two');
    expect(shiftBackups(path, 2)).toBe(true);
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('two');
    expect(readFileSync(`${path}.2`, 'utf8')).toBe('one');
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    mkdirSync(`${path}.3`);
    append('three');
    expect(shiftBackups(path, 3)).toBe(false);
  });
});
