import { execFile } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * The client that these tests were written against. The environment's `CLAUDE_CODE_VERSION` tries another
 * one: a version, a tag such as `latest`, or `none` to leave the real client out.
 */
const CLAUDE_CODE_VERSION = '2.1.330';

export type Availability = { ok: true; claudePath: string } | { ok: false; reason: string };

const PACKAGE = '@anthropic-ai/claude-code';
const CHECKOUT = join(import.meta.dirname, '../..');
const CACHE = join(CHECKOUT, 'node_modules/.cache/claude-code');
const INSTALL_LIMIT_MS = 300_000;

const run = promisify(execFile);

/** Where a client lies that is installed by now; the registry is asked only for one that is not. */
export async function available(): Promise<Availability> {
  if (process.platform !== 'linux') {
    // On macOS the client would use the login keychain of whoever runs the tests; on Windows there is
    // no `script` to give it a terminal.
    return { ok: false, reason: `these tests run on Linux only, not on ${process.platform}` };
  }
  try {
    const wanted = process.env.CLAUDE_CODE_VERSION ?? CLAUDE_CODE_VERSION;
    if (wanted === 'none') return { ok: false, reason: 'CLAUDE_CODE_VERSION is none' };
    const cached = binaryIn(join(CACHE, wanted));
    if (cached !== undefined) return { ok: true, claudePath: cached };
    // Also tells, on a machine that is not busy in seconds, whether the registry can be reached at all.
    const version = (await npm(['view', `${PACKAGE}@${wanted}`, 'version'], 120_000)).trim();
    return { ok: true, claudePath: await install(version, join(CACHE, version)) };
  } catch (error) {
    return { ok: false, reason: `no Claude Code client: ${reasonOf(error)}` };
  }
}

async function install(version: string, dir: string): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const unlock = await lock(`${dir}.lock`);
  try {
    const already = binaryIn(dir);
    if (already !== undefined) return already;
    const temporary = `${dir}.tmp-${process.pid}`;
    try {
      mkdirSync(temporary);
      writeFileSync(join(temporary, 'package.json'), '{"private":true}\n');
      // Without its install script: that only copies the binary, another 360 MB.
      await npm(
        ['install', '--prefix', temporary, '--ignore-scripts', `${PACKAGE}@${version}`],
        INSTALL_LIMIT_MS,
      );
      rmSync(dir, { recursive: true, force: true });
      renameSync(temporary, dir);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
    const installed = binaryIn(dir);
    if (installed === undefined) throw new Error(`${PACKAGE}@${version} has no binary for here`);
    return installed;
  } finally {
    unlock();
  }
}

/** The native binary comes in a package of its own, the one of this platform. */
function binaryIn(dir: string): string | undefined {
  const scope = join(dir, 'node_modules/@anthropic-ai');
  try {
    return readdirSync(scope)
      .filter((name) => name.startsWith('claude-code-'))
      .map((name) => join(scope, name, 'claude'))
      .find((path) => statSync(path).isFile());
  } catch {
    return undefined; // not installed
  }
}

async function npm(args: string[], timeoutMs: number): Promise<string> {
  const quick = ['--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'];
  const { stdout } = await run('npm', [...args, ...quick], {
    cwd: CHECKOUT,
    timeout: timeoutMs,
    // The tests' HOME is empty; a mirror or proxy is configured in the user's own.
    env: { ...process.env, HOME: userInfo().homedir },
  });
  return stdout;
}

/** One install at a time; the lock of a process that died is taken over. */
async function lock(path: string): Promise<() => void> {
  const deadline = Date.now() + INSTALL_LIMIT_MS;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (holderDied(path)) rmSync(path, { force: true });
    else if (Date.now() > deadline) throw new Error(`another install holds ${path}`);
    else await sleep(500);
  }
}

function holderDied(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // An empty file is one whose writer has not come to its second step yet.
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  const lines = stderr?.split('\n').filter((text) => text.startsWith('npm error '));
  if (lines !== undefined && lines.length > 0) return lines.slice(0, 2).join(', ');
  return message?.split('\n')[0] ?? String(error);
}
