import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIOME = join(ROOT, 'node_modules', '.bin', 'biome');

const FORBIDDEN = [
  "export { readFileSync } from 'node:fs';",
  "import { openSync as open } from 'node:fs'; open('x', 'r');",
  "import fs from 'node:fs'; fs.readFileSync('x');",
  "import * as fs from 'node:fs'; fs.readFileSync('x');",
  "export * from 'node:fs';",
  "import { readFileSync } from 'fs'; readFileSync('x');",
  "import { readFile } from 'node:fs/promises'; readFile('x');",
  "import { promises } from 'node:fs'; promises.readFile('x');",
  "import { createReadStream } from 'node:fs'; createReadStream('x');",
  "import { appendFileSync } from 'node:fs'; appendFileSync('x', '');",
  "import { chmodSync } from 'node:fs'; chmodSync('x', 0);",
  "import { createStream } from 'rotating-file-stream'; createStream('x');",
];
const OPEN = "import { openSync } from 'node:fs'; openSync('x', 'r');";
const LOOK = "import { existsSync } from 'node:fs'; existsSync('x');";

describe('a read or write that could wait for a pipe or follow a link', () => {
  let folder: string;
  let faults: Map<string, string>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'agenc-bar-rule-'));
    copyFileSync(join(ROOT, 'biome.jsonc'), join(folder, 'biome.jsonc'));
    const put = (name: string, line: string) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), `${line}\n`);
    };
    for (const [at, line] of FORBIDDEN.entries()) put(`main/missions/${at}.ts`, line);
    put('main/missions/look.ts', LOOK);
    put('main/system/open.ts', OPEN);
    const args = ['lint', '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=200', '.'];
    const { stdout } = spawnSync(BIOME, args, { cwd: folder, encoding: 'utf8' });
    faults = new Map(
      [...stdout.matchAll(/^::error title=([^,]+),file=([^,]+),/gm)].map(([, rule, file]) => [
        relative(realpathSync(folder), String(file)),
        String(rule),
      ]),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([...FORBIDDEN.entries()])('does not pass the check (%i: %s)', (at) => {
    expect(faults.get(`main/missions/${at}.ts`)).toMatch(/^lint\//);
  });

  it('passes where it is made safe; and so do looks, anywhere', () => {
    expect(faults.get('main/system/open.ts')).toBe(undefined);
    expect(faults.get('main/missions/look.ts')).toBe(undefined);
  });

  it('does not come in by a way that the linter does not see', () => {
    const sources = readdirSync(join(ROOT, 'main'), { recursive: true, encoding: 'utf8' });
    const files = sources.filter((name) => name.endsWith('.ts') && !name.startsWith('system/'));
    expect(files.length).toBeGreaterThan(100);
    const found = files.filter((name) =>
      /import\(\s*['"`](node:)?fs|getBuiltinModule|createRequire|\brequire\(/.test(
        readFileSync(join(ROOT, 'main', name), 'utf8'),
      ),
    );
    expect(found).toEqual([]);
  });
});
