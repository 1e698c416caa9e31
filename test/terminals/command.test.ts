import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { shellQuote } from '../../main/system/shellQuote.ts';
import { itermCommand, MAX_TYPED_BYTES, typedLine } from '../../main/terminals/appleScript.ts';
import { checkRequest, plainTitle, withEnv } from '../../main/terminals/command.ts';
import type { TerminalRequest } from '../../main/terminals/terminal.ts';
import { type ItermRules, readItermCommand } from './itermReader.ts';
import { ODD_NAME, ODD_WORDS, RECORDER, request, runsIn, word } from './support.ts';

const root = mkdtempSync(join(tmpdir(), 'agenc-bar-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const cwd = join(root, ODD_NAME);
mkdirSync(cwd);
const recorder = join(root, "re=cord'er $x");
writeFileSync(recorder, RECORDER);
chmodSync(recorder, 0o755);

const shells = ['sh', 'bash', 'dash', 'zsh', 'fish', 'tcsh'].filter(
  (shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0,
);

/** Short enough for Terminal; in batches, as every run takes three processes. */
const batch = fc.array(fc.array(word, { maxLength: 4 }), { minLength: 12, maxLength: 12 });
const few = { numRuns: 4 };

/** Enough to see where a command runs and what it was given. */
const seeing = ['/bin/sh', '-c', 'exec "$0" "$PWD" "$ODD" "$@"', recorder];

function seen(words: readonly string[]): string[] {
  return [cwd, ODD_NAME, ...words];
}

function seeingRequest(words: readonly string[]): TerminalRequest {
  return request({ argv: [...seeing, ...words], cwd, env: { ODD: ODD_NAME } });
}

function run(script: readonly string[]): string[][] {
  return runsIn(execFileSync('sh', ['-s'], { input: `${script.join('\n')}\n`, encoding: 'utf8' }));
}

/** Each line in a shell of its own, as it ends with `exec`. */
function runTyped(shell: string, requests: readonly TerminalRequest[]): string[][] {
  return run(requests.map((one) => `${shell} -c ${shellQuote(typedLine(one))}`));
}

describe('shellQuote', () => {
  it('gives a shell the very words', () => {
    fc.assert(
      fc.property(fc.array(fc.array(word), { maxLength: 40 }), (runs) => {
        const lines = [...runs, ODD_WORDS].map((words) =>
          [recorder, ...words].map(shellQuote).join(' '),
        );
        expect(run(lines)).toEqual([...runs, ODD_WORDS]);
      }),
      { numRuns: 10 },
    );
  });

  it('leaves what needs no quotes readable', () => {
    expect(shellQuote('/usr/bin/env')).toBe('/usr/bin/env');
    expect(shellQuote('')).toBe("''");
    expect(shellQuote("it's")).toBe("'it'\\''s'");
  });
});

describe('a command with its variables as arguments', () => {
  it.each([
    ['an absolute path with an equals sign', recorder],
    ['a name that is looked for on PATH', "re=cord'er $x"],
  ])('starts %s', (_, program) => {
    const argv = withEnv(request({ argv: [program, '-n', 'a=b', ''], env: { ODD: ODD_NAME } }));
    const env = { PATH: `${root}:/bin:/usr/bin` };
    const output = execFileSync(argv[0] ?? '', argv.slice(1), { env, encoding: 'utf8' });
    expect(runsIn(output)).toEqual([['-n', 'a=b', '']]);
  });

  it('takes no shell where none is needed', () => {
    expect(withEnv(request())).toEqual(['/usr/bin/env', 'A=1', '/bin/claude', '--x']);
  });

  it.each([
    [{ argv: [] }, "'' is no command"],
    [{ argv: ['-x'] }, "'-x' is no command"],
    [{ argv: ['a', 'b\0c'] }, 'NUL'],
    [{ cwd: '/\0' }, 'NUL'],
    [{ env: { A: '\0' } }, 'NUL'],
    [{ env: { '-u': 'x' } }, "'-u' is no name"],
    [{ env: { 'A=B': 'x' } }, "'A=B' is no name"],
  ])('refuses %j', (change, message) => {
    expect(() => checkRequest(request(change))).toThrow(message);
  });
});

describe.each(shells)('the line typed into Terminal, as %s reads it', (shell) => {
  it('runs the very words in the folder, with the variables', () => {
    fc.assert(
      fc.property(batch, (runs) => {
        const shown = runs.map(seeingRequest).filter((one) => isTypable(one));
        const words = shown.map(({ argv }) => seen(argv.slice(seeing.length)));
        expect(runTyped(shell, shown)).toEqual(words);
      }),
      few,
    );
    const all = ODD_WORDS.map((odd) => seeingRequest([odd]));
    expect(runTyped(shell, all)).toEqual(ODD_WORDS.map((odd) => seen([odd])));
    // Each run takes three processes, one after the other.
  }, 120_000);
});

describe('the line typed into Terminal', () => {
  it('is one line of printable characters, and readable where nothing is odd', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 2 }), (words) => {
        const odd = request({ argv: ['/bin/x', ...words] });
        fc.pre(isTypable(odd));
        expect(typedLine(odd)).toMatch(/^[ -~]+$/);
      }),
    );
    expect(typedLine(request({ cwd: '/work/a', env: {} }))).toBe(
      "exec /bin/sh -c 'IFS=; set -f; eval $(printf %b $0)' 'cd -- /work/a && exec /usr/bin/env /bin/claude --x'",
    );
  });

  it('is refused where the terminal would cut it off', () => {
    const long = request({ argv: ['/bin/x', 'y'.repeat(MAX_TYPED_BYTES)] });
    expect(() => typedLine(long)).toThrow('too long for Terminal');
  });
});

const rules: [string, ItermRules][] = [
  ['iTerm2', {}],
  ['iTerm2 evaluating first', { interpolated: true }],
  ['an old iTerm2', { old: true }],
];

describe.each(rules)('the command for iTerm2, as %s reads it', (_, itermRules) => {
  it('runs the very words in the folder, with the variables', () => {
    fc.assert(
      fc.property(batch, (runs) => {
        const all = [...runs, ODD_WORDS];
        const lines = all.map((words) => {
          const argv = readItermCommand(itermCommand(seeingRequest(words)), itermRules);
          return argv.map(shellQuote).join(' ');
        });
        expect(run(lines)).toEqual(all.map(seen));
      }),
      few,
    );
  });
});

describe('a title', () => {
  it.each([
    ['fix login', 'fix login'],
    ['two\nlines\tand\u0007 \u001b]0;x', 'two lines and ]0;x'],
    ['a\u2028b\u0085c', 'a b c'],
    [' \n ', 'AgenC Bar'],
    ['', 'AgenC Bar'],
    ['👩‍👩‍👧 naïve', '👩‍👩‍👧 naïve'],
    ['🙂'.repeat(90), '🙂'.repeat(80)],
    ['\ud83d', '\ufffd'],
  ])('%j is shown as %j', (title, shown) => {
    expect(plainTitle(title)).toBe(shown);
  });
});

function isTypable(one: TerminalRequest): boolean {
  try {
    return typedLine(one) !== '';
  } catch {
    return false;
  }
}
