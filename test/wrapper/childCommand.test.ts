import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../main/system/userError.ts';
import { childCommand } from '../../main/wrapper/childCommand.ts';
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
  let secrets: string;
  beforeEach(() => {
    secrets = join(scene.mission.workDir, '.claude', 'secrets.env');
    mkdirSync(dirname(secrets));
    writeFileSync(secrets, 'FROM_OP=op://vault/item/field\n');
  });

  it('needs op, and says so', async () => {
    const wrapper = scene.start({ env: { PATH: '/nowhere' } });
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
    scene.program('op', '#!/bin/sh\n');
    const env = { PATH: scene.bin };
    const { mission, tokenPath } = scene;
    const options = { mission, claude: '/c', headless: false, continued: false, env, tokenPath };
    expect(() => childCommand(options)).toThrow('is no regular file, or is reached through a link');
  });

  it('is read by op, and nothing of it gets into argv', async () => {
    const secret = fakeToken('op');
    scene.program('secret', `#!/bin/sh\necho ${secret}\n`);
    // Runs what comes after `--`, as op does: as a child.
    scene.program(
      'op',
      `#!/bin/sh
[ "$1 $2 $3 $4 $5" = "run --env-file ${secrets} --no-masking --" ] || exit 9
shift 5
export FROM_OP="$(${scene.bin}/secret)"
"$@"
`,
    );
    const path = `${scene.bin}:${process.env.PATH}`;
    const wrapper = scene.start({ env: { PATH: path }, resume: true });
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
      claudeDoes: 'ignore SIGTERM wait',
      limits: { graceMs: 200 },
    });
    await scene.traced('claude-ready');
    wrapper.process.kill('SIGTERM');
    await wrapper.exited;
    expect(scene.trace().at(-1)).toMatchObject({ what: 'writeBack', claudeLives: false });
  });
});
