import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMissionSecrets } from '../../main/missions/missionSecrets.ts';
import { UserError } from '../../main/system/userError.ts';
import { childCommand } from '../../main/wrapper/childCommand.ts';
import { callWrapper } from '../../main/wrapper/client.ts';
import { findClaude } from '../../main/wrapper/findProgram.ts';
import { fakeToken } from '../support/fake.ts';
import { createScene, type Scene } from './scene.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => scene.end());

describe('findClaude', () => {
  it('takes the setting, before PATH', () => {
    const path = scene.program('my-claude', '#!/bin/sh\n');
    expect(findClaude(path, { PATH: scene.bin })).toBe(path);
  });

  it('says where there is none, and what to set', () => {
    expect(() => findClaude('/nowhere/claude', { PATH: scene.bin })).toThrow(
      'There is no claude at /nowhere/claude: set "claudePath" in bar/settings.json',
    );
    expect(() => findClaude(scene.bin, {})).toThrow(UserError);
  });

  it('finds the first that can be run on PATH', () => {
    const other = join(scene.root, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'claude'), 'no program', { mode: 0o600 });
    expect(findClaude(null, { PATH: `relative:${other}:${scene.bin}` })).toBe(
      join(scene.bin, 'claude'),
    );
  });

  it('says where it was looked for, and what to do', () => {
    expect(() => findClaude(null, { PATH: '/nowhere:/elsewhere' })).toThrow(
      'There is no claude on PATH (looked in /nowhere, /elsewhere): install Claude Code, or set "claudePath"',
    );
    expect(() => findClaude(null, {})).toThrow('PATH is empty');
  });
});

describe('the token', () => {
  const command = () =>
    childCommand({
      mission: scene.mission,
      claude: '/bin/claude',
      headless: false,
      continued: false,
      env: { PATH: '' },
      tokenPath: scene.tokenPath,
    });

  it('comes without the white space of a paste', () => {
    const token = fakeToken('oauth');
    writeFileSync(scene.tokenPath, ` ${token.slice(0, 9)}\n${token.slice(9)}\n`);
    expect(command().env.CLAUDE_CODE_OAUTH_TOKEN).toBe(token);
  });

  it('is not set where there is none', () => {
    expect(command().env).not.toHaveProperty('CLAUDE_CODE_OAUTH_TOKEN');
    writeFileSync(scene.tokenPath, '\n');
    expect(command().env).not.toHaveProperty('CLAUDE_CODE_OAUTH_TOKEN');
  });

  it.skipIf(process.getuid?.() === 0)('that cannot be read is an error', () => {
    writeFileSync(scene.tokenPath, 'x');
    chmodSync(scene.tokenPath, 0);
    expect(command).toThrow(UserError);
  });
});

describe('the entry that Claude uses', () => {
  const envWith = (sharedDir: string | null) =>
    childCommand({
      mission: scene.mission,
      claude: '/bin/claude',
      headless: false,
      continued: false,
      env: { PATH: '', CLAUDE_SECURESTORAGE_CONFIG_DIR: '/of/the/user' },
      tokenPath: scene.tokenPath,
      sharedDir,
    }).env;

  it('is its mission’s own, whatever the user’s shell says', () => {
    expect(envWith(null)).not.toHaveProperty('CLAUDE_SECURESTORAGE_CONFIG_DIR');
    expect(envWith(null).CLAUDE_CONFIG_DIR).toBe(scene.mission.configDir);
  });

  it('is the shared one where there is one; all else stays its own', () => {
    expect(envWith('/global')).toMatchObject({
      CLAUDE_SECURESTORAGE_CONFIG_DIR: '/global',
      CLAUDE_CONFIG_DIR: scene.mission.configDir,
    });
  });
});

describe('secrets.env', () => {
  const TEXT = 'FROM_OP=op://vault/item/field\n';
  const approvedSecrets = hash('sha256', TEXT);
  let secrets: string;
  let copy: string;
  beforeEach(() => {
    secrets = join(scene.mission.workDir, '.claude', 'secrets.env');
    copy = join(scene.root, 'bar', 'runs', `${scene.mission.id}.env`);
    mkdirSync(dirname(secrets));
    writeFileSync(secrets, TEXT);
  });

  it('that the mission wrote or changed is not handed to op, and that is said', async () => {
    scene.program('op', `#!/bin/sh\ntouch '${scene.root}/asked'\nshift 5\n"$@"\n`);
    const path = `${scene.bin}:${process.env.PATH}`;
    for (const given of [{}, { approvedSecrets: hash('sha256', 'FROM_OP=op://other\n') }]) {
      const wrapper = scene.start({ env: { PATH: path }, claudeDoes: 'exit 0', ...given });
      expect(await wrapper.exited).toBe(0);
      expect(wrapper.output()).toContain('you have not approved it as it is');
      expect(scene.file('wrapper.log')).toContain('you have not approved it as it is');
    }
    expect(existsSync(join(scene.root, 'asked'))).toBe(false);
    expect(scene.trace().filter(({ what }) => what === 'claude-start')).toHaveLength(2);
  });

  it('that the mission changes while it is restarted is not handed to op', async () => {
    scene.program('op', `#!/bin/sh\ncat "$3" >> '${scene.root}/asked'\nshift 5\n"$@"\n`);
    const path = `${scene.bin}:${process.env.PATH}`;
    const wrapper = scene.start({ env: { PATH: path }, approvedSecrets });
    await scene.traced('claude-ready');
    writeFileSync(secrets, 'STOLEN=op://Private/bank/password\n');
    await callWrapper(scene.mission, 'restart', { mode: 'hard' });
    await scene.traced('claude-ready', 2);
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(readFileSync(join(scene.root, 'asked'), 'utf8')).toBe(TEXT);
    expect(wrapper.output()).toContain('you have not approved it as it is');
  });

  it('is read by op as it was approved, whatever the mission makes of it just then', async () => {
    // As a process that an earlier Claude left behind would: between our look and op's.
    scene.program(
      'op',
      `#!/bin/sh\necho 'STOLEN=op://Private/bank/password' > '${secrets}'\ncat "$3" > '${scene.root}/read'\nshift 5\n"$@"\n`,
    );
    const path = `${scene.bin}:${process.env.PATH}`;
    const wrapper = scene.start({ env: { PATH: path }, claudeDoes: 'exit 0', approvedSecrets });
    expect(await wrapper.exited).toBe(0);
    expect(readFileSync(join(scene.root, 'read'), 'utf8')).toBe(TEXT);
    expect(existsSync(copy), 'the copy goes with the run').toBe(false);
  });

  it('needs op, and says so', async () => {
    const wrapper = scene.start({ env: { PATH: '/nowhere' }, approvedSecrets });
    expect(await wrapper.exited).toBe(1);
    expect(wrapper.output()).toContain('needs the 1Password command "op", which is not on PATH');
    expect(scene.trace()).toEqual([]);
    expect(scene.file('pid')).toBeNull();
  });

  it.each<[string, (secrets: string) => void]>([
    [
      'a pipe',
      (path) => {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'a link to another project’s secrets',
      (path) => {
        renameSync(path, join(scene.root, 'other.env'));
        symlinkSync(join(scene.root, 'other.env'), path);
      },
    ],
    [
      'in another project’s folder, to which a link leads',
      (path) => {
        renameSync(dirname(path), join(scene.root, 'other'));
        symlinkSync(join(scene.root, 'other'), dirname(path));
      },
    ],
  ])('that is %s is not handed to op', (_, make) => {
    make(secrets);
    expect(() => readMissionSecrets(scene.mission.folder)).toThrow(
      'is no regular file, or is reached through a link',
    );
  });

  it('is read by op, and nothing of it gets into argv', async () => {
    const secret = fakeToken('op');
    scene.program('secret', `#!/bin/sh\necho ${secret}\n`);
    // Runs what comes after `--`, as op does: as a child.
    scene.program(
      'op',
      `#!/bin/sh
[ "$1 $2 $3 $4 $5" = "run --env-file ${copy} --no-masking --" ] || exit 9
shift 5
export FROM_OP="$(${scene.bin}/secret)"
"$@"
`,
    );
    const path = `${scene.bin}:${process.env.PATH}`;
    const wrapper = scene.start({ env: { PATH: path }, resume: true, approvedSecrets });
    const [start] = await scene.traced('claude-start');
    expect(start).toMatchObject({ args: ['--continue'], secret });
    expect(String(start?.cmdline)).not.toContain(secret);
    await scene.traced('claude-ready');
    // The signal is for Claude: op ends once that has.
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
    expect(scene.file('wrapper.log')).not.toContain(secret);
  });

  it('killed, Claude goes with its op', async () => {
    scene.program('op', '#!/bin/sh\nshift 5\n"$@"\n');
    const path = `${scene.bin}:${process.env.PATH}`;
    const wrapper = scene.start({
      env: { PATH: path },
      approvedSecrets,
      claudeDoes: 'ignore SIGTERM wait',
      limits: { graceMs: 200 },
    });
    await scene.traced('claude-ready');
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
  });
});
