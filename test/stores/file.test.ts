import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFileStore } from '../../main/stores/file/fileStore.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { fakeEntry } from '../support/fake.ts';
import { mountFile, mountSmallDisk, whyNoSmallDisk } from '../support/smallDisk.ts';
import { until } from '../support/until.ts';
import { describeStoreConformance } from './conformance.ts';

function places() {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-file-'));
  const ref = (scope: EntryRef['scope'], name: string): EntryRef => {
    mkdirSync(join(root, name));
    return { scope, configDir: join(root, name) };
  };
  return {
    root,
    global: ref('global', 'global'),
    mission: ref('mission', 'a'),
    other: ref('mission', 'b'),
  };
}

const entryOf = (ref: EntryRef): string => join(ref.configDir, '.credentials.json');
const lockOf = (ref: EntryRef): string => join(ref.configDir, '.storage-write.lock');

describeStoreConformance('file store', async () => {
  const { root, ...refs } = places();
  return {
    store: createFileStore(),
    ...refs,
    writeFromOutside: async (ref, text) => writeFileSync(entryOf(ref), text, { mode: 0o600 }),
    dispose: async () => rmSync(root, { recursive: true, force: true }),
  };
});

describe('file store', () => {
  const store = createFileStore();
  let root: string;
  let mission: EntryRef;
  let global: EntryRef;
  beforeEach(() => {
    ({ root, mission, global } = places());
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('writes mode 0600 and leaves nothing else in the folder', async () => {
    await store.write(mission, fakeEntry(['loop']), null);
    expect(statSync(entryOf(mission)).mode & 0o777).toBe(0o600);
    expect(readdirSync(mission.configDir)).toEqual(['.credentials.json']);
  });

  it('follows no link in a mission’s place: what it leads to is neither read nor written', async () => {
    const target = join(root, 'elsewhere.json');
    const text = fakeEntry(['linked']);
    writeFileSync(target, text);
    symlinkSync(target, entryOf(mission));
    expect(await store.read(mission)).toMatchObject({ status: 'unavailable', reason: 'link' });
    expect(await store.write(mission, fakeEntry(['new']), text)).toMatchObject({ reason: 'link' });
    expect(lstatSync(entryOf(mission)).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe(text);
    expect(readdirSync(mission.configDir)).toEqual(['.credentials.json']);
  });

  it('writes through the user’s own link in the global entry’s place, which stays', async () => {
    const dotfiles = join(root, 'dotfiles');
    mkdirSync(dotfiles);
    const [before, after] = [fakeEntry(['before']), fakeEntry(['after'])];
    symlinkSync('../dotfiles/credentials', entryOf(global));
    // Its target need not be there yet.
    expect(await store.read(global)).toEqual({ status: 'absent' });
    expect(await store.write(global, before, null)).toMatchObject({ status: 'written' });
    const stamp = await store.stamp(global);
    expect(await store.write(global, after, before)).toMatchObject({ status: 'written' });
    expect(await store.stamp(global)).not.toBe(stamp);
    expect(lstatSync(entryOf(global)).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dotfiles, 'credentials'), 'utf8')).toBe(after);
    expect(statSync(join(dotfiles, 'credentials')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dotfiles)).toEqual(['credentials']);
  });

  it.each(['entry', 'config directory'])(
    'knows a mission whose %s is a link to the global one: it has that entry, and nothing is written for it',
    async (what) => {
      const shared = createFileStore(global.configDir);
      const [before, after] = [fakeEntry(['before']), fakeEntry(['after'])];
      await shared.write(global, before, null);
      if (what === 'entry') symlinkSync(entryOf(global), entryOf(mission));
      else {
        rmSync(mission.configDir, { recursive: true });
        symlinkSync(global.configDir, mission.configDir);
      }
      expect(await shared.read(mission)).toMatchObject({ status: 'found', text: before });
      expect(await shared.write(mission, after, before)).toEqual({ status: 'moved' });
      await shared.write(global, after, before);
      const { ino } = statSync(entryOf(global));
      expect(await shared.write(mission, after, before)).toMatchObject({ status: 'written' });
      expect(statSync(entryOf(global)).ino).toBe(ino);
      expect(await shared.stamp(mission)).toBe(await shared.stamp(global));
      expect(await shared.remove(mission, after)).toMatchObject({ status: 'written' });
      expect(await shared.read(global), 'the global entry outlives the mission').toMatchObject({
        text: after,
      });
    },
  );

  it('reads no entry over 16 MB, and writes none that it could not read any more', async () => {
    const large = JSON.stringify({ mcpOAuth: {}, filler: 'x'.repeat(16 * 1024 * 1024) });
    writeFileSync(entryOf(mission), large);
    expect(await store.read(mission)).toMatchObject({ reason: 'too-large' });
    expect(await store.write(global, large, null)).toMatchObject({ reason: 'too-large' });
    expect(await store.read(global)).toEqual({ status: 'absent' });
    expect(readFileSync(entryOf(mission), 'utf8')).toBe(large);
  });

  it('waits for no lock that somebody keeps, and writes once it is free', async () => {
    mkdirSync(lockOf(mission));
    for (let tries = 0; tries < 3; tries += 1)
      expect(await store.write(mission, fakeEntry(['early']), null)).toMatchObject({
        reason: 'busy',
      });
    expect(readdirSync(mission.configDir)).toEqual(['.storage-write.lock']);
    rmSync(lockOf(mission), { recursive: true });
    expect(await store.write(mission, fakeEntry(['late']), null)).toMatchObject({
      status: 'written',
    });
  });

  it('never takes what another did right after a write for its own doing', async () => {
    const remover = new Worker(
      `const { unlinkSync } = require('node:fs');
      const { workerData } = require('node:worker_threads');
      for (;;) try { unlinkSync(workerData); } catch { /* Not there yet. */ }`,
      { eval: true, workerData: entryOf(mission) },
    );
    const stamps = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const result = await store.write(mission, fakeEntry([`round-${round}`]), null);
      if (result.status === 'written') stamps.add(result.stamp ?? '');
    }
    await remover.terminate();
    expect([...stamps]).not.toContain('absent');
  });

  it('makes a new ~/.claude for its user alone, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const fresh: EntryRef = { scope: 'global', configDir: join(root, 'home', '.claude') };
      await store.write(fresh, fakeEntry(), null);
      expect(statSync(fresh.configDir).mode & 0o777).toBe(0o700);
    } finally {
      process.umask(umask);
    }
  });

  it('says what happened when its folder becomes unusable in the middle of a write, and throws nothing', async () => {
    const go = Promise.withResolvers<boolean>();
    const writing = store.write(mission, fakeEntry(['lost']), null, go.promise);
    await until('the temporary file', () => readdirSync(mission.configDir).length > 0);
    rmSync(mission.configDir, { recursive: true });
    symlinkSync('a', mission.configDir);
    go.resolve(true);
    expect(await writing).toMatchObject({ status: 'unavailable' });
  });

  it('takes over a lock whose owner died', async () => {
    mkdirSync(lockOf(mission));
    const old = Date.now() / 1000 - 16;
    utimesSync(lockOf(mission), old, old);
    expect(await store.write(mission, fakeEntry(['taken']), null)).toMatchObject({
      status: 'written',
    });
    expect(existsSync(lockOf(mission))).toBe(false);
  });

  it('tells a config directory that is gone from an entry that is absent', async () => {
    rmSync(mission.configDir, { recursive: true });
    expect(await store.read(mission)).toMatchObject({ status: 'unavailable', reason: 'missing' });
    expect(await store.write(mission, fakeEntry(), null)).toMatchObject({ reason: 'missing' });
    expect(existsSync(mission.configDir)).toBe(false);
  });

  it('makes the global config directory on a fresh machine', async () => {
    const fresh: EntryRef = { scope: 'global', configDir: join(root, 'home', '.claude') };
    expect(await store.read(fresh)).toEqual({ status: 'absent' });
    expect(await store.write(fresh, fakeEntry(), null)).toMatchObject({ status: 'written' });
  });

  it.skipIf(process.getuid?.() !== 0 && process.getuid === undefined)(
    'says denied where it may not read, and not absent',
    () => {
      // Root may read anything, so the store runs as `nobody` in a child process.
      writeFileSync(entryOf(mission), fakeEntry(['secret']), { mode: 0o600 });
      chmodSync(root, 0o755);
      chmodSync(mission.configDir, 0o755);
      const script = `
        ${process.getuid?.() === 0 ? 'process.setgid(65534); process.setuid(65534);' : ''}
        const { createFileStore } = await import(${JSON.stringify(new URL('../../main/stores/file/fileStore.ts', import.meta.url).href)});
        ${process.getuid?.() === 0 ? '' : `(await import('node:fs')).chmodSync(${JSON.stringify(entryOf(mission))}, 0);`}
        const store = createFileStore();
        const ref = ${JSON.stringify(mission)};
        console.log(JSON.stringify([await store.read(ref), await store.write(ref, '{}', null)]));`;
      const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      const [read, write] = JSON.parse(output) as { status: string; reason: string }[];
      expect(read).toMatchObject({ status: 'unavailable', reason: 'denied' });
      expect(write).toMatchObject({ status: 'unavailable' });
    },
  );

  it('refuses a folder, a pipe, bytes that are not UTF-8, and says which file it is', async () => {
    mkdirSync(entryOf(mission));
    expect(await store.read(mission)).toMatchObject({ status: 'unavailable' });
    rmSync(entryOf(mission), { recursive: true });
    execFileSync('mkfifo', [entryOf(mission)]);
    expect(await store.read(mission)).toMatchObject({ status: 'unavailable', reason: 'failed' });
    rmSync(entryOf(mission));
    writeFileSync(entryOf(mission), Buffer.from([0x7b, 0xff, 0x7d]));
    expect(await store.read(mission)).toMatchObject({
      status: 'unavailable',
      detail: expect.stringContaining(mission.configDir),
    });
  });

  it('sweeps what a killed writer left, and nothing that is in use or not ours', async () => {
    const old = Date.now() / 1000 - 5;
    const orphan = `${entryOf(mission)}.tmp.0123abcd`;
    const young = `${entryOf(mission)}.tmp.89abcdef`;
    const theirs = join(mission.configDir, '.credentials.json.backup');
    for (const path of [orphan, young, theirs]) writeFileSync(path, '{}');
    mkdirSync(lockOf(mission));
    for (const path of [orphan, theirs, lockOf(mission)]) utimesSync(path, old, old);
    await store.sweep(mission);
    expect(readdirSync(mission.configDir).sort()).toEqual([
      '.credentials.json.backup',
      '.credentials.json.tmp.89abcdef',
    ]);
  });
});

const why = whyNoSmallDisk();
describe.skipIf(why !== null)(
  `an entry that is a mount of its own${why ? ` (${why})` : ''}`,
  () => {
    const store = createFileStore();
    let global: EntryRef;
    let root: string;
    beforeEach(() => {
      ({ root, global } = places());
      onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    });

    /** The entry, as the host sees it. */
    function mounted(text: string, folder = root): string {
      const host = join(folder, 'on-the-host.json');
      for (const path of [host, entryOf(global)]) writeFileSync(path, text, { mode: 0o600 });
      onTestFinished(mountFile(host, entryOf(global)));
      return host;
    }

    it('is written all the same, and its host has it', async () => {
      const [long, short] = [fakeEntry(['one', 'two', 'three']), fakeEntry(['one'])];
      const host = mounted(long);
      for (const [text, before] of [
        [short, long],
        [long, short],
      ] as const) {
        const written = await store.write(global, text, before);
        expect(written).toEqual({ status: 'written', stamp: await store.stamp(global) });
        expect(readFileSync(host, 'utf8')).toBe(text);
      }
      expect(await store.write(global, short, short)).toEqual({ status: 'moved' });
      expect(readdirSync(global.configDir)).toEqual(['.credentials.json']);
    });

    it('on a disk that gets full keeps what it has', async () => {
      const small = join(root, 'small');
      const disk = mountSmallDisk(small, 64);
      onTestFinished(disk.unmount);
      const text = fakeEntry(['one']);
      const host = mounted(text, small);
      disk.fill();
      const large = fakeEntry(['one'], { rest: 'x'.repeat(20_000) });
      expect(await store.write(global, large, text)).toMatchObject({ reason: 'full' });
      expect(readFileSync(host, 'utf8')).toBe(text);
      disk.free();
      expect(await store.write(global, large, text)).toMatchObject({ status: 'written' });
      expect(readFileSync(host, 'utf8')).toBe(large);
    });
  },
);
