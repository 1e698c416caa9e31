import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTerminal } from '../../main/terminals/openTerminal.ts';
import type { TerminalRequest } from '../../main/terminals/terminal.ts';
import { until } from '../support/until.ts';
import { ODD_NAME, ODD_WORDS, request, runsIn, TOUCHED } from './support.ts';

const exec = promisify(execFile);
const whyNot = spawnSync('tmux', ['-V']).status === 0 ? null : 'there is no tmux on PATH';
if (whyNot !== null) console.warn(`tmux is not tested: ${whyNot}`);
const skipped = whyNot === null ? '' : ` (skipped: ${whyNot})`;

describe.skipIf(whyNot !== null)(`a real tmux${skipped}`, () => {
  let root: string;
  let cwd: string;
  let recorder: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'agenc-bar-'));
    cwd = join(root, ODD_NAME);
    mkdirSync(cwd);
    recorder = join(root, "rec=order's $x");
    const note = `printf '%s\\0' "$(($# + 2))" "$PWD" "$ODD" "$@" >"$SEEN.new"`;
    const lines = ['#!/bin/sh', note, 'mv "$SEEN.new" "$SEEN"', 'exec sleep 60', ''];
    writeFileSync(recorder, lines.join('\n'), { mode: 0o755 });
    const rest = { HOME: root, TMUX_TMPDIR: root, TERM: 'xterm', LANG: 'C.UTF-8' };
    env = { PATH: process.env.PATH, ...rest };
  });

  afterEach(async () => {
    await tmux('kill-server').catch(() => undefined);
    rmSync(root, { recursive: true, force: true });
  });

  async function tmux(...args: string[]): Promise<string> {
    const { stdout } = await exec('tmux', ['-f', '/dev/null', ...args], { env });
    return stdout.trimEnd();
  }

  /** A command that notes its folder, a variable and its arguments, and stays. */
  function recording(name: string, words: readonly string[]): TerminalRequest {
    const variables = { ODD: ODD_NAME, SEEN: join(root, name) };
    return request({ argv: [recorder, ...words], cwd, env: variables, title: ODD_NAME });
  }

  async function seen(name: string): Promise<string[] | undefined> {
    await until('the command runs', () => existsSync(join(root, name)));
    return runsIn(readFileSync(join(root, name), 'utf8'))[0];
  }

  it('opens a window in the session of the user, with the very words', async () => {
    await tmux('new-session', '-d', '-s', 'other');
    await tmux('new-session', '-d', '-s', 'mine');
    const inMine = await tmux(
      'display',
      '-p',
      '-t',
      'mine:',
      '#{socket_path},#{pid},#{session_id}',
    );
    const inTmux = { ...env, TMUX: inMine.replace('$', '') };
    const asked = recording('seen', ODD_WORDS);
    const opened = await openTerminal({
      ...{ setting: 'auto', request: asked, env: inTmux, inTerminal: true },
    });
    expect(opened).toEqual({ terminal: 'tmux' });
    expect(await seen('seen')).toEqual([cwd, ODD_NAME, ...ODD_WORDS]);
    const windows = await tmux(
      'list-windows',
      '-t',
      'mine:',
      '-F',
      '#{window_active} #{window_name}',
    );
    expect(windows.split('\n').at(-1)).toBe('1 it\'s $HOME "a\\b" #(id) #{x} 🙂 %n;');
    expect(await tmux('list-windows', '-t', 'other:')).not.toContain('\n');
    expect(existsSync(TOUCHED)).toBe(false);
  });

  it('every word alone, last of all: none starts another tmux command', async () => {
    await tmux('new-session', '-d');
    const socket = await tmux('display', '-p', '#{socket_path},#{pid},0');
    const words = ODD_WORDS.filter((word) => /[;#\\]|^-/.test(word));
    for (const [index, word] of words.entries()) {
      const asked = recording(`seen${index}`, [word]);
      await openTerminal({
        ...{ setting: 'tmux', request: asked, env: { ...env, TMUX: socket }, inTerminal: true },
      });
    }
    for (const [index, word] of words.entries())
      expect(await seen(`seen${index}`)).toEqual([cwd, ODD_NAME, word]);
  });

  it('makes a session where the user is in none, and says how to attach to it', async () => {
    const asked = recording('seen', ODD_WORDS);
    const opened = await openTerminal({
      ...{ setting: 'tmux', request: asked, env: { ...env, TMUX: 'x,1,9' }, inTerminal: false },
    });
    expect(await seen('seen')).toEqual([cwd, ODD_NAME, ...ODD_WORDS]);
    const session = /^It runs in tmux\. To see it: tmux attach -t '(\$\d+)'$/.exec(
      opened.note ?? '',
    )?.[1];
    expect(await tmux('list-sessions', '-F', '#{session_id} #{session_attached}')).toBe(
      `${session} 0`,
    );
  });

  it('tells tmux’s own words where the session is gone', async () => {
    await tmux('new-session', '-d');
    const socket = await tmux('display', '-p', '#{socket_path},#{pid},77');
    const asked = recording('seen', []);
    await expect(
      openTerminal({
        ...{ setting: 'tmux', request: asked, env: { ...env, TMUX: socket }, inTerminal: true },
      }),
    ).rejects.toThrow(/^tmux could not be opened: exit code 1: .*\$77/);
  });
});
