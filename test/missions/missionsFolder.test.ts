import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAttachedMissions } from '../../main/missions/attached.ts';
import { findMissions } from '../../main/missions/discover.ts';
import {
  openMissionNotes,
  removeMissionNote,
  writeMissionNote,
} from '../../main/missions/missionNote.ts';
import { createMissionRegistry } from '../../main/missions/registry.ts';
import { makeHome, type TestHome } from './makeHome.ts';

let home: TestHome;
beforeEach(() => {
  home = makeHome();
  for (const id of ['a', 'b']) mkdirSync(join(home.missions, id, 'agent'), { recursive: true });
});
afterEach(() => home.dispose());

const at = (name: string | Buffer) =>
  typeof name === 'string'
    ? join(home.missions, name)
    : Buffer.concat([Buffer.from(`${home.missions}/`), name]);
const ids = () => findMissions(home).missions.map(({ id }) => id);
const created = new Date().toISOString();

describe('one odd entry among the missions', () => {
  it.each<[string, () => void]>([
    ['a link to itself', () => symlinkSync('odd', at('odd'))],
    ['a link to a folder elsewhere', () => symlinkSync(home.root, at('odd'))],
    ['a link that no path can be as long as', () => symlinkSync('x'.repeat(300), at('odd'))],
    ['a name with a line break and an escape', () => mkdirSync(at('odd\n\u001b[2Jodd'))],
    ['a name that is no UTF-8', () => mkdirSync(at(Buffer.from([0x6f, 0xff, 0x64])))],
  ])('(%s) is named, and no other mission is lost with it', (_, make) => {
    make();
    const found = findMissions(home);
    expect(found.missions.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(found.odd).toHaveLength(1);
    expect(JSON.stringify(found.odd)).toMatch(/^[^\\]*$/);
  });

  it.each<[string, () => void]>([
    ['a link to nowhere', () => symlinkSync('none', at('odd'))],
    ['a file', () => writeFileSync(at('odd'), '')],
    ['a pipe', () => execFileSync('mkfifo', [join(home.missions, 'odd')])],
    ['a link to a device', () => symlinkSync('/dev/zero', at('odd'))],
  ])('(%s) is no mission, and not worth a word', (_, make) => {
    make();
    expect(findMissions(home)).toMatchObject({ missions: [{ id: 'a' }, { id: 'b' }], odd: [] });
  });

  it('is not taken for a mission that was removed, as long as nobody can look', () => {
    mkdirSync(at('linked'));
    const attached = createAttachedMissions(join(home.agenc, 'attached.json'), {
      global: home.claude,
      missions: home.missions,
    });
    const registry = createMissionRegistry(home, attached, () => true);
    expect(registry.rescan().map(({ change }) => change)).toEqual(['added', 'added', 'added']);
    rmSync(at('linked'), { recursive: true });
    symlinkSync('linked', at('linked'));
    expect(registry.rescan()).toEqual([]);
    expect(registry.odd()).toMatchObject([{ name: 'linked' }]);
    rmSync(at('linked'));
    expect(registry.rescan()).toMatchObject([{ change: 'removed', mission: { id: 'linked' } }]);
  });
});

describe('a mission’s own mission.json', () => {
  const put = (value: unknown) => home.put('agenc/missions/a/mission.json', value as object);
  const a = () => findMissions(home).missions.find(({ id }) => id === 'a');

  it('gives it a name, in one harmless line', () => {
    put({ name: 'fix\u001b]52;c;x\u0007 \n\u202elogin' });
    expect(a()?.name).toBe('fix ]52;c;x login');
  });

  it('brings it no repository, and with that no secrets of another project', async () => {
    put({ name: 'x', repo: '/home/u/secret-project' });
    expect(a()).toMatchObject({ name: 'x', repo: null });
    const note = { name: 'made here', repo: '/home/u/app', kind: 'local', created };
    await writeMissionNote(home.missionNotes, 'a', note);
    expect(a()).toMatchObject({ name: 'made here', repo: '/home/u/app' });
  });

  it.each<[string, (path: string) => void]>([
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['endless zeros', (path) => symlinkSync('/dev/zero', path)],
    ['a folder', (path) => mkdirSync(path)],
    [
      'two gigabytes of nothing',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 31);
      },
    ],
  ])('that is %s stops no engine: the mission goes by its id', (_, make) => {
    for (const name of ['mission.json', 'pid', 'shared-store'])
      make(join(home.missions, 'a', name));
    expect(a()?.name).toBe('a');
    const attached = createAttachedMissions(join(home.agenc, 'attached.json'), {
      global: home.claude,
      missions: home.missions,
    });
    const registry = createMissionRegistry(home, attached, () => true);
    registry.rescan();
    expect(registry.get('a')?.state).toBe('stopped');
    expect(ids()).toEqual(['a', 'b']);
  });
});

describe('the note of what was decided when a mission was made', () => {
  const note = { name: 'n', repo: null, kind: 'blank', created };

  it('is private, and goes with its mission', async () => {
    await writeMissionNote(home.missionNotes, 'a', note);
    expect(openMissionNotes(home.missionNotes)('a')).toEqual(note);
    expect(openMissionNotes(home.missionNotes)('b')).toBe(null);
    removeMissionNote(home.missionNotes, 'a');
    expect(readdirSync(home.missionNotes)).toEqual([]);
    removeMissionNote(home.missionNotes, 'x'.repeat(255));
  });

  it('that is damaged decides nothing', async () => {
    await writeMissionNote(home.missionNotes, 'a', note);
    for (const text of ['', '{', '[]', '{"name":"x","repo":"/etc"}']) {
      writeFileSync(join(home.missionNotes, 'a.json'), text);
      expect(openMissionNotes(home.missionNotes)('a')).toBe(null);
    }
  });
});

describe('config directories that are attached', () => {
  it('are all known after several were attached at once, by programs that know nothing of each other', async () => {
    const folders = ['one', 'two', 'three'].map((name) => join(home.root, name));
    for (const folder of folders) mkdirSync(folder);
    const list = () =>
      createAttachedMissions(join(home.agenc, 'attached.json'), {
        global: home.claude,
        missions: home.missions,
      });
    await Promise.all(folders.map((folder) => list().attach(folder)));
    const attached = list().list();
    expect(attached.map(({ configDir }) => configDir).sort()).toEqual(folders.sort());
    const [first, second] = attached.map(({ id }) => id);
    expect(await Promise.all([first, second].map((id) => list().detach(id ?? '')))).toEqual([
      true,
      true,
    ]);
    expect(list().list()).toHaveLength(1);
    expect(await list().detach(first ?? '')).toBe(false);
  });
});
