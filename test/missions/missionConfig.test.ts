import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claudeJsonPath } from '../../main/missions/claudeJson.ts';
import {
  buildMissionConfig,
  type MissionConfigOptions,
  refreshMissionConfig,
} from '../../main/missions/missionConfig.ts';
import { makeHome, readJson, type TestHome, treeOf, withTestHook } from './makeHome.ts';

let home: TestHome;
let target: string;
let workDir: string;
beforeEach(() => {
  home = makeHome();
  mkdirSync(home.claude, { recursive: true });
  target = join(home.missions, 'm', 'claude-config');
  workDir = join(home.missions, 'm', 'agent');
  mkdirSync(workDir, { recursive: true });
});
afterEach(() => home.dispose());

const options = (more: Partial<MissionConfigOptions> = {}): MissionConfigOptions => ({
  userConfigDir: home.claude,
  homeClaudeJson: home.claudeJson,
  workDir,
  target,
  repo: null,
  hooks: withTestHook,
  ...more,
});
const build = async (more: Partial<MissionConfigOptions> = {}) =>
  (await buildMissionConfig(options(more))).warnings;
const refresh = async (more: Partial<MissionConfigOptions> = {}) =>
  (await refreshMissionConfig(options(more))).warnings;
const put = (name: string, content: string | object, mode?: number) =>
  home.put(`home/.claude/${name}`, content, mode);
const own = (name: string) => join(target, name);
const read = (name: string) => readFileSync(own(name), 'utf8');
const projectIn = () =>
  (readJson(own('.claude.json')).projects as Record<string, Record<string, unknown>>)[workDir];

describe("a mission's config", () => {
  it('is built of what the user has, and of nothing secret or stale', async () => {
    put('CLAUDE.md', 'be kind, see @RULES.md');
    put('RULES.md', 'rules');
    put('settings.json', { model: 'opus', hooks: { Stop: ['mine'] } });
    put('agents/a.md', 'agent');
    put('commands/deep/er/c.md', 'command');
    put('skills/s/SKILL.md', 'skill');
    put('hooks/run.sh', '#!/bin/sh', 0o755);
    put('plugins/installed.json', '{}');
    put('projects/-x/1.jsonl', '{}');
    for (const name of ['.credentials.json', 'mcp-needs-auth-cache.json', 'history.jsonl'])
      put(name, 'FAKE-SECRET-1');
    for (const name of ['statsig', 'todos', 'shell-snapshots', 'history', 'ide'])
      put(`${name}/x.md`, 'no');
    put('hooks/.credentials.json', 'FAKE-SECRET-2');
    symlinkSync(join(home.claude, '.credentials.json'), join(home.claude, 'hooks', 'innocent'));

    expect(await build()).toEqual([]);
    expect(Object.keys(treeOf(target))).toEqual(
      expect.arrayContaining([
        'CLAUDE.md',
        'RULES.md',
        'agents/a.md',
        'commands/deep/er/c.md',
        'skills/s/SKILL.md',
        'hooks/run.sh',
        '.claude.json',
      ]),
    );
    expect(JSON.stringify(treeOf(target))).not.toMatch(
      /credentials|needs-auth|history|statsig|todos|snapshots|ide\/|innocent/,
    );
    expect(readJson(own('settings.json'))).toEqual({
      model: 'opus',
      hooks: { Stop: ['mine', 'ours'] },
    });
    expect(statSync(own('hooks/run.sh')).mode & 0o777).toBe(0o755);
    for (const name of ['plugins', 'projects'])
      expect(readlinkSync(own(name))).toBe(join(home.claude, name));
    for (const name of ['.', 'commands/deep', 'hooks'])
      expect(statSync(own(name)).mode & 0o777).toBe(0o700);
    for (const name of ['.claude.json', 'settings.json', '.agenc-bar.json'])
      expect(statSync(own(name)).mode & 0o777).toBe(0o600);
  });

  it('of a user without any is small, and works', async () => {
    rmSync(home.claude, { recursive: true });
    expect(await build()).toEqual([]);
    expect(Object.keys(treeOf(target))).toEqual([
      '.agenc-bar.json',
      '.claude.json',
      'settings.json',
    ]);
    expect(projectIn()).toEqual({ hasTrustDialogAccepted: true });
    expect(readJson(own('.claude.json'))).not.toHaveProperty('hasCompletedOnboarding');
  });

  it('survives links that lead nowhere or in circles, sockets, pipes and huge files', async () => {
    const elsewhere = home.put('dotfiles/skill/SKILL.md', 'linked');
    mkdirSync(join(home.claude, 'skills'));
    const at = (name: string) => join(home.claude, 'skills', name);
    symlinkSync(dirname(elsewhere), at('linked'));
    symlinkSync('/nowhere/at/all', at('dangling'));
    symlinkSync('itself', at('itself'));
    symlinkSync('..', at('parent'));
    symlinkSync(home.claude, at('whole'));
    put('skills/huge.bin', '');
    truncateSync(at('huge.bin'), 10 ** 9);
    execFileSync('mkfifo', [at('pipe')]);
    // Made elsewhere: where temporary folders have long names, a socket's would be too long here.
    const short = join(tmpdir(), `agenc-bar-${process.pid}.sock`);
    const server = createServer().listen(short);
    await once(server, 'listening');
    renameSync(short, at('socket'));
    try {
      const warnings = (await build()).join('\n');
      for (const name of ['dangling', 'itself', 'parent', 'whole', 'huge.bin', 'pipe', 'socket'])
        expect(warnings).toContain(at(name));
    } finally {
      server.close();
    }
    expect(read('skills/linked/SKILL.md')).toBe('linked');
    expect(lstatSync(own('skills/linked')).isSymbolicLink()).toBe(false);
    expect(Object.keys(treeOf(own('skills')))).toEqual(['linked', 'linked/SKILL.md']);
  });

  it('keeps names as they are', async () => {
    const names = ['a b', "it's", 'say "x"', '$HOME `id`', '🎉', 'line\nbreak', '-rf', '__proto__'];
    for (const name of names) put(`agents/${name}.md`, name);
    expect(await build()).toEqual([]);
    for (const name of names) expect(read(`agents/${name}.md`)).toBe(name);
  });

  it.each([
    ['{"a": FAKE-SECRET-1', /not valid JSON/],
    ['[1]', /not a JSON object/],
    ['', /not valid JSON/],
  ])("is minimal where the user's files hold %j, with a warning", async (text, why) => {
    writeFileSync(home.claudeJson, text);
    put('settings.json', text);
    put('CLAUDE.md', 'be kind');
    const warnings = await build();
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expect(warning).toMatch(why);
    expect(warnings.join()).not.toContain('FAKE');
    expect(readJson(own('.claude.json')).hasCompletedOnboarding).toBe(true);
    expect(projectIn()).toEqual({ hasTrustDialogAccepted: true });
    expect(readJson(own('settings.json'))).toEqual({ hooks: { Stop: ['ours'] } });
    expect(read('CLAUDE.md')).toBe('be kind');
  });

  it('reads a file with a byte order mark', async () => {
    writeFileSync(home.claudeJson, '\uFEFF{"theme": "light"}');
    expect(await build()).toEqual([]);
    expect(readJson(own('.claude.json')).theme).toBe('light');
  });
});

describe("a mission's .claude.json", () => {
  const REPO = '/home/ada/src/app';
  beforeEach(() => {
    writeFileSync(
      home.claudeJson,
      JSON.stringify({
        hasCompletedOnboarding: true,
        oauthAccount: { emailAddress: 'ada@example.test' },
        fullscreenBootPending: { 4194999: { startedAt: 1, version: '2.1.330' } },
        mcpServers: { loop: { type: 'http', url: 'http://127.0.0.1:9/mcp' } },
        projects: {
          [REPO]: {
            hasTrustDialogAccepted: false,
            mcpServers: { db: { command: 'db', env: { KEY: 'FAKE-SECRET-1' } } },
            enabledMcpjsonServers: ['one'],
            disabledMcpjsonServers: ['two'],
            lastCost: 12,
          },
          '/home/ada/private': { mcpServers: { other: {} } },
        },
      }),
    );
  });

  it("has the user's servers and the repository's, and trusts the mission's folder", async () => {
    await build({ repo: REPO });
    const { projects, ...everywhere } = readJson(own('.claude.json'));
    expect(everywhere, "another session's start is none of the mission's").toEqual({
      hasCompletedOnboarding: true,
      hasSeenAutoDefaultNudge: true,
      mcpServers: { loop: { type: 'http', url: 'http://127.0.0.1:9/mcp' } },
      oauthAccount: { emailAddress: 'ada@example.test' },
    });
    expect(projects).toEqual({
      [workDir]: {
        hasTrustDialogAccepted: true,
        mcpServers: { db: { command: 'db', env: { KEY: 'FAKE-SECRET-1' } } },
      },
    });
    expect(statSync(own('.claude.json')).mode & 0o777).toBe(0o600);
    expect(read('.agenc-bar.json')).not.toContain('FAKE');
  });

  it("approves of the repository's .mcp.json what the user approved there", async () => {
    put('settings.json', { enabledMcpjsonServers: ['mine'] });
    await build({ repo: REPO });
    expect(readJson(own('settings.json'))).toMatchObject({
      enabledMcpjsonServers: ['mine', 'one'],
      disabledMcpjsonServers: ['two'],
    });
    const repo = join(home.root, 'src');
    home.put('src/.claude/settings.local.json', {
      enabledMcpjsonServers: ['three'],
      enableAllProjectMcpServers: true,
    });
    target = join(home.missions, 'n', 'claude-config');
    await build({ repo });
    expect(readJson(own('settings.json'))).toMatchObject({
      enabledMcpjsonServers: ['mine', 'three'],
      enableAllProjectMcpServers: true,
    });
  });

  it.each([null, 'https://github.com/owner/app'])('decides nothing for %j', async (repo) => {
    await build({ repo });
    expect(projectIn()).toEqual({ hasTrustDialogAccepted: true });
    expect(readJson(own('settings.json'))).toEqual({ hooks: { Stop: ['ours'] } });
  });

  it('goes by the real path of a folder that is yet to be made', async () => {
    symlinkSync(home.missions, join(home.root, 'link'));
    await build({ workDir: join(home.root, 'link', 'yet', 'agent') });
    expect(Object.keys(readJson(own('.claude.json')).projects ?? {})).toEqual([
      join(home.missions, 'yet', 'agent'),
    ]);
  });

  it('lies where the client keeps it', () => {
    const user = join(home.root, 'home');
    expect(claudeJsonPath(home.claude, user)).toBe(home.claudeJson);
    expect(claudeJsonPath(`${home.claude}/`, user)).toBe(home.claudeJson);
    expect(claudeJsonPath('/elsewhere', user)).toBe('/elsewhere/.claude.json');
    put('.config.json', '{}');
    expect(claudeJsonPath(home.claude, user)).toBe(join(home.claude, '.config.json'));
  });
});

describe('a launch', () => {
  it("brings over what the user changed, and keeps what the mission's Claude did", async () => {
    writeFileSync(home.claudeJson, JSON.stringify({ theme: 'dark', mcpServers: { a: 1 } }));
    put('settings.json', { model: 'opus', env: { A: '1' } });
    put('CLAUDE.md', 'first');
    for (const name of ['changed', 'went', 'changedByMission', 'deletedByMission'])
      put(`agents/${name}.md`, name);
    put('agents/sub/went.md', 'only one');
    await build();

    writeFileSync(home.claudeJson, JSON.stringify({ theme: 'light', mcpServers: { a: 1, b: 2 } }));
    put('settings.json', { model: 'opus', env: { A: '2' } });
    put('CLAUDE.md', 'second, longer');
    put('agents/changed.md', 'changed by the user');
    put('agents/new.md', 'new');
    put('agents/changedByMission.md', 'by both');
    rmSync(join(home.claude, 'agents/went.md'));
    rmSync(join(home.claude, 'agents/sub'), { recursive: true });
    put('plugins/x.json', '{}');

    writeFileSync(own('agents/changedByMission.md'), 'by the mission');
    writeFileSync(own('agents/own.md'), 'own');
    rmSync(own('agents/deletedByMission.md'));
    const mission = readJson(own('.claude.json'));
    writeFileSync(
      own('.claude.json'),
      JSON.stringify({ ...mission, numStartups: 7, mcpServers: { a: 1, own: 3 } }),
    );
    writeFileSync(own('settings.json'), JSON.stringify({ model: 'haiku', env: { A: '1' } }));

    for (const launch of [1, 2]) {
      expect(await refresh(), `launch ${launch}`).toEqual([]);
      expect(read('CLAUDE.md')).toBe('second, longer');
      expect(Object.keys(treeOf(own('agents')))).toEqual([
        'changed.md',
        'changedByMission.md',
        'new.md',
        'own.md',
      ]);
      expect(read('agents/changed.md')).toBe('changed by the user');
      expect(read('agents/changedByMission.md')).toBe('by the mission');
      expect(readJson(own('.claude.json'))).toEqual({
        theme: 'light',
        numStartups: 7,
        hasSeenAutoDefaultNudge: true,
        mcpServers: { a: 1, b: 2, own: 3 },
        projects: { [workDir]: { hasTrustDialogAccepted: true } },
      });
      expect(readJson(own('settings.json'))).toEqual({
        model: 'haiku',
        env: { A: '2' },
        hooks: { Stop: ['ours'] },
      });
      expect(existsSync(own('plugins/x.json'))).toBe(true);
    }
  });

  it('writes nothing if nothing changed', async () => {
    put('agents/a.md', 'a');
    put('settings.json', { model: 'opus' });
    await build();
    await refresh();
    const before = treeOf(target);
    delete before['.agenc-bar.json'];
    expect(await refresh()).toEqual([]);
    expect(treeOf(target)).toMatchObject(before);
  });

  it("takes nothing away where the user's config cannot be read", async () => {
    writeFileSync(home.claudeJson, JSON.stringify({ mcpServers: { a: 1 } }));
    put('agents/a.md', 'a');
    put('settings.json', { model: 'opus' });
    await build();
    const before = [read('.claude.json'), read('settings.json'), read('agents/a.md')];
    writeFileSync(home.claudeJson, '{');
    rmSync(home.claude, { recursive: true });
    expect(await refresh()).toEqual([expect.stringContaining(home.claudeJson)]);
    expect([read('.claude.json'), read('settings.json'), read('agents/a.md')]).toEqual(before);
    rmSync(home.claudeJson);
    expect(await refresh()).toEqual([]);
    expect([read('.claude.json'), read('settings.json'), read('agents/a.md')]).toEqual(before);
  });

  it('never writes through a link that lies in the mission', async () => {
    put('agents/a.md', 'a');
    put('CLAUDE.md', 'mine');
    await build();
    const victim = home.put('victim/a.md', 'a');
    rmSync(own('agents'), { recursive: true });
    symlinkSync(dirname(victim), own('agents'));
    rmSync(own('CLAUDE.md'));
    symlinkSync(victim, own('CLAUDE.md'));
    put('agents/a.md', 'changed');
    put('agents/b.md', 'new');
    put('CLAUDE.md', 'changed');
    await refresh();
    expect(readFileSync(victim, 'utf8')).toBe('a');
    rmSync(join(home.claude, 'agents'), { recursive: true });
    await refresh();
    expect(Object.keys(treeOf(dirname(victim)))).toEqual(['a.md']);
    expect(readFileSync(victim, 'utf8')).toBe('a');
  });

  it('gives a config that was not built here the hooks and the trust, nothing else', async () => {
    put('agents/a.md', 'a');
    put('settings.json', { model: 'opus' });
    mkdirSync(target);
    writeFileSync(own('settings.json'), '{"theirs":1}');
    expect(await refresh()).toEqual([]);
    expect(Object.keys(treeOf(target))).toEqual(['.claude.json', 'settings.json']);
    expect(readJson(own('settings.json'))).toEqual({ theirs: 1, hooks: { Stop: ['ours'] } });
    expect(projectIn()).toEqual({ hasTrustDialogAccepted: true });
  });

  it('lets no mission ask whether auto mode should be the default', async () => {
    put('../.claude.json', '{"hasSeenAutoDefaultNudge":false}');
    await build();
    expect(readJson(own('.claude.json')).hasSeenAutoDefaultNudge).toBe(true);
    rmSync(target, { recursive: true });
    mkdirSync(target);
    await refresh();
    expect(readJson(own('.claude.json')).hasSeenAutoDefaultNudge).toBe(true);
  });

  it('puts nothing that a link of the mission leads to into the mission', async () => {
    mkdirSync(target);
    const secret = home.put('other-program.json', { auths: 'FAKE-SECRET-3' });
    for (const name of ['settings.json', '.claude.json']) {
      rmSync(own(name), { force: true });
      symlinkSync(secret, own(name));
      expect(await refresh()).toEqual(
        expect.arrayContaining([expect.stringMatching(`${name}.* is a symbolic link`)]),
      );
      expect(lstatSync(own(name)).isSymbolicLink()).toBe(true);
    }
    expect(readJson(secret)).toEqual({ auths: 'FAKE-SECRET-3' });
  });

  it('writes nothing into the user’s own config when that is what the mission’s is a link to', async () => {
    put('settings.json', { model: 'opus' });
    put('CLAUDE.md', 'mine');
    const before = treeOf(home.root);
    symlinkSync(home.claude, target);
    expect(await refresh()).toEqual([expect.stringContaining(`${target} is a link`)]);
    rmSync(target);
    const after = treeOf(home.root);
    for (const path of Object.keys(before).filter((one) => one.startsWith('home/')))
      expect([path, after[path]]).toEqual([path, before[path]]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
  });

  it('trusts no folder of the user’s that the mission put a link to in the place of its work', async () => {
    await build();
    const project = join(home.root, 'project');
    mkdirSync(project);
    rmSync(workDir, { recursive: true });
    symlinkSync(project, workDir);
    expect(await refresh()).toEqual([expect.stringContaining(`${workDir} is a link`)]);
    expect(readJson(own('.claude.json')).projects).not.toHaveProperty([project]);
  });

  it.each([
    '../../../../victim/precious',
    '/victim/precious',
    'agents/../../../../../victim/precious',
  ])('removes no file of the user’s that the mission wrote into its record (%s)', async (name) => {
    put('CLAUDE.md', 'mine');
    await build();
    const victim = home.put('victim/precious', 'x', 0o600);
    const { size, mtimeMs, mode } = statSync(victim);
    const own_ = `${size} ${mtimeMs} ${(mode & 0o777).toString(8)}`;
    const record = readJson(own('.agenc-bar.json'));
    const path = name.startsWith('/') ? victim : name;
    const files = { ...(record.files as object), [path]: { source: 'x', own: own_ } };
    writeFileSync(own('.agenc-bar.json'), JSON.stringify({ ...record, files }));
    expect(await refresh()).toEqual([expect.stringContaining('.agenc-bar.json is not as')]);
    expect(readFileSync(victim, 'utf8')).toBe('x');
  });

  it('does not wait for a pipe in the place of any file of the mission’s', async () => {
    put('CLAUDE.md', 'mine');
    put('settings.json', { model: 'opus' });
    await build();
    for (const name of ['CLAUDE.md', 'settings.json', '.claude.json', '.agenc-bar.json']) {
      rmSync(own(name));
      execFileSync('mkfifo', [own(name)]);
    }
    expect((await refresh()).join()).toContain('.agenc-bar.json is not a regular file');
    rmSync(own('.agenc-bar.json'));
    const warnings = await refresh();
    expect(warnings.join()).toContain('settings.json is not a regular file');
    expect(warnings.join()).toContain('.claude.json is not a regular file');
  });

  it("leaves the mission's own damaged file to the client, and is never prevented", async () => {
    put('CLAUDE.md', 'first');
    await build();
    writeFileSync(own('.claude.json'), '{"half');
    expect(await refresh()).toEqual([expect.stringContaining(own('.claude.json'))]);
    expect(read('.claude.json')).toBe('{"half');
    writeFileSync(own('.agenc-bar.json'), 'damaged');
    expect(await refresh()).toEqual([expect.stringContaining('.agenc-bar.json')]);
    rmSync(target, { recursive: true });
    writeFileSync(target, 'a file in its place');
    expect((await refresh()).length).toBe(1);
  });

  it('goes on following a file that was brought by a launch that was killed', async () => {
    put('CLAUDE.md', 'first');
    await build();
    put('CLAUDE.md', 'second');
    writeFileSync(own('CLAUDE.md'), 'second');
    await refresh();
    put('CLAUDE.md', 'third');
    chmodSync(join(home.claude, 'CLAUDE.md'), 0o600);
    await refresh();
    expect(read('CLAUDE.md')).toBe('third');
    expect(statSync(own('CLAUDE.md')).mode & 0o777).toBe(0o600);
  });
});
