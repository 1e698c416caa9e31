import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultSettings } from '../../main/service/settings.ts';
import { type ProbeResult, probeSharedStore } from '../../main/service/sharedProbe.ts';
import { decideSharing, whyNotShared } from '../../main/service/sharedStore.ts';
import { createFileStore } from '../../main/stores/file/fileStore.ts';
import { createSecurityStore } from '../../main/stores/security/securityStore.ts';
import { agencPaths } from '../../main/system/paths.ts';
import { createSecurityDouble } from '../doubles/security/securityDouble.ts';
import { until } from '../support/until.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-shared-'));
  mkdirSync(join(root, 'tmp'));
  vi.stubEnv('TMPDIR', join(root, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const KEEP = `printf '{"mcpOAuthClientConfig":{"probe|0":{"clientSecret":"%s"}}}' "$MCP_CLIENT_SECRET" >`;
const SHARED = `${KEEP} "$CLAUDE_SECURESTORAGE_CONFIG_DIR/.credentials.json"`;
const OWN = `${KEEP} "$CLAUDE_CONFIG_DIR/.credentials.json"`;

/** A program that stands in for `claude`, and notes how it was started. */
function fakeClaude(does: string, version = '9.9.9 (Claude Code)'): string {
  const path = join(root, 'claude');
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && echo "${version}" && exit\n` +
      `env > "${root}/env"; echo "$@" > "${root}/args"; echo run >> "${root}/runs"\n${does}\n`,
    { mode: 0o755 },
  );
  return path;
}

const env = () => ({ PATH: process.env.PATH, HOME: root, SOMETHING_OF_THE_USER: 'x' });
const probe = (does: string, limitMs?: number): Promise<ProbeResult> =>
  probeSharedStore({
    claude: fakeClaude(does),
    store: createFileStore(),
    env: env(),
    ...(limitMs !== undefined && { limitMs }),
  });
const probes = (): number =>
  existsSync(join(root, 'runs'))
    ? readFileSync(join(root, 'runs'), 'utf8').split('\n').length - 1
    : 0;

describe('the probe', () => {
  afterEach(() => expect(readdirSync(join(root, 'tmp')), 'nothing is left of it').toEqual([]));

  it.each([
    ['honours the variable', SHARED, { status: 'works' }],
    ['ignores it', OWN, { status: 'does-not' }],
    ['writes in both places', `${SHARED}; ${OWN}`, { status: 'does-not' }],
    ['crashes', `${SHARED}; exit 3`, { status: 'unknown', why: 'it ended with exit code 3' }],
    ['is killed', 'kill -9 $$', { status: 'unknown', why: 'it ended with SIGKILL' }],
    ['keeps nothing', '', { status: 'unknown', why: 'it kept the secret in neither place' }],
  ])('of a client that %s', async (_, does, result) => {
    expect(await probe(does)).toEqual(result);
  });

  it('of one that hangs ends with it and what it started', async () => {
    const hangs = `sleep 1000 & echo $! > "${root}/child"; wait`;
    expect(await probe(hangs, 3_000)).toEqual({
      status: 'unknown',
      why: 'it takes longer than 3 s',
    });
    const child = Number(readFileSync(join(root, 'child'), 'utf8'));
    await until('no process of it lives', () => !existsSync(`/proc/${child}`) || isZombie(child));
  });

  it('of a program that is not there', async () => {
    const store = createFileStore();
    const claude = join(root, 'nowhere');
    expect(await probeSharedStore({ claude, store, env: env() })).toMatchObject({
      status: 'unknown',
    });
  });

  it('shows the client nothing of the user’s, leads it nowhere, and has the secret in no argument', async () => {
    await probe(SHARED);
    const seen = readFileSync(join(root, 'env'), 'utf8');
    expect(seen).not.toContain('SOMETHING_OF_THE_USER');
    expect(seen).not.toMatch(new RegExp(`^HOME=${root}$`, 'm'));
    expect(seen).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:9$/m);
    expect(seen).toMatch(/^DISABLE_AUTOUPDATER=1$/m);
    const secret = /^MCP_CLIENT_SECRET=(.+)$/m.exec(seen)?.[1] ?? '';
    expect(secret).toMatch(/^[0-9a-f]{32}$/);
    expect(readFileSync(join(root, 'args'), 'utf8')).not.toContain(secret);
  });

  it('works on the security store too, and leaves no item there', async () => {
    const keychain = await createSecurityDouble();
    try {
      const claude = fakeClaude(
        `export SECURITY_DOUBLE_PORT="${keychain.env.SECURITY_DOUBLE_PORT}"
name="Claude Code-credentials-$(printf %s "$CLAUDE_SECURESTORAGE_CONFIG_DIR" | sha256sum | cut -c1-8)"
hex=$(printf '{"s":"%s"}' "$MCP_CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \\n')
echo "$name" > "${root}/item"
exec security add-generic-password -U -a "$USER" -s "$name" -X "$hex"`,
      );
      const store = createSecurityStore({ env: keychain.env, absentRetryMs: 10 });
      const env = { ...keychain.env, PATH: `${keychain.env.PATH}:${process.env.PATH}` };
      expect(await probeSharedStore({ claude, store, env })).toEqual({ status: 'works' });
      const item = readFileSync(join(root, 'item'), 'utf8').trim();
      expect(keychain.calls().map(([command]) => command)).toContain('add-generic-password');
      expect(keychain.value(item)).toBe(null);
      await store.dispose();
    } finally {
      keychain.dispose();
    }
  });
});

describe('deciding how a mission is launched', () => {
  const settings = () => ({
    ...defaultSettings(),
    store: 'file' as const,
    shareStore: 'auto' as const,
  });
  const host = () => ({ paths: agencPaths(join(root, 'agenc')), env: env() });
  const remembered = (): unknown =>
    JSON.parse(readFileSync(host().paths.sharedStore, 'utf8')) as unknown;

  it('probes each version of the client once', async () => {
    const claude = fakeClaude(SHARED);
    const shared = { status: 'shared', dir: settings().globalConfigDir };
    expect(await decideSharing(host(), settings(), claude)).toEqual(shared);
    expect(await decideSharing(host(), settings(), claude)).toEqual(shared);
    expect(probes()).toBe(1);
    expect(await decideSharing(host(), settings(), fakeClaude(OWN, '9.10.0'))).toEqual({
      status: 'own',
      why: 'claude 9.10.0 cannot share an entry',
      certain: true,
    });
    expect(remembered()).toEqual({ '9.9.9 file': 'works', '9.10.0 file': 'does-not' });
  });

  it('remembers nothing that is not certain, and asks again', async () => {
    const failed = await decideSharing(host(), settings(), fakeClaude('exit 3'));
    expect(failed).toMatchObject({ status: 'own', certain: false });
    expect(existsSync(host().paths.sharedStore)).toBe(false);
    const now = await decideSharing(host(), settings(), fakeClaude(SHARED));
    expect(now.status).toBe('shared');
  });

  it('finds out again what it cannot read', async () => {
    mkdirSync(host().paths.bar, { recursive: true });
    writeFileSync(host().paths.sharedStore, '{');
    expect((await decideSharing(host(), settings(), fakeClaude(SHARED))).status).toBe('shared');
    expect(remembered()).toEqual({ '9.9.9 file': 'works' });
  });

  it('does not probe where it is only asked what is known', async () => {
    const claude = fakeClaude(SHARED);
    const known = await decideSharing(host(), settings(), claude, false);
    expect(known).toMatchObject({ status: 'own', certain: false });
    expect(probes()).toBe(0);
  });

  it('starts no program while the setting is off', async () => {
    const off = { ...settings(), shareStore: 'off' as const };
    const found = await decideSharing(host(), off, join(root, 'nowhere'));
    expect(found).toEqual({
      status: 'own',
      why: 'the setting "shareStore" is "off"',
      certain: true,
    });
  });

  it('shares no keychain item that cannot be named, and nothing in keytar', () => {
    const plain = { ...settings(), globalConfigDir: join(homedir(), '.claude') };
    expect(whyNotShared(plain, 'security')).toMatch(/cannot be named/);
    expect(whyNotShared({ ...plain, globalConfigDir: '/elsewhere' }, 'security')).toBe(null);
    expect(whyNotShared(plain, 'keytar')).toMatch(/keytar/);
    expect(whyNotShared(plain, 'file')).toBe(null);
  });
});

/** Ended, but not yet waited for by whoever inherited it. */
function isZombie(pid: number): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
