import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claudeJsonPath } from '../../main/missions/claudeJson.ts';
import { createMission } from '../../main/missions/create.ts';
import { findLostWork } from '../../main/missions/lostWork.ts';
import { refreshMissionConfig } from '../../main/missions/missionConfig.ts';
import { removeMissionNote } from '../../main/missions/missionNote.ts';
import { parseRepository } from '../../main/missions/repository.ts';
import { makeHome, makeRepository, type TestHome, treeOf, withTestHook } from './makeHome.ts';

let home: TestHome;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.dispose());

it('making, launching and removing missions touches nothing outside of them', async () => {
  const repo = makeRepository(join(home.root, 'app'));
  home.put('home/.claude.json', { mcpServers: { a: {} }, projects: { [repo]: {} } });
  for (const name of ['CLAUDE.md', '.credentials.json', 'agents/a.md', 'projects/-x/1.jsonl'])
    home.put(`home/.claude/${name}`, 'FAKE-SECRET-1');
  for (const name of ['settings.json', 'plugins/installed.json'])
    home.put(`home/.claude/${name}`, {});
  home.put('agenc/global-credentials-expiry', '1795457092.986123');
  home.put('agenc/cache/oauth-token', 'FAKE-SECRET-2', 0o600);
  home.put('agenc/bar/lineage.json', {});
  home.put('agenc/missions/other/mission.json', { name: 'other' });
  home.put('agenc/missions/other/claude-config/.credentials.json', {});
  mkdirSync(join(home.agenc, 'missions', 'other', 'agent'));
  const everything = () => {
    const {
      'agenc/missions': _,
      'agenc/bar': __,
      'agenc/bar/missions': ___,
      ...tree
    } = treeOf(home.root);
    return tree;
  };
  const before = everything();

  const config = {
    userConfigDir: home.claude,
    homeClaudeJson: claudeJsonPath(home.claude, join(home.root, 'home')),
    hooks: withTestHook,
  };
  const { missions: missionsFolder, missionNotes: notesFolder } = home;
  const made = await Promise.all(
    [repo, null, repo].map((from, at) =>
      createMission({
        missionsFolder,
        notesFolder,
        name: `mission ${at}`,
        repository: from === null ? null : parseRepository(from, home.root),
        config,
        interactive: false,
      }),
    ),
  );
  const failing = createMission({
    missionsFolder,
    notesFolder,
    name: 'not made',
    repository: parseRepository('./none', home.root),
    config,
    interactive: false,
  });
  await expect(failing).rejects.toThrow(/does not exist/);

  const within = (path: string) =>
    made.some(
      ({ id }) =>
        path.startsWith(`agenc/missions/${id}`) || path === `agenc/bar/missions/${id}.json`,
    );
  const outside = () =>
    Object.fromEntries(Object.entries(everything()).filter(([path]) => !within(path)));
  expect(outside()).toEqual(before);

  for (const mission of made) {
    const workDir = join(mission.folder ?? '', 'agent');
    const { configDir: target, repo: from } = mission;
    expect(await refreshMissionConfig({ ...config, workDir, target, repo: from })).toEqual({
      warnings: [],
    });
    expect(await findLostWork(workDir)).toEqual({ kind: 'none' });
  }
  expect(outside()).toEqual(before);

  // As the engine removes it: the links to the user's folders go, not what they lead to.
  for (const { folder, id } of made) {
    rmSync(folder ?? '', { recursive: true, force: true });
    removeMissionNote(notesFolder, id);
  }
  expect(everything()).toEqual(before);
});
