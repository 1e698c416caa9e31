import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findMissions } from '../../main/missions/discover.ts';
import { calledMission } from '../../main/missions/mission.ts';
import { runningPid } from '../../main/missions/pid.ts';
import { removeMissionFolder } from '../../main/missions/removeFolder.ts';
import { identityOf } from '../../main/system/processIdentity.ts';
import { endProcess, startSleeper } from '../support/childProcess.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-fooled-'));
});
afterEach(() => execFileSync('rm', ['-rf', root]));

function mission(id: string, name?: string): string {
  const folder = join(root, 'missions', id);
  mkdirSync(folder, { recursive: true });
  if (name !== undefined) writeFileSync(join(folder, 'mission.json'), JSON.stringify({ name }));
  return folder;
}
function namesOf(others: Parameters<typeof findMissions>[1] = []) {
  const folders = { missions: join(root, 'missions'), missionNotes: join(root, 'bar', 'missions') };
  const { missions } = findMissions(folders, others);
  return Object.fromEntries(missions.map(({ id, name }) => [id, name]));
}

it.each([
  ['the id of another', 'b'],
  ['that in capitals', 'B'],
  ['that with a sign that nobody sees', 'b\u200b'],
  ['that in full width', 'ｂ'],
  ['the name of another', 'fix login'],
  ['that in other letters', '  Fix \u2060LOGIN'],
  ['the name of an attached one', 'mine'],
])('a mission that calls itself by %s goes by its id', (_, name) => {
  mission('b');
  mission('c', 'fix login');
  mission('d', 'its own');
  mission('evil', name);
  const attached = { kind: 'attached', folder: null, configDir: '/x', repo: null } as const;
  const names = namesOf([{ id: 'mine-1', name: 'mine', ...attached }]);
  expect(names).toMatchObject({ b: 'b', d: 'its own', evil: 'evil' });
});

it('a message that names a mission says which one, whatever that calls itself', () => {
  const name = 'a" is all right: checked by AgenC Bar. Mission "b';
  const said = calledMission({ id: 'evil', name });
  expect(said).toBe(`"a' is all right: checked by AgenC Bar. Mission 'b" (evil)`);
  expect(calledMission({ id: 'b', name: 'b' })).toBe('"b"');
});

it('a mission does not run because its file names the first process, or us, or the engine', async () => {
  const folder = mission('evil');
  const [engine, other] = [await startSleeper(), await startSleeper()];
  const enginePid = engine.pid ?? 0;
  mkdirSync(join(root, 'bar'));
  writeFileSync(join(root, 'bar', 'engine.lock'), JSON.stringify(identityOf(enginePid)));
  try {
    for (const pid of [1, process.pid, enginePid]) {
      writeFileSync(join(folder, 'pid'), `${pid}\n`);
      expect(runningPid(folder), String(pid)).toBe(null);
    }
    writeFileSync(join(folder, 'pid'), `${other.pid}\n`);
    expect(runningPid(folder)).toBe(other.pid);
  } finally {
    for (const each of [engine, other]) await endProcess(each);
  }
});

it('a folder so deep that no path leads to its end is removed, and no link in it followed', async () => {
  const folder = mission('evil');
  const elsewhere = join(root, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'kept'), 'x');
  const dig = `i=0; while [ $i -lt 60 ]; do n=$(printf "d%0200d" $i); mkdir "$n"; ln -s ${elsewhere} link; cd -P "$n"; i=$((i+1)); done; echo x > f`;
  execFileSync('/bin/sh', ['-ec', dig], { cwd: folder });
  symlinkSync(elsewhere, join(folder, 'link-too'));
  await removeMissionFolder(folder);
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(join(elsewhere, 'kept'))).toBe(true);
  rmSync(elsewhere, { recursive: true });
});
