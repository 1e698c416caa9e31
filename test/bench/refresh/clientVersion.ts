import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the client says that it is, e.g. `2.1.330`. It runs in a home of its own. */
export function clientVersion(claudePath: string): string {
  const home = mkdtempSync(join(tmpdir(), 'agenc-bar-version-'));
  try {
    const text = execFileSync(claudePath, ['--version'], {
      encoding: 'utf8',
      env: { HOME: home, PATH: process.env.PATH, DISABLE_AUTOUPDATER: '1' },
    });
    return text.trim().split(' ')[0] ?? 'unknown';
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
