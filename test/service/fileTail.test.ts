import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTail } from '../../main/service/fileTail.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-tail-'));
  path = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the end of a file that grows', () => {
  it('is nothing where there is no file yet, and then what is written', () => {
    const tail = openTail(path, 1_000);
    expect(tail.more()).toBe(null);
    writeFileSync(path, '');
    expect(tail.more()).toBe('');
    appendFileSync(path, 'one\ntw');
    expect(tail.more()).toBe('one\ntw');
    expect(tail.more()).toBe(null);
    appendFileSync(path, 'o\n');
    expect(tail.more()).toBe('o\n');
  });

  it('of a long file begins with a whole line', () => {
    writeFileSync(path, Array.from({ length: 100 }, (_, line) => `line ${line}\n`).join(''));
    expect(openTail(path, 20).more()).toBe('line 98\nline 99\n');
  });

  it('of more than it holds, come since, is the end of that', () => {
    const tail = openTail(path, 20);
    writeFileSync(path, 'first\n');
    tail.more();
    appendFileSync(path, Array.from({ length: 100 }, (_, line) => `line ${line}\n`).join(''));
    expect(tail.more()).toBe('line 98\nline 99\n');
  });

  it('goes on in a file that took its place (rotation), and in one that was cut', () => {
    const tail = openTail(path, 1_000);
    writeFileSync(path, 'old\n');
    tail.more();
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'new and longer\n');
    expect(tail.more()).toBe('new and longer\n');
    writeFileSync(path, 'cut\n');
    expect(tail.more()).toBe('cut\n');
  });

  it('is nothing where the mission put a link to a private key, or a pipe', () => {
    writeFileSync(join(folder, 'id_ed25519'), 'FAKE-SECRET-KEY');
    symlinkSync(join(folder, 'id_ed25519'), path);
    expect(openTail(path, 1_000).more()).toBe(null);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(openTail(path, 1_000).more()).toBe(null);
  });

  it.each(['é', '€', '🚀'])('never cuts %s in two', (character) => {
    const bytes = Buffer.from(`a${character}b`);
    const tail = openTail(path, 1_000);
    let text = '';
    for (const byte of bytes) {
      appendFileSync(path, Buffer.from([byte]));
      text += tail.more() ?? '';
    }
    expect(text).toBe(`a${character}b`);
  });
});
