import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic, writeTemporary } from '../../main/system/atomicFile.ts';
import { readForeign } from '../../main/system/foreignFile.ts';
import { inOwnFolder, openByName, openOwnFolder } from '../../main/system/ownFolder.ts';
import {
  HAS_DESCRIPTORS,
  LinkInTheWay,
  liesAtByDescriptor,
  liesAtByName,
  linkBelow,
} from '../../main/system/ownPlace.ts';

/* What is opened below a folder is opened there, although a part of its path becomes a link at any moment. */

let top: string;
let root: string;
let folder: string;
let elsewhere: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'agenc-bar-own-')));
  root = join(top, 'missions');
  folder = join(root, 'm', 'config');
  elsewhere = join(top, 'elsewhere');
  mkdirSync(folder, { recursive: true });
  mkdirSync(elsewhere);
  for (const each of [folder, elsewhere]) writeFileSync(join(each, 'file'), each);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const file = (): string => join(folder, 'file');

function swap(): void {
  renameSync(folder, `${folder}.aside`);
  symlinkSync(elsewhere, folder);
}

function swapBack(): void {
  rmSync(folder);
  renameSync(`${folder}.aside`, folder);
}

const ways = { 'by its name': liesAtByName } as Record<string, typeof liesAtByName>;
if (HAS_DESCRIPTORS) ways['by its descriptor'] = liesAtByDescriptor;

describe.each(Object.entries(ways))('where something was opened is told %s', (way, liesAt) => {
  function opened(before: () => void, after: () => void): boolean {
    before();
    const descriptor = openSync(file(), 'r');
    after();
    try {
      return liesAt(descriptor, file(), root);
    } finally {
      closeSync(descriptor);
    }
  }
  const nothing = (): void => undefined;

  it('also if its folder was a link for just that moment', () => {
    expect(opened(nothing, nothing)).toBe(true);
    expect(opened(swap, swapBack)).toBe(false);
    expect(opened(swap, nothing)).toBe(false);
    swapBack();
    expect(opened(nothing, swap)).toBe(false);
  });

  it('and a file that was replaced since is none that lay elsewhere, or is to be opened again', () => {
    const replace = (): void => {
      writeFileSync(`${file()}.new`, 'new');
      renameSync(`${file()}.new`, file());
    };
    expect(opened(nothing, replace)).toBe(way === 'by its descriptor');
  });

  it('whatever links the user has above', () => {
    const link = join(top, 'link');
    for (const target of [root, join(top, 'moved')]) {
      if (target !== root) renameSync(root, target);
      symlinkSync(target, link);
      const path = join(link, 'm', 'config', 'file');
      const descriptor = openSync(path, 'r');
      expect(liesAt(descriptor, path, link)).toBe(true);
      closeSync(descriptor);
      rmSync(link);
    }
  });
});

it('names the first link on the way, and none above or elsewhere', () => {
  expect(linkBelow(file(), root)).toBe(null);
  swap();
  expect(linkBelow(file(), root)).toBe(folder);
  expect(linkBelow(file(), undefined)).toBe(null);
  expect(linkBelow(file(), folder)).toBe(null);
  expect(linkBelow(join(root, 'none', 'at', 'all'), root)).toBe(null);
});

it('a reader is told of the link, whatever lies or lacks behind it', () => {
  expect(readForeign(file(), 1_000, { below: root })).toMatchObject({ status: 'found' });
  swap();
  for (const path of [file(), join(folder, 'none'), join(folder, 'file', 'none')])
    expect(readForeign(path, 1_000, { below: root })).toMatchObject({ reason: 'link' });
  expect(readForeign(file(), 1_000)).toMatchObject({ status: 'found' });
});

it('a writer leaves nothing elsewhere', async () => {
  swap();
  const options = { mode: 0o600, durable: false, below: root };
  await expect(writeFileAtomic(file(), 'secret', options)).rejects.toThrow(LinkInTheWay);
  expect(() => inOwnFolder(file(), root, rmSync)).toThrow(LinkInTheWay);
  expect(readdirSync(elsewhere)).toEqual(['file']);
});

it.skipIf(!HAS_DESCRIPTORS)('a folder that is held open stays the same one', () => {
  const own = openOwnFolder(folder, root);
  swap();
  writeFileSync(join(own.path, 'new'), '');
  expect(own.plain(`no ${own.path}/new`)).toBe(`no ${folder}/new`);
  own.close();
  expect(readdirSync(elsewhere)).toEqual(['file']);
  expect(readdirSync(`${folder}.aside`).sort()).toEqual(['file', 'new']);
});

it('where folders cannot be held open, at worst an empty file is left elsewhere', async () => {
  const own = openByName(folder, root);
  swap();
  const path = join(folder, 'new');
  const options = { mode: 0o600, durable: false, own };
  await expect(writeTemporary(path, 'secret', options)).rejects.toThrow(LinkInTheWay);
  expect(readForeign(join(elsewhere, 'new'), 10)).toMatchObject({ stat: { size: 0 } });
  swapBack();
  expect(() => own.check()).not.toThrow();
});
