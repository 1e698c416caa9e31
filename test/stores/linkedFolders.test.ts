import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileStore } from '../../main/stores/file/fileStore.ts';
import type { CredentialStore, EntryRef } from '../../main/stores/store.ts';
import { fakeEntry } from '../support/fake.ts';
import { until } from '../support/until.ts';

/* Folders of a mission that are links: what they lead to is another profile's, and neither read nor written. */

const NAME = '.credentials.json';

let root: string;
let missions: string;
let profile: string;
let mission: EntryRef;
let store: CredentialStore;
const own = fakeEntry(['own']);
const theirs = fakeEntry(['theirs']);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-linked-'));
  missions = join(root, 'missions');
  mission = { scope: 'mission', configDir: join(missions, 'm', 'claude-config') };
  profile = join(root, 'profile');
  mkdirSync(mission.configDir, { recursive: true });
  mkdirSync(join(profile, 'claude-config'), { recursive: true });
  writeFileSync(join(mission.configDir, NAME), own);
  for (const folder of [profile, join(profile, 'claude-config')])
    writeFileSync(join(folder, NAME), theirs);
  store = createFileStore(undefined, missions);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const links = {
  'its config folder': () => put(mission.configDir, profile),
  'its own folder': () => put(dirname(mission.configDir), profile),
};
const kinds = Object.keys(links) as (keyof typeof links)[];

/** Puts a link in the place of a folder, which goes aside. */
function put(folder: string, target: string): void {
  renameSync(folder, join(root, 'aside'));
  symlinkSync(target, folder);
}

/** All that lies in the other profile. */
function lying(): string[] {
  return readdirSync(profile, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'claude-config')
    .sort();
}
const WHOLE = [NAME, join('claude-config', NAME)];

describe.each(kinds)('a mission that makes %s a link to another profile', (kind) => {
  const link = () => links[kind]();

  it('has nothing read there, and is told as a link: never as an entry that is absent', async () => {
    link();
    const read = { status: 'unavailable', reason: 'link' };
    expect(await store.read(mission)).toMatchObject(read);
    for (const folder of [profile, join(profile, 'claude-config')]) rmSync(join(folder, NAME));
    expect(await store.read(mission)).toMatchObject(read);
    rmSync(profile, { recursive: true });
    expect(await store.read(mission)).toMatchObject(read);
  });

  it('has nothing written there, whatever is expected to lie there', async () => {
    link();
    for (const expected of [own, theirs, null])
      expect(await store.write(mission, fakeEntry(['new']), expected)).toMatchObject({
        status: 'unavailable',
        reason: 'link',
      });
    expect(lying()).toEqual(WHOLE);
    expect(readFileSync(join(profile, NAME), 'utf8')).toBe(theirs);
  });

  it('has nothing removed there: no entry, no lock, nothing that a killed writer left', async () => {
    const old = Date.now() / 1_000 - 60;
    const left = [`${NAME}.tmp.0123abcd`, '.storage-write.lock'];
    for (const folder of [profile, join(profile, 'claude-config')]) {
      writeFileSync(join(folder, left[0] ?? ''), '');
      mkdirSync(join(folder, left[1] ?? ''));
      for (const name of left) utimesSync(join(folder, name), old, old);
    }
    const before = lying();
    link();
    await store.sweep(mission);
    await store.write(mission, fakeEntry(['new']), theirs);
    await store.write(mission, fakeEntry(['new']), theirs);
    expect(await store.remove(mission, theirs)).toMatchObject({ reason: 'link' });
    expect(lying()).toEqual(before);
  });

  it('is noticed by its stamp, and so is the folder that comes back', async () => {
    const before = await store.stamp(mission);
    link();
    expect(await store.stamp(mission)).not.toBe(before);
    rmSync(kind === 'its own folder' ? dirname(mission.configDir) : mission.configDir);
    renameSync(
      join(root, 'aside'),
      kind === 'its own folder' ? dirname(mission.configDir) : mission.configDir,
    );
    expect(await store.stamp(mission)).toBe(before);
    expect(await store.read(mission)).toMatchObject({ status: 'found', text: own });
  });

  it('in the middle of a write, has nothing written there', async () => {
    const go = Promise.withResolvers<boolean>();
    const writing = store.write(mission, fakeEntry(['new']), own, go.promise);
    const beside = () => readdirSync(mission.configDir).length > 1;
    await until('the temporary file', beside);
    link();
    go.resolve(true);
    await writing;
    expect(lying()).toEqual(WHOLE);
    expect(readFileSync(join(profile, NAME), 'utf8')).toBe(theirs);
    expect(await store.read(mission)).toMatchObject({ reason: 'link' });
  });
});

it('the user’s own links above the missions are followed, and so are those of an attached directory', async () => {
  const [above, attached] = [join(root, 'above'), join(root, 'attached')];
  symlinkSync(missions, above);
  symlinkSync(profile, attached);
  const linked = createFileStore(undefined, above);
  const ref = { ...mission, configDir: join(above, 'm', 'claude-config') };
  expect(await linked.read(ref)).toMatchObject({ text: own });
  const next = fakeEntry(['next']);
  expect(await linked.write(ref, next, own)).toMatchObject({ status: 'written' });
  // The user moves the folder of all missions while the engine runs.
  rmSync(above);
  renameSync(missions, join(root, 'moved'));
  symlinkSync(join(root, 'moved'), above);
  expect(await linked.read(ref)).toMatchObject({ text: next });
  expect(await linked.write(ref, own, next)).toMatchObject({ status: 'written' });
  const other = { ...mission, configDir: attached };
  expect(await linked.read(other)).toMatchObject({ text: theirs });
  expect(await linked.write(other, next, theirs)).toMatchObject({ status: 'written' });
  expect(readFileSync(join(profile, NAME), 'utf8')).toBe(next);
});

it('what cannot be written is told by the path that people know', async () => {
  rmSync(join(mission.configDir, NAME));
  mkdirSync(join(mission.configDir, NAME));
  const result = await store.write(mission, fakeEntry(['new']), null);
  expect(result).toMatchObject({ detail: expect.stringContaining(mission.configDir) });
  expect(existsSync(`${mission.configDir}/.storage-write.lock`)).toBe(false);
});
