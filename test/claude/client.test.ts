import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMessagesApi } from '../doubles/messagesApi.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { available, readEntry } from './client.ts';
import {
  addConfigDir,
  configOf,
  createScene,
  LOOP,
  putEntry,
  type Scene,
  serverIn,
  statusIn,
  toolCalls,
} from './scene.ts';

const found = await available();
const NEEDS_AUTH_CACHE = 'mcp-needs-auth-cache.json';
const WRITE_LOCK = '.storage-write.lock';

describe('the OAuth and MCP double', () => {
  let server: OAuthMcpServer;
  const verifier = 'a-verifier-of-the-test';
  const redirect = 'http://localhost:1/callback';

  beforeEach(async () => {
    server = await startOAuthMcpServer();
  });
  afterEach(() => server.close());

  const post = (path: string, form: Record<string, string>) =>
    fetch(new URL(path, server.url), { method: 'POST', body: new URLSearchParams(form) });

  async function authorizationCode(): Promise<string> {
    await fetch(new URL('/register', server.url), {
      method: 'POST',
      body: JSON.stringify({ redirect_uris: [redirect] }),
    });
    const page = new URL('/authorize', server.url);
    page.search = new URLSearchParams({
      client_id: 'client-1',
      redirect_uri: redirect,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: 'here',
    }).toString();
    const answer = await fetch(page, { redirect: 'manual' });
    return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
  }

  const codeForm = (code: string) => ({
    grant_type: 'authorization_code',
    code,
    client_id: 'client-1',
    redirect_uri: redirect,
  });

  it('wants the PKCE verifier that belongs to the code', async () => {
    const code = await authorizationCode();
    const wrong = await post('/token', { ...codeForm(code), code_verifier: 'another' });
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: 'invalid_grant' }]);
  });

  it('takes a code and a refresh token once, and marks every token', async () => {
    const form = { ...codeForm(await authorizationCode()), code_verifier: verifier };
    const tokens = (await (await post('/token', form)).json()) as Record<string, string>;
    expect(tokens.access_token).toContain(MARK);
    expect(tokens.refresh_token).toContain(MARK);
    expect((await post('/token', form)).status).toBe(400);

    const again = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    expect((await post('/token', again)).status).toBe(200);
    expect((await post('/token', again)).status).toBe(400);
    expect(server.of('refresh-rejected')).toEqual([
      { kind: 'refresh-rejected', refresh: 1, why: 'used' },
    ]);
    expect(JSON.stringify(server.events)).not.toContain(MARK);
  });

  it('shows a caller without a token where to get one', async () => {
    const answer = await fetch(server.url, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
    const where = /resource_metadata="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '');
    const resource = (await (await fetch(where?.[1] ?? '')).json()) as { resource: string };
    expect(resource.resource).toBe(server.url);
  });
});

describe.skipIf(!found.ok)(
  found.ok ? 'the real client' : `the real client (skipped: ${found.reason})`,
  () => {
    let scene: Scene;
    let a: string;
    let b: string;

    beforeEach(async () => {
      scene = await createScene(found.ok ? found.claudePath : '');
      a = join(scene.root, 'a');
      b = join(scene.root, 'b');
      addConfigDir(scene, a);
      addConfigDir(scene, b);
    });
    afterEach(() => scene.dispose());

    const signIn = async (configDir: string) => {
      const result = await scene.claude.login(configDir, LOOP);
      expect(result.exitCode, result.output).toBe(0);
    };
    const serialIn = (configDir: string) =>
      scene.server.serialOf(serverIn(configDir)?.value.accessToken);
    const copyEntry = (from: string, to: string) => putEntry(to, readEntry(from));

    describe('sign-in and sign-out', () => {
      it('`mcp add` notes a server as these tests do', async () => {
        const added = join(scene.root, 'added');
        await scene.claude.addServer(added, LOOP, scene.server.url);
        const config = JSON.parse(readFileSync(join(added, '.claude.json'), 'utf8'));
        expect(config).toMatchObject(configOf(scene.server.url));
        expect(await statusIn(scene, added)).toBe('needs-sign-in');
      });

      it('a sign-in writes a usable server into .credentials.json, mode 0600', async () => {
        await signIn(a);
        expect(statSync(join(a, '.credentials.json')).mode & 0o777).toBe(0o600);
        const { key, value } = serverIn(a) ?? {};
        expect(key).toMatch(/^loop\|[0-9a-f]{16}$/);
        expect(value).toMatchObject({
          serverName: LOOP,
          serverUrl: scene.server.url,
          accessToken: expect.stringContaining(MARK),
          refreshToken: expect.stringContaining(MARK),
          clientId: 'client-1',
          scope: 'mcp',
          redirectUri: expect.stringMatching(/^http:\/\/localhost:\d+\/callback$/),
          discoveryState: { oauthMetadataFound: true },
        });
        // Milliseconds since the epoch, an hour ahead.
        expect((value?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(3_500_000);
        expect((value?.expiresAt ?? 0) - Date.now()).toBeLessThan(3_700_000);
      });

      it('a health check of a server that nobody signed in to leaves it without a token', async () => {
        expect(await statusIn(scene, a)).toBe('needs-sign-in');
        const value = serverIn(a)?.value;
        expect(value?.accessToken).toBe('');
        expect(value).not.toHaveProperty('refreshToken');
        expect(value).not.toHaveProperty('expiresAt');
        expect(JSON.parse(readFileSync(join(a, NEEDS_AUTH_CACHE), 'utf8'))).toEqual({
          [LOOP]: { timestamp: expect.any(Number) },
        });
      });

      it("a copy of another directory's mcpOAuth is a sign-in, even after a failed look", async () => {
        await signIn(a);
        expect(await statusIn(scene, b)).toBe('needs-sign-in');
        putEntry(b, { mcpOAuth: readEntry(a)?.mcpOAuth });
        expect(await statusIn(scene, b)).toBe('connected');
        expect(serverIn(b)?.key).toBe(serverIn(a)?.key);
      });

      it('a sign-out leaves an empty mcpOAuth, keeps unknown keys, and revokes both tokens', async () => {
        await signIn(a);
        putEntry(a, { ...readEntry(a), unheardOf: { kept: true } });
        expect((await scene.claude.logout(a, LOOP)).exitCode).toBe(0);
        expect(readEntry(a)).toEqual({ mcpOAuth: {}, unheardOf: { kept: true } });
        expect(scene.server.of('revoked').map(({ what }) => what)).toEqual(['refresh', 'access']);
      });

      it('a second sign-in revokes and blanks the old one before the page is approved', async () => {
        await signIn(a);
        let waiting: unknown;
        await scene.claude.login(a, LOOP, () => {
          waiting = serverIn(a)?.value;
          expect(scene.server.of('revoked')).toHaveLength(2);
        });
        expect(waiting).toMatchObject({ accessToken: '', clientId: 'client-1' });
        expect(waiting).not.toHaveProperty('refreshToken');
        expect(serialIn(a)).toBe(2);
      });
    });

    describe('the file', () => {
      it('is written under .storage-write.lock, and a held lock is waited for', async () => {
        await signIn(a);
        mkdirSync(join(a, WRITE_LOCK));
        const heldMs = 1500;
        setTimeout(() => rmdirSync(join(a, WRITE_LOCK)), heldMs);
        const start = performance.now();
        const result = await scene.claude.logout(a, LOOP);
        expect(result.exitCode).toBe(0);
        expect(performance.now() - start).toBeGreaterThan(heldMs);
        expect(readEntry(a)).toEqual({ mcpOAuth: {} });
        expect(existsSync(join(a, WRITE_LOCK))).toBe(false);
      });

      it('is renamed into place, so that a symbolic link becomes a regular file', async () => {
        await signIn(a);
        const shared = join(scene.root, 'shared.json');
        renameSync(join(a, '.credentials.json'), shared);
        symlinkSync(shared, join(a, '.credentials.json'));
        expect(await statusIn(scene, a)).toBe('connected');

        const names = await namesSeen(a, () => scene.claude.logout(a, LOOP));
        expect(names).toContain(WRITE_LOCK);
        expect(names.some((name) => /^\.credentials\.json\.tmp\.[0-9a-f]{8}$/.test(name))).toBe(
          true,
        );
        expect(lstatSync(join(a, '.credentials.json')).isSymbolicLink()).toBe(false);
        expect(readFileSync(shared, 'utf8')).toContain(MARK);
      });

      it('is taken for empty if it is not JSON, and overwritten', async () => {
        writeFileSync(join(a, '.credentials.json'), '{"mcpOAuth": {');
        await signIn(a);
        expect(serialIn(a)).toBe(1);
      });
    });

    describe('refresh', () => {
      /** Signs in with a token of less than 300 s, so that its next use refreshes it. */
      const signInForAMoment = async (configDir: string) => {
        scene.server.setAccessLife(200);
        await signIn(configDir);
        scene.server.setAccessLife(3600);
      };

      it('happens under mcp-refresh-<name>_<16 hex>.lock.lock when less than 300 s are left', async () => {
        await signInForAMoment(a);
        const before = scene.server.of('refreshed').length;
        const names = await namesSeen(a, () => statusIn(scene, a));
        expect(names).toContain(refreshLockOf(a));
        expect(scene.server.of('refreshed').length).toBe(before + 1);
        expect(await statusIn(scene, a)).toBe('connected');
        expect(scene.server.of('refreshed').length).toBe(before + 1);
      });

      it('of one copy invalidates the other; a fresh entry heals it', async () => {
        await signInForAMoment(a);
        copyEntry(a, b);
        expect(await statusIn(scene, a)).toBe('connected');
        expect(await statusIn(scene, b)).toBe('needs-sign-in');
        expect(scene.server.of('refresh-rejected').map(({ why }) => why)).toEqual(['used']);
        expect(serverIn(b)?.value).toMatchObject({
          accessToken: '',
          expiresAt: 0,
          clientId: 'client-1',
        });
        expect(serverIn(b)?.value).not.toHaveProperty('refreshToken');

        copyEntry(a, b);
        expect(await statusIn(scene, b)).toBe('connected');
      });

      it('is left out if a fresh entry came while the lock was held, be it for four seconds', async () => {
        await signInForAMoment(a);
        copyEntry(a, b);
        expect(await statusIn(scene, a)).toBe('connected');
        const lock = join(b, refreshLockOf(b));
        mkdirSync(lock);
        setTimeout(() => copyEntry(a, b), 3_600);
        setTimeout(() => rmdirSync(lock), 4_000);
        expect(await statusIn(scene, b)).toBe('connected');
        expect(scene.server.of('refresh-rejected')).toEqual([]);
        expect(serialIn(b)).toBe(serialIn(a));
      });

      it('that was refused blanks nothing if a newer token is there by then', async () => {
        await signInForAMoment(a);
        copyEntry(a, b);
        expect(await statusIn(scene, a)).toBe('connected');
        const answer = Promise.withResolvers<void>();
        scene.server.holdTokens(answer.promise);
        const asked = scene.server.tokenRequests.length;
        const seen = statusIn(scene, b);
        await until(
          "the client's request for a refresh",
          () => scene.server.tokenRequests.length > asked,
        );
        copyEntry(a, b);
        answer.resolve();
        expect(await seen).toBe('connected');
        expect(scene.server.of('refresh-rejected')).toHaveLength(1);
        expect(readEntry(b)).toEqual(readEntry(a));
      });

      it('of a server with an odd name has a lock with `_` for all but letters and digits', async () => {
        await signIn(a);
        const names = ['my server', 'a-b', '../up', 'Ünïcode', 'plugin:foo:bar', 'emoji🙂'];
        const configPath = join(b, '.claude.json');
        const config = JSON.parse(readFileSync(configPath, 'utf8'));
        config.mcpServers = Object.fromEntries(
          names.map((name) => [name, { type: 'http', url: scene.server.url }]),
        );
        writeFileSync(configPath, JSON.stringify(config));
        // All know the same address, so the hash in the key is the same as well.
        const { key = '', value } = serverIn(a) ?? {};
        const keys = names.map((name) => key.replace(LOOP, name));
        const soon = { ...value, expiresAt: Date.now() + 200_000 };
        const mcpOAuth = names.map((serverName, at) => [keys[at], { ...soon, serverName }]);
        putEntry(b, { mcpOAuth: Object.fromEntries(mcpOAuth) });
        const seen = await namesSeen(b, () => scene.claude.list(b));
        expect(seen.filter((name) => name.startsWith('mcp-refresh-')).sort()).toEqual(
          keys.map((one) => `mcp-refresh-${one.replaceAll(/[^A-Za-z0-9]/g, '_')}.lock.lock`).sort(),
        );
      });

      it('happens once for clients that share CLAUDE_SECURESTORAGE_CONFIG_DIR', async () => {
        await signInForAMoment(a);
        const shared = join(scene.root, 'shared');
        mkdirSync(shared);
        copyEntry(a, shared);
        rmSync(join(a, '.credentials.json'));
        const env = { CLAUDE_SECURESTORAGE_CONFIG_DIR: shared };
        const before = scene.server.of('refreshed').length;
        const seen = await Promise.all([a, b, a, b].map((dir) => statusIn(scene, dir, env)));
        expect(seen).toEqual(['connected', 'connected', 'connected', 'connected']);
        expect(scene.server.of('refreshed')).toHaveLength(before + 1);
        expect(scene.server.of('refresh-rejected')).toEqual([]);
        expect([a, b].map(readEntry), 'nothing is kept in their own').toEqual([
          undefined,
          undefined,
        ]);
      });
    });

    describe('a session', () => {
      const callers = () => scene.server.of('tool-call').map(({ access }) => access);

      it('uses a replaced entry at its very next tool call', async () => {
        await signIn(a);
        copyEntry(a, b);
        const results = await toolCalls(scene, b, [
          undefined,
          () => signIn(a).then(() => copyEntry(a, b)),
        ]);
        expect(results).toEqual(['call 1', 'call 2']);
        expect(callers()).toEqual([1, 2]);
      });

      it('that has met a revoked token does without the server, even if a fresh entry comes', async () => {
        await signIn(a);
        copyEntry(a, b);
        const results = await toolCalls(scene, b, [
          undefined,
          () => scene.claude.logout(a, LOOP),
          () => signIn(a).then(() => copyEntry(a, b)),
        ]);
        expect(results[0]).toBe('call 1');
        expect(results.slice(1).join('\n')).toMatch(/sign in again.*\n.*needs authentication/);
        expect(callers()).toEqual([1]);
      });

      it('that has met a revoked token comes back when it is told to reconnect', async () => {
        await signIn(a);
        copyEntry(a, b);
        const tool = `mcp__${LOOP}__echo`;
        const call = [{ callTool: tool, input: { text: 'called' } }, { say: 'done' }];
        const api = await startMessagesApi([...call, ...call, ...call]);
        const session = scene.claude.startStream(b, { url: api.url, allowedTools: [tool] });
        try {
          await scene.claude.logout(a, LOOP);
          await session.prompt('call it');
          expect(api.toolResults()).not.toContain('called');
          await signIn(a);
          copyEntry(a, b);
          await session.prompt('call it');
          expect(api.toolResults(), 'the fresh entry alone').not.toContain('called');
          await session.control({ subtype: 'mcp_reconnect', serverName: LOOP });
          await session.prompt('call it');
          expect(api.toolResults().at(-1)).toBe('called');
          expect(callers()).toEqual([serialIn(a)]);
        } finally {
          await session.end();
          await api.close();
        }
      });

      it('does not even ask a server whose value notes that it refuses callers without a token', async () => {
        expect(await statusIn(scene, a)).toBe('needs-sign-in');
        expect(serverIn(a)?.value).toMatchObject({
          discoveryState: { tokenlessRejectedAt: expect.any(Number) },
        });
        copyEntry(a, b);
        const asked = scene.server.events.length;
        expect((await toolCalls(scene, b, [undefined]))[0]).toContain('No such tool available');
        expect(scene.server.events.slice(asked)).toEqual([]);
      });

      it('does not connect to a server in the needs-auth cache, although it is signed in', async () => {
        await signIn(a);
        const note = { [LOOP]: { timestamp: Date.now() } };
        writeFileSync(join(a, NEEDS_AUTH_CACHE), JSON.stringify(note));
        expect((await toolCalls(scene, a, [undefined]))[0]).toContain('No such tool available');
        expect(scene.server.of('mcp')).toEqual([]);

        rmSync(join(a, NEEDS_AUTH_CACHE));
        expect(await toolCalls(scene, a, [undefined])).toEqual(['call 1']);
      });
    });
  },
);

/** The name of the client's refresh lock for the server: its key, with `_` for all but letters and digits. */
function refreshLockOf(configDir: string): string {
  return `mcp-refresh-${serverIn(configDir)?.key.replaceAll(/[^A-Za-z0-9]/g, '_')}.lock.lock`;
}

/** The names that came, changed or went in a folder while `action` ran. */
async function namesSeen(dir: string, action: () => Promise<unknown>): Promise<string[]> {
  const names = new Set<string>();
  const watcher = watch(dir, (_event, name) => {
    if (name !== null) names.add(name);
  });
  try {
    await action();
  } finally {
    watcher.close();
  }
  return [...names];
}
