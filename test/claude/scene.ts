import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMessagesApi } from '../doubles/messagesApi.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import type { Certificate } from '../support/certificates.ts';
import { type ClaudeClient, createClaudeClient, type ListedServer, readEntry } from './client.ts';

/** The name under which every config directory here knows the scene's one MCP server. */
export const LOOP = 'loop';

/** The real client in a home of its own, and a server to sign in to. */
export interface Scene {
  /** A temporary folder that goes with the scene. */
  readonly root: string;
  readonly claude: ClaudeClient;
  readonly server: OAuthMcpServer;
  dispose(): Promise<void>;
}

/**
 * @param claudePath the client's binary, from `available()`
 * @param options.tls for a server over https; the scene's client trusts it
 * @param options.env beside the client's usual environment
 */
export async function createScene(
  claudePath: string,
  { tls, env }: { tls?: Certificate | undefined; env?: Record<string, string> } = {},
): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-claude-'));
  const server = await startOAuthMcpServer(tls && { tls });
  const trusted = join(root, 'trusted.pem');
  if (tls !== undefined) writeFileSync(trusted, tls.cert);
  const ownEnv = { ...(tls && { NODE_EXTRA_CA_CERTS: trusted }), ...env };
  return {
    root,
    server,
    claude: createClaudeClient(claudePath, join(root, 'home'), ownEnv),
    async dispose() {
      await server.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Makes a config directory whose client knows the server, as after `claude mcp add`; nobody has signed in there. */
export function addConfigDir({ server }: Scene, configDir: string): void {
  mkdirSync(configDir, { recursive: true });
  writeFileSync(join(configDir, '.claude.json'), JSON.stringify(configOf(server.url)));
}

/** What `claude mcp add` makes of `.claude.json`. */
export function configOf(url: string) {
  return { mcpServers: { [LOOP]: { type: 'http', url } } };
}

/** What the tests look at in a server's value; whatever else the client keeps there is its own. */
export interface ServerValue extends Record<string, unknown> {
  serverName: string;
  accessToken: string;
  refreshToken?: string;
  /** ms since the epoch */
  expiresAt?: number;
}

/** The server's key and value in the entry of a config directory, or `undefined` if it is absent. */
export function serverIn(configDir: string): { key: string; value: ServerValue } | undefined {
  const servers = (readEntry(configDir)?.mcpOAuth ?? {}) as Record<string, ServerValue>;
  const found = Object.entries(servers).find(([, value]) => value.serverName === LOOP);
  return found && { key: found[0], value: found[1] };
}

/** Replaces an entry as the client does, in one step. */
export function putEntry(configDir: string, entry: unknown): void {
  const path = join(configDir, '.credentials.json');
  writeFileSync(`${path}.new`, JSON.stringify(entry), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * How the client's own listing sees the server; the look also refreshes a token that runs out.
 * @param env beside the client's usual environment
 */
export async function statusIn(
  scene: Scene,
  configDir: string,
  env?: Record<string, string>,
): Promise<ListedServer['status'] | undefined> {
  const servers = await scene.claude.list(configDir, env);
  return servers.find((server) => server.name === LOOP)?.status;
}

/**
 * Runs a headless session that calls the server's tool once for each step.
 * @param steps what happens right before each call, if anything
 * @returns what the session was told each time: `call 1`, … if the tool answered, else an error
 */
export async function toolCalls(
  scene: Scene,
  configDir: string,
  steps: readonly ((() => Promise<unknown>) | undefined)[],
): Promise<string[]> {
  const tool = `mcp__${LOOP}__echo`;
  const api = await startMessagesApi(
    steps.map((before, at) => ({
      callTool: tool,
      input: { text: `call ${at + 1}` },
      before: async () => {
        await before?.();
      },
    })),
  );
  try {
    const options = { url: api.url, allowedTools: [tool] };
    const result = await scene.claude.printPrompt(configDir, 'go', options);
    if (result.exitCode !== 0) throw new Error(`the session failed: ${result.output}`);
    return api.toolResults();
  } finally {
    await api.close();
  }
}
