import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FakeServer, fakeServer, fakeToken, serverKey } from '../support/fake.ts';

/** A made-up AGENC_DIRPATH with missions that run (their pid file names this very process), and a HOME. */
export interface Fleet {
  readonly root: string;
  readonly agencDir: string;
  /** What the engine and the command are started with: nothing of the user's is in it. */
  readonly env: NodeJS.ProcessEnv;
  readonly globalEntry: string;
  /** The path of each mission's `.credentials.json`. */
  readonly entries: readonly string[];
  dispose(): void;
}

export interface FleetOptions {
  readonly missions: number;
  /** Content of `bar/settings.json`. */
  readonly settings?: object;
  readonly env?: NodeJS.ProcessEnv;
  /** What every entry holds at first. `null`: only the global entry is there, the missions are to be cloned. */
  readonly missionText?: string | null;
}

/** On a real disk: `/tmp` may be memory, where `fsync` costs nothing. `AGENC_BENCH_DIR` names another place. */
export const WORK_DIR = process.env.AGENC_BENCH_DIR ?? '/var/tmp';
const SERVERS = ['linear', 'notion', 'sentry', 'figma', 'atlassian'];

export function createFleet(options: FleetOptions): Fleet {
  const root = mkdtempSync(join(WORK_DIR, 'agenc-bar-bench-'));
  const remove = () => rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  const agencDir = join(root, 'agenc');
  const home = join(root, 'home');
  const globalEntry = join(home, '.claude', '.credentials.json');
  const text = realisticEntry(SERVERS);
  const missionText = options.missionText === undefined ? text : options.missionText;
  writeNew(globalEntry, text);
  mkdirSync(join(agencDir, 'bar'), { recursive: true, mode: 0o700 });
  writeNew(join(agencDir, 'bar', 'settings.json'), JSON.stringify(options.settings ?? {}));
  const entries = Array.from({ length: options.missions }, (_, index) => {
    const name = `mission-${String(index + 1).padStart(4, '0')}`;
    const folder = join(agencDir, 'missions', name);
    const entry = join(folder, 'claude-config', '.credentials.json');
    mkdirSync(join(folder, 'agent'), { recursive: true });
    mkdirSync(join(folder, 'claude-config'));
    if (missionText !== null) writeNew(entry, missionText);
    writeFileSync(join(folder, 'pid'), String(process.pid));
    return entry;
  });
  return {
    root,
    agencDir,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      AGENC_DIRPATH: agencDir,
      AGENC_BAR_STORE: 'file',
      AGENC_BAR_JOURNAL_KEY: 'file',
      ...options.env,
    },
    globalEntry,
    entries,
    dispose() {
      process.off('exit', remove);
      remove();
    },
  };
}

/** A server value of the size that real ones have: a JWT, a refresh token, what discovery found. */
export function realisticServer(name: string): FakeServer {
  const host = `https://${name}.example.test`;
  return fakeServer(name, {
    accessToken: `${fakeToken('access')}.${randomBytes(192).toString('base64url')}`,
    refreshToken: `${fakeToken('refresh')}.${randomBytes(48).toString('base64url')}`,
    clientSecret: randomBytes(32).toString('base64url'),
    discoveryState: {
      authorizationServerUrl: host,
      resourceMetadataUrl: `${host}/.well-known/oauth-protected-resource/mcp`,
      oauthMetadataFound: true,
    },
  });
}

/** An entry of such servers, some 900 bytes each. */
export function realisticEntry(names: readonly string[]): string {
  const servers = names.map((name) => [serverKey(name), realisticServer(name)]);
  return JSON.stringify({ mcpOAuth: Object.fromEntries(servers) });
}

/**
 * Changes an entry as the client does: lock folder, read, temporary file, rename, unlock.
 * @param change what the client changes in the map of servers
 * @returns when the rename began (`performance.now()`)
 */
export function writeAsClient(
  entry: string,
  change: (servers: Record<string, unknown>) => void,
): number {
  const folder = join(entry, '..');
  const lock = join(folder, '.storage-write.lock');
  const temporary = `${entry}.tmp.${randomBytes(4).toString('hex')}`;
  acquire(lock);
  try {
    const content = JSON.parse(readFileSync(entry, 'utf8')) as { mcpOAuth: object };
    const servers = { ...content.mcpOAuth };
    change(servers);
    writeFileSync(temporary, JSON.stringify({ ...content, mcpOAuth: servers }), { mode: 0o600 });
    const at = performance.now();
    renameSync(temporary, entry);
    return at;
  } finally {
    rmdirSync(lock);
  }
}

/** The engine holds the lock for microseconds, so asking again at once is all the waiting there is. */
function acquire(lock: string): void {
  for (let tries = 0; ; tries += 1) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (tries > 10_000) throw error;
    }
  }
}

function writeNew(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
}
