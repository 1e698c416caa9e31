import { execFile } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tryKernelLock } from '../../main/system/kernelLock.ts';
import { UPDATE_LOCK, updateJsonFile } from '../../main/system/updateJsonFile.ts';
import { aWhile } from '../support/aWhile.ts';

const numbers = z.array(z.number());

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agenc-bar-update-'));
  path = join(folder, 'numbers.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (): unknown => JSON.parse(readFileSync(path, 'utf8'));
const add = (number: number) =>
  updateJsonFile(path, numbers, (now) => [...(now ?? []), number].sort((a, b) => a - b));
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('of changes that are made at once', () => {
  it('none is lost, in one process', async () => {
    await Promise.all(upTo(20).map(add));
    expect(read()).toEqual(upTo(20));
  });

  it('none is lost, in several processes', async () => {
    const program = `
      import { z } from 'zod';
      import { updateJsonFile } from ${JSON.stringify(join(import.meta.dirname, '../../main/system/updateJsonFile.ts'))};
      const [path, from] = process.argv.slice(1);
      for (let at = 0; at < 40; at += 1)
        await updateJsonFile(path, z.array(z.number()), (now) => [...(now ?? []), Number(from) + at]);
    `;
    const args = ['--input-type=module', '-e', program, path];
    await Promise.all(
      [0, 40, 80].map((from) => promisify(execFile)(process.execPath, [...args, String(from)])),
    );
    expect(numbers.parse(read()).sort((a, b) => a - b)).toEqual(upTo(120));
  });
});

it('waits for a process that is changing it, and goes by what that wrote', async () => {
  const other = openSync(join(folder, UPDATE_LOCK), 'w');
  expect(await tryKernelLock(other, 'exclusive')).toEqual({ status: 'taken' });
  let isWritten = false;
  const added = add(2).then(() => {
    isWritten = true;
  });
  await aWhile();
  expect(isWritten).toBe(false);
  writeFileSync(path, '[1]');
  closeSync(other);
  await added;
  expect(read()).toEqual([1, 2]);
});

describe('a damaged file', () => {
  beforeEach(() => writeFileSync(path, '[1,'));

  it('is told, and left as it is', async () => {
    await expect(add(2)).rejects.toThrow(`${path} is not valid JSON`);
    expect(readFileSync(path, 'utf8')).toBe('[1,');
    // And holds up nobody after that.
    writeFileSync(path, '[1]');
    await add(2);
    expect(read()).toEqual([1, 2]);
  });

  it('is replaced where nothing is lost with it', async () => {
    await updateJsonFile(path, numbers, (now) => now ?? [7], { ifDamaged: 'replace' });
    expect(read()).toEqual([7]);
  });
});

it('is private, also where there was no folder', async () => {
  path = join(folder, 'new', 'numbers.json');
  await add(1);
  expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'new', UPDATE_LOCK)).mode & 0o777).toBe(0o600);
});

it('is not written where nothing changes, and by no change that is refused', async () => {
  await updateJsonFile(path, numbers, () => undefined);
  const refusal = new Error('no');
  const refused = updateJsonFile(path, numbers, () => {
    throw refusal;
  });
  await expect(refused).rejects.toBe(refusal);
  expect(readdirSync(folder)).toEqual([UPDATE_LOCK]);
});

it('follows no link in place of its lock', async () => {
  const victim = join(folder, 'victim');
  symlinkSync(victim, join(folder, UPDATE_LOCK));
  await expect(add(1)).rejects.toThrow('ELOOP');
  expect(readdirSync(folder)).toEqual([UPDATE_LOCK]);
});
