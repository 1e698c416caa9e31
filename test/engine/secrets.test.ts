import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretsLines } from '../../main/service/secretsQuestion.ts';
import { git, makeRepository } from '../missions/makeHome.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { CLI } from '../support/engineProcess.ts';
import { fakeToken } from '../support/fake.ts';
import { until } from '../support/until.ts';

/* A mission's `secrets.env`, the real command, and programs that stand in for `op` and `claude`. */

let world: World;
let bin: string;
beforeEach(() => {
  world = makeWorld();
  bin = join(world.root, 'bin');
  mkdirSync(bin);
  program('op', `cat "$3" >> '${world.root}/asked'\nshift 5\n"$@"`);
  const claude = program('claude', `touch '${world.root}/started'\ncat > /dev/null < /dev/null`);
  world.writeSettings({ claudePath: claude });
});
afterEach(() => world.cleanup());

function program(name: string, does: string): string {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${does}\n`);
  chmodSync(path, 0o755);
  return path;
}

const env = () => ({ PATH: `${bin}:${process.env.PATH}` });
/** All that `op` was asked for. */
const asked = () =>
  existsSync(join(world.root, 'asked')) ? readFileSync(join(world.root, 'asked'), 'utf8') : '';
const hasStarted = () => existsSync(join(world.root, 'started'));

async function make(...options: string[]): Promise<{ id: string; secrets: string }> {
  const made = await world.run(['mission', 'new', 'fix login', ...options, '--json']);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const { id } = made.json as { id: string };
  const folder = join(world.paths.missions, id, 'agent', '.claude');
  mkdirSync(folder, { recursive: true });
  return { id, secrets: join(folder, 'secrets.env') };
}

const runHeadless = (id: string) =>
  world.run(['mission', 'run', id, '--headless', '--prompt', 'Do it.'], env());

/** Runs a mission in a terminal of its own, and types once the question stands there. @returns what was shown */
async function runInTerminal(id: string, answer: string | null): Promise<string> {
  const command = `exec '${process.execPath}' '${CLI}' mission run '${id}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...world.env, ...env(), TERM: 'xterm' },
    stdio: 'pipe',
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
  const closed = once(child, 'close');
  if (answer !== null) {
    await until(`the question (so far: ${text})`, () => text.includes('[y/N]'));
    child.stdin.write(answer);
  }

  await closed;
  return text;
}

describe('secrets.env that nobody has approved', () => {
  it('written by the mission, has no vault item read at the next headless run', async () => {
    const { id, secrets } = await make();
    writeFileSync(secrets, 'STOLEN=op://Private/bank/password\n');
    const run = await runHeadless(id);
    expect([run.code, asked(), hasStarted()]).toEqual([1, '', false]);
    expect(run.stderr).toContain('has not been approved, and there is no terminal here to ask you');
    expect(run.stderr).toContain(`agenc-bar mission run ${id}`);
  });

  it('brought by a repository, is the repository’s word, not the user’s', async () => {
    const repository = makeRepository(join(world.root, 'app'));
    mkdirSync(join(repository, '.claude'));
    writeFileSync(
      join(repository, '.claude', 'secrets.env'),
      'STOLEN=op://Private/bank/password\n',
    );
    git(repository, 'add', '.');
    git(repository, 'commit', '-m', 'secrets');
    const { id, secrets } = await make('--repo', repository);
    expect(existsSync(secrets)).toBe(true);
    expect((await runHeadless(id)).code).toBe(1);
    expect([asked(), hasStarted()]).toEqual(['', false]);
  });

  it('in a mission of another program is asked about, shown harmlessly, and used from then on as it is', async () => {
    const folder = join(world.paths.missions, 'theirs');
    for (const name of ['claude-config', 'agent/.claude'])
      mkdirSync(join(folder, name), { recursive: true });
    const secrets = join(folder, 'agent', '.claude', 'secrets.env');
    const plain = fakeToken('password');
    const text = `PLAIN=${plain}\nSTOLEN=op://Private/\u001b[2Jbank/password\n`;
    writeFileSync(secrets, text);
    const shown = await runInTerminal('theirs', 'y\r');
    expect(shown).toContain('STOLEN=op://Private/�[2Jbank/password');
    expect(shown).toContain('PLAIN=(a plain value)');
    expect(shown).not.toContain(plain);
    expect(asked()).toBe(text);
    expect((await runHeadless('theirs')).code).toBe(0);
    expect(asked(), 'not asked again').toBe(text + text);
    expect(readdirSync(join(world.paths.root, 'bar', 'runs'))).toEqual([]);
    writeFileSync(secrets, `${text}MORE=op://Private/bank/pin\n`);
    const changed = await runHeadless('theirs');
    expect(changed.stderr).toContain('was changed since you approved it');
    expect(asked()).toBe(text + text);
    expect((await world.run(['mission', 'rm', 'theirs', '--delete-work'])).code).toBe(0);
    expect(readdirSync(world.paths.missionNotes)).toEqual([]);
  });

  it('is left out after a no, and asked about again', async () => {
    const { id, secrets } = await make();
    writeFileSync(secrets, 'STOLEN=op://Private/bank/password\n');
    for (let launch = 1; launch <= 2; launch += 1) {
      const shown = await runInTerminal(id, '\r');
      expect(shown).toContain('Claude starts without what');
      expect([asked(), hasStarted()]).toEqual(['', true]);
    }
  });

  it('Ctrl-C at the question starts nothing', async () => {
    const { id, secrets } = await make();
    writeFileSync(secrets, 'STOLEN=op://Private/bank/password\n');
    expect(await runInTerminal(id, '\u0003')).toContain('Not started');
    expect([asked(), hasStarted()]).toEqual(['', false]);
  });
});

describe('what is shown of a secrets.env', () => {
  const linesOf = (text: string) => secretsLines({ path: 'secrets.env', bytes: Buffer.from(text) });

  it('is every reference, however it is written, and no value that is nothing but itself', () => {
    const token = fakeToken('plain');
    expect(
      linesOf(
        `A=${token}\r\nexport B="two words"\n\n# C=op://x/y/z\n D = "op://x/y/z" \nE=$HOME\nop://x`,
      ),
    ).toEqual([
      'A=(a plain value)',
      'B=(a plain value)',
      '# C=op://x/y/z',
      ' D = "op://x/y/z" ',
      'E=$HOME',
      'op://x',
    ]);
  });

  it.each([
    ['thousands of lines', 'A=op://a/b/c\n'.repeat(101)],
    ['a line without end', `A=op://a/b/c${'/d'.repeat(400)}`],
  ])('is all of it or nothing: %s can be approved by nobody', (_, text) => {
    expect(() => linesOf(text)).toThrow('cannot be shown in full');
  });
});
