import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../main/system/userError.ts';
import { typedLine } from '../../main/terminals/appleScript.ts';
import { openTerminal } from '../../main/terminals/openTerminal.ts';
import { until } from '../support/until.ts';
import { ODD_NAME, ODD_WORDS, request, runsIn } from './support.ts';

let root: string;
let bin: string;
let cwd: string;
let env: Record<string, string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-'));
  bin = join(root, 'bin');
  cwd = join(root, ODD_NAME);
  for (const folder of [bin, cwd]) mkdirSync(folder);
  env = { PATH: bin, HOME: root, DISPLAY: ':0', SEEN: join(root, 'seen') };
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A terminal that notes its folder, what it has of TMUX, its arguments, and then does this. */
function fakeTerminal(name: string, then = ''): void {
  const note = `printf '%s\\0' "$(($# + 2))" "$PWD" "\${TMUX-none}" "$@" >"$SEEN"`;
  writeFileSync(join(bin, name), `#!/bin/sh\n${note}\n${then}\n`);
  chmodSync(join(bin, name), 0o755);
}

function seen(): string[] | undefined {
  return runsIn(readFileSync(join(root, 'seen'), 'utf8'))[0];
}

function open(setting: string, platform: NodeJS.Platform = 'linux') {
  const asked = request({ argv: ['/bin/x', ...ODD_WORDS], cwd, env: { ODD: ODD_NAME } });
  return openTerminal({ setting, request: asked, env, inTerminal: true, platform });
}

const COMMAND = ['/usr/bin/env', `ODD=${ODD_NAME}`, '/bin/x', ...ODD_WORDS];

describe('opening a terminal', () => {
  it('starts the one that is set, in the folder, with the command as its arguments', async () => {
    fakeTerminal('xterm');
    expect(await open('xterm')).toEqual({ terminal: 'xterm' });
    expect(seen()).toEqual([cwd, 'none', '-T', 'fix login', '-e', ...COMMAND]);
  });

  it('starts the first that is there', async () => {
    fakeTerminal('konsole');
    fakeTerminal('xterm');
    expect(await open('auto')).toEqual({ terminal: 'Konsole' });
  });

  it('does not hand on which terminal it was asked from', async () => {
    fakeTerminal('xterm');
    env.TMUX = '/tmp/none,1,0';
    await open('xterm');
    expect(seen()?.[1]).toBe('none');
  });

  it('does not wait for the end of a terminal, nor end it', async () => {
    const untilTold = 'until [ -e "$SEEN.end" ]; do /bin/sleep 0.05; done';
    fakeTerminal('xterm', `${untilTold}; echo more; echo more; : >"$SEEN.later"`);
    await open('xterm');
    writeFileSync(join(root, 'seen.end'), '');
    await until('the terminal lived on', () => existsSync(join(root, 'seen.later')));
  });

  it('gives osascript its script, and waits for it', async () => {
    fakeTerminal('osascript', '/bin/cat >"$SEEN.stdin"; /bin/sleep 2.5; : >"$SEEN.ended"');
    const asked = request({ cwd, title: '-x' });
    const opened = openTerminal({
      ...{ setting: 'terminal', request: asked, env, inTerminal: false, platform: 'darwin' },
    });
    expect(await opened).toEqual({ terminal: 'Terminal' });
    expect(readFileSync(join(root, 'seen.ended'), 'utf8')).toBe('');
    expect(seen()?.slice(2)).toEqual(['-', typedLine(asked), '-x']);
    expect(readFileSync(join(root, 'seen.stdin'), 'utf8')).toMatch(/^on run argv\n/);
  });

  it('finds iTerm2 in the user’s own Applications', async () => {
    fakeTerminal('osascript');
    mkdirSync(join(root, 'Applications', 'iTerm.app'), { recursive: true });
    expect(await open('auto', 'darwin')).toEqual({ terminal: 'iTerm2' });
  });
});

describe('a terminal that cannot be opened', () => {
  it('fails at once: its last words', async () => {
    fakeTerminal('xterm', "echo 'cannot open' >&2; echo 'display :0' >&2; exit 3");
    await expect(open('xterm')).rejects.toThrow(
      new UserError('xterm could not be opened: exit code 3: cannot open: display :0.'),
    );
  });

  it('fails without a word', async () => {
    fakeTerminal('xterm', 'kill -9 $$');
    await expect(open('xterm')).rejects.toThrow('xterm could not be opened: ended by SIGKILL.');
  });

  it('says much: the end of it', async () => {
    const many = 'i=0; while [ $i -lt 999 ]; do echo line $i; i=$((i+1)); done; exit 1';
    fakeTerminal('xterm', many);
    const message = await open('xterm').then(String, String);
    expect(message).toContain('exit code 1: line 996: line 997: line 998.');
  });

  it('is refused by macOS: how to allow it', async () => {
    fakeTerminal('osascript', 'echo "Not authorized to send Apple events. (-1743)" >&2; exit 1');
    const asked = request({ cwd });
    await expect(
      openTerminal({
        ...{ setting: 'terminal', request: asked, env, inTerminal: false, platform: 'darwin' },
      }),
    ).rejects.toThrow('Allow it in System Settings, Privacy & Security, Automation.');
  });

  it('is no program', async () => {
    writeFileSync(join(bin, 'xterm'), 'not a program', { mode: 0o755 });
    const error = await open('xterm').then(String, (failure) => failure);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain('xterm could not be opened');
  });

  it('cannot take so much', async () => {
    fakeTerminal('xterm');
    const asked = request({ argv: ['/bin/x', 'y'.repeat(3_000_000)], cwd });
    const opened = openTerminal({
      ...{ setting: 'xterm', request: asked, env, inTerminal: true, platform: 'linux' },
    });
    await expect(opened).rejects.toThrow(/^xterm could not be opened: spawn E2BIG\.$/);
  });

  it('is not there', async () => {
    writeFileSync(join(bin, 'kitty'), '', { mode: 0o644 });
    mkdirSync(join(bin, 'xterm'));
    await expect(open('kitty')).rejects.toThrow('kitty was not found');
    await expect(open('xterm')).rejects.toThrow('xterm was not found');
    await expect(open('auto')).rejects.toThrow('No terminal was found');
  });

  it.each(['gone', '../x'])('has no folder to open in: %s', async (folder) => {
    fakeTerminal('xterm');
    const asked = request({ cwd: folder === 'gone' ? join(root, 'gone') : folder });
    await expect(
      openTerminal({ setting: 'auto', request: asked, env, inTerminal: true, platform: 'linux' }),
    ).rejects.toThrow('There is no folder');
  });
});
