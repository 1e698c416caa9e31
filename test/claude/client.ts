import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STREAM_ARGS, type StreamSession, streamSession } from './streamSession.ts';

export { available } from './install.ts';

export interface ClaudeResult {
  exitCode: number | null;
  /** stdout and stderr as they came. */
  output: string;
}

/** One line of `claude mcp list`. */
export interface ListedServer {
  name: string;
  status: 'connected' | 'needs-sign-in' | 'failed';
  line: string;
}

export interface ClaudeClient {
  /** @param more further options of `claude mcp add` */
  addServer(configDir: string, name: string, url: string, more?: readonly string[]): Promise<void>;
  /**
   * Health-checks every server, which also refreshes tokens that run out.
   * @param env beside the client's usual environment
   */
  list(configDir: string, env?: Record<string, string>): Promise<ListedServer[]>;
  /**
   * Signs in as a user would.
   * @param beforeApproval runs once the page is on offer; the approval waits for it
   */
  login(
    configDir: string,
    name: string,
    beforeApproval?: () => void | Promise<void>,
  ): Promise<ClaudeResult>;
  logout(configDir: string, name: string): Promise<ClaudeResult>;
  /** A headless session: one prompt, answered by a stand-in of the Messages API. */
  printPrompt(configDir: string, prompt: string, api: PromptApi): Promise<ClaudeResult>;
  /** A headless session that takes one prompt after the other. */
  startStream(configDir: string, api: PromptApi): StreamSession;
  run(configDir: string, args: readonly string[]): Promise<ClaudeResult>;
}

export interface PromptApi {
  /** `ANTHROPIC_BASE_URL` */
  url: string;
  /** Tools that the session may use without asking, such as `mcp__loop__echo`. */
  allowedTools: readonly string[];
}

const LIMIT_MS = 40_000;

/**
 * The real client in an environment of its own. What would leave loopback is sent to a closed port.
 * @param claudePath the binary, from `available()`
 * @param home a folder of the test's own; serves as HOME and holds the working directory
 * @param ownEnv beside the usual environment, for every run
 */
export function createClaudeClient(
  claudePath: string,
  home: string,
  ownEnv: Readonly<Record<string, string>> = {},
): ClaudeClient {
  const cwd = join(home, 'work');

  function start(
    configDir: string,
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): ChildProcessWithoutNullStreams {
    mkdirSync(cwd, { recursive: true });
    mkdirSync(configDir, { recursive: true });
    return spawn(command, args, {
      cwd,
      timeout: LIMIT_MS,
      env: {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        HOME: home,
        TERM: 'dumb',
        CLAUDE_CONFIG_DIR: configDir,
        DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        HTTP_PROXY: CLOSED_PORT,
        HTTPS_PROXY: CLOSED_PORT,
        NO_PROXY: '127.0.0.1,localhost',
        ...ownEnv,
        ...env,
      },
    });
  }

  async function run(
    configDir: string,
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<ClaudeResult> {
    const child = start(configDir, claudePath, args, env);
    child.stdin.end();
    return finished(child);
  }

  return {
    run: (configDir, args) => run(configDir, args),
    async addServer(configDir, name, url, more = []) {
      const args = ['mcp', 'add', '--scope', 'user', '--transport', 'http', ...more, name, url];
      const result = await run(configDir, args);
      if (result.exitCode !== 0) throw new Error(`claude mcp add: ${result.output}`);
    },
    async list(configDir, env) {
      const { output } = await run(configDir, ['mcp', 'list'], env);
      return output.split('\n').flatMap((line) => listedServer(line.trim()) ?? []);
    },
    logout: (configDir, name) => run(configDir, ['mcp', 'logout', name]),
    async login(configDir, name, beforeApproval) {
      const words = [claudePath, 'mcp', 'login', '--no-browser', name];
      // The client wants a terminal on stdin; util-linux's `script` gives it one.
      const child = start(configDir, 'script', ['-qfec', words.map(quote).join(' '), '/dev/null']);
      let seen = '';
      let visited: Promise<void> | undefined;
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString('utf8');
        const url = AUTHORIZATION_URL.exec(seen)?.[0];
        if (url === undefined || visited !== undefined) return;
        visited = Promise.resolve(beforeApproval?.()).then(() => approve(url));
        // A page that fails leaves the client waiting for ever: end it, and say why below.
        visited.catch(() => child.kill());
      });
      const result = await finished(child);
      await visited;
      return result;
    },
    printPrompt(configDir, prompt, api) {
      const args = ['--print', '-p', prompt, '--allowedTools', api.allowedTools.join(',')];
      return run(configDir, args, promptEnv(api));
    },
    startStream(configDir, api) {
      const args = [...STREAM_ARGS, '--allowedTools', api.allowedTools.join(',')];
      return streamSession(start(configDir, claudePath, args, promptEnv(api)));
    },
  };
}

const promptEnv = (api: PromptApi) => ({
  ANTHROPIC_BASE_URL: api.url,
  CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-FAKE-SECRET-claude-login',
});

/** Nothing listens on the discard port, so whoever is sent there is refused at once. */
export const CLOSED_PORT = 'http://127.0.0.1:9';

/** Up to white space or the control characters of a terminal hyperlink. */
const AUTHORIZATION_URL = /https?:\/\/127\.0\.0\.1:\d+\/authorize\?[^\s\p{Cc}]+(?=[\s\p{Cc}])/u;

/** Does a browser's part: follows the page's redirect to the client's own callback. */
export async function approve(url: string): Promise<void> {
  const page = await fetch(url, { redirect: 'manual' });
  const callback = page.headers.get('location');
  if (callback === null || new URL(callback).hostname !== 'localhost') {
    throw new Error(`the authorization page answered ${page.status} and did not lead back`);
  }
  const answer = await fetch(callback, { redirect: 'manual' });
  if (answer.status >= 400) throw new Error(`the client's callback answered ${answer.status}`);
}

function finished(child: ChildProcessWithoutNullStreams): Promise<ClaudeResult> {
  return new Promise((resolve, reject) => {
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}

function listedServer(line: string): ListedServer | undefined {
  const match = /^(?<name>[^:]+): \S+ \(HTTP\) - (?<status>.+)$/.exec(line);
  const { name, status } = match?.groups ?? {};
  if (name === undefined || status === undefined) return undefined;
  if (/\bConnected$/.test(status)) return { name, status: 'connected', line };
  if (/Needs authentication/.test(status)) return { name, status: 'needs-sign-in', line };
  return { name, status: 'failed', line };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The entry of a config directory as it lies on disk, or `undefined` where there is none. */
export function readEntry(configDir: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(configDir, '.credentials.json'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
