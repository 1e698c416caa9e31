import { type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import { errorText } from '../system/errors.ts';
import { claudeEnvironment } from '../wrapper/childCommand.ts';

export type ProbeResult =
  | { readonly status: 'works' }
  | { readonly status: 'does-not' }
  /** Nothing is known by it: try again another time. */
  | { readonly status: 'unknown'; readonly why: string };

export interface ProbeOptions {
  /** From `findClaude`. */
  readonly claude: string;
  readonly store: CredentialStore;
  /** The user's. */
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs?: number;
}

const LIMIT_MS = 15_000;
/** Nothing listens on the discard port: whoever is sent there is refused at once. */
const CLOSED_PORT = 'http://127.0.0.1:9';
/** The client keeps the secret of a server's OAuth client in the entry; no server is asked for it. */
const ADD_SERVER = [
  ...['mcp', 'add', '--scope', 'user', '--transport', 'http'],
  ...['--client-id', 'probe', '--client-secret', 'probe', `${CLOSED_PORT}/mcp`],
];

/**
 * Whether the installed client keeps its entry where `CLAUDE_SECURESTORAGE_CONFIG_DIR` says. The variable
 * is undocumented, so the client is asked to keep a made-up secret in a throw-away directory, and where
 * that then lies is looked at. Nothing of it is left.
 */
export async function probeSharedStore(options: ProbeOptions): Promise<ProbeResult> {
  const { claude, store, limitMs = LIMIT_MS } = options;
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-probe-'));
  const [own, shared] = (['own', 'shared'] as const).map(
    (name): EntryRef => ({ scope: 'mission', configDir: join(root, name) }),
  ) as [EntryRef, EntryRef];
  const secret = randomBytes(16).toString('hex');
  try {
    for (const name of ['own', 'shared', 'home', 'work']) mkdirSync(join(root, name));
    const env = {
      ...claudeEnvironment(bareEnvironment(options, root), own.configDir, shared.configDir),
      MCP_CLIENT_SECRET: secret,
    };
    const failure = await run(claude, ADD_SERVER, { cwd: join(root, 'work'), env }, limitMs);
    if (failure !== null) return unknown(failure);
    return await compare(store, own, shared, secret);
  } catch (error) {
    return unknown(errorText(error));
  } finally {
    for (const ref of [own, shared]) await removeEntry(store, ref);
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The version that a client says it has, or `null`. */
export async function claudeVersion(
  claude: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  let said = '';
  const options = { env: { ...env, DISABLE_AUTOUPDATER: '1' }, cwd: tmpdir() };
  const failure = await run(claude, ['--version'], options, LIMIT_MS, (text) => {
    said += text;
  });
  return failure === null ? (/^\s*(\d+\.\d+\.\d+[\w.+-]*)/.exec(said)?.[1] ?? null) : null;
}

async function compare(
  store: CredentialStore,
  own: EntryRef,
  shared: EntryRef,
  secret: string,
): Promise<ProbeResult> {
  const [inOwn, inShared] = await Promise.all([store.read(own), store.read(shared)]);
  for (const read of [inOwn, inShared]) {
    if (read.status === 'unavailable') return unknown(`its entry is unavailable: ${read.detail}`);
  }
  const isThere = inShared.status === 'found' && inShared.text.includes(secret);
  if (inOwn.status === 'found') return { status: 'does-not' };
  return isThere ? { status: 'works' } : unknown('it kept the secret in neither place');
}

/** Only what a program needs, and nothing that would let it out of this machine. */
function bareEnvironment({ env, store }: ProbeOptions, root: string): NodeJS.ProcessEnv {
  // The keychain is found through HOME; beside it the client keeps everything in its config directory.
  const home = store.kind === 'file' ? join(root, 'home') : env.HOME;
  return {
    PATH: env.PATH,
    HOME: home,
    ...(env.USER !== undefined && { USER: env.USER }),
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    HTTP_PROXY: CLOSED_PORT,
    HTTPS_PROXY: CLOSED_PORT,
  };
}

async function removeEntry(store: CredentialStore, ref: EntryRef): Promise<void> {
  const now = await store.read(ref);
  // One that cannot be read holds a made-up secret at worst; "doctor" lists such leftovers of a keychain.
  if (now.status === 'found') await store.remove(ref, now.text);
}

/** @returns why it failed, or `null`; what it printed is told to nobody but `onOutput` */
function run(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
  limitMs: number,
  onOutput?: (text: string) => void,
): Promise<string | null> {
  return new Promise((resolve) => {
    // In a process group of its own, so that what it started ends with it.
    const child = spawn(program, args, {
      ...options,
      detached: true,
      stdio: ['ignore', onOutput === undefined ? 'ignore' : 'pipe', 'ignore'],
    });
    const timer = setTimeout(() => {
      resolve(`it takes longer than ${limitMs / 1_000} s`);
      if (child.pid !== undefined) killGroup(child.pid);
    }, limitMs);
    child.stdout?.on('data', (chunk: Buffer) => onOutput?.(chunk.toString('utf8')));
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve(errorText(error));
    });
    child.once(onOutput === undefined ? 'exit' : 'close', (code, signal) => {
      clearTimeout(timer);
      resolve(code === 0 ? null : `it ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in this moment.
  }
}

function unknown(why: string): ProbeResult {
  return { status: 'unknown', why };
}
