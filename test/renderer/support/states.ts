import type { AppState, Connection, Discovery } from '../../../main/service/contract/app.ts';
import type {
  AlertMessage,
  MissionMessage,
  RunMessage,
  ServerMessage,
  Snapshot,
} from '../../../main/service/contract/engine.ts';
import type { Making } from '../../../main/service/contract/missions.ts';

/** What every state is told relative to; pages in tests have this as their clock's start. */
export const NOW = Date.parse('2026-11-24T14:05:00.000Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A time before `NOW`. */
export function before(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

/** 64 hex digits that differ with the seed. */
export function hashOf(seed: number): string {
  let value = (seed * 2_654_435_761 + 1) >>> 0;
  let hex = '';
  while (hex.length < 64) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    hex += value.toString(16).padStart(8, '0');
  }
  return hex;
}

export function server(name: string, change: Partial<ServerMessage> = {}): ServerMessage {
  const key = `${name}|${hashOf(name.length * 31 + (name.codePointAt(0) ?? 0)).slice(0, 16)}`;
  return {
    key,
    name,
    status: 'usable',
    expiresAt: NOW + 38 * MINUTE,
    refreshedAt: null,
    refreshedBy: null,
    nextRefreshAt: null,
    refreshTrouble: null,
    ...change,
  };
}

/** The four servers of most missions. */
export const SERVERS: readonly ServerMessage[] = [
  server('linear'),
  server('notion', { expiresAt: NOW + 6 * HOUR }),
  server('sentry', { expiresAt: NOW + 4 * 24 * HOUR }),
  server('figma', { expiresAt: null }),
];

export function mission(id: string, change: Partial<MissionMessage> = {}): MissionMessage {
  return {
    id,
    name: id,
    kind: 'agenc',
    state: 'running',
    configDir: `/home/sam/.agenc/missions/${id}/claude-config`,
    repo: 'github.com/acme/web',
    hash: hashOf(1),
    run: null,
    shared: false,
    inSync: true,
    held: [],
    lastSyncAt: before(12 * SECOND),
    servers: [...SERVERS],
    trouble: null,
    seenAt: before(2 * SECOND),
    ...change,
  };
}

export function run(change: Partial<RunMessage> = {}): RunMessage {
  return {
    mode: 'interactive',
    phase: 'running',
    activity: 'idle',
    attention: false,
    startedAt: before(3 * MINUTE),
    exitCode: null,
    ...change,
  };
}

/** Five that run, one attached, one stopped; all well. */
export const SEVEN: readonly MissionMessage[] = [
  mission('3f6c1a', { name: 'fix login' }),
  mission('81b2de', { name: 'api rewrite', repo: 'github.com/acme/api' }),
  mission('a07f44', { name: 'docs sweep', repo: 'github.com/acme/handbook' }),
  mission('c5519e', { name: 'flaky tests', lastSyncAt: before(3 * MINUTE) }),
  mission('e2d870', { name: 'billing spike', repo: 'github.com/acme/billing' }),
  mission('work', {
    name: 'work laptop',
    kind: 'attached',
    state: 'attached',
    repo: null,
    configDir: '/home/sam/work/.claude-client',
  }),
  mission('f01c3b', {
    name: 'release notes',
    state: 'stopped',
    repo: 'github.com/acme/handbook',
    inSync: false,
    lastSyncAt: before(26 * HOUR),
    seenAt: before(26 * HOUR),
    servers: SERVERS.slice(0, 3),
    hash: hashOf(2),
  }),
];

export function alert(change: Partial<AlertMessage> = {}): AlertMessage {
  return {
    id: 'wipe-81b2de',
    kind: 'wipe',
    missionId: '81b2de',
    message:
      'linear, notion and sentry vanished from mission "api rewrite" in a way no logout does; all others keep them. Resolve this alert with "restore" or "remove".',
    servers: ['linear', 'notion', 'sentry'],
    at: before(40 * SECOND),
    ...change,
  };
}

/** One alert of each kind. */
export const ALERTS = {
  wipe: alert(),
  tampering: alert({
    id: 'tampering-3f6c1a-linear',
    kind: 'tampering',
    missionId: '3f6c1a',
    servers: ['linear'],
    message:
      'Mission "fix login" changed where the token of linear is sent: to https://auth.linear-app.example/oauth/token, instead of https://mcp.linear.app/token. The change was not carried, and nothing was sent there. Answer with "keep" (ours) or "accept" (the new address).',
  }),
  replaced: alert({
    id: 'replaced-notion',
    kind: 'replaced',
    missionId: 'e2d870',
    servers: ['notion'],
    message:
      'Mission "billing spike" replaced the sign-in of notion by one at https://login.notion-workspace.example; the former one was at https://mcp.notion.com. If that was not you, use the former one.',
  }),
  hostile: alert({
    id: 'hostile-c5519e',
    kind: 'hostile',
    missionId: 'c5519e',
    servers: [],
    message:
      'Mission "flaky tests" writes its entry 88 times a second; it is looked at once a second from now on. Look at what runs in it, or stop it.',
  }),
  unavailable: alert({
    id: 'unavailable-global',
    kind: 'unavailable',
    missionId: null,
    servers: [],
    message:
      'The global entry is unavailable (locked): the login keychain is locked (errSecInteractionNotAllowed, -25308). Unlock the keychain; syncing then goes on by itself.',
  }),
  conflict: alert({
    id: 'conflict-3f6c1a',
    kind: 'conflict',
    missionId: '3f6c1a',
    servers: ['linear'],
    message:
      'Mission "fix login" and the global entry had both changed linear; one sign-in won everywhere, the other is in the journal.',
  }),
  broadcast: alert({
    id: 'trouble-broadcast',
    kind: 'broadcast',
    missionId: null,
    servers: [],
    message: 'The broadcast file cannot be written: no space left on device. Free some space.',
  }),
  state: alert({
    id: 'state',
    kind: 'state',
    missionId: null,
    servers: [],
    message: 'What was last synced cannot be remembered: ~/.agenc/bar/state.json is read-only.',
  }),
  watch: alert({
    id: 'watch',
    kind: 'watch',
    missionId: null,
    servers: [],
    message: 'Folders cannot be watched (ENOSPC); they are looked at every 30 s instead.',
  }),
  note: alert({
    id: 'trouble-note',
    kind: 'note',
    missionId: null,
    servers: [],
    message:
      'A client’s note that it needs a sign-in could not be removed, so it may not connect although it could: permission denied. Remove ~/.claude/mcp-needs-auth-cache.json.',
  }),
  log: alert({
    id: 'log',
    kind: 'log',
    missionId: null,
    servers: [],
    message:
      'The sync log cannot be written: ENOSPC: no space left on device, write. Mend that, or free some space; what happens meanwhile is written then.',
  }),
  refresh: alert({
    id: 'refresh',
    kind: 'refresh',
    missionId: null,
    servers: [],
    message:
      'The new tokens of "linear" cannot be written yet: the global entry is read-only. They are kept, and carried once it can be written.',
  }),
  damaged: alert({
    id: 'destinations',
    kind: 'damaged',
    missionId: null,
    servers: [],
    message:
      '~/.agenc/bar/destinations.json is not JSON. It is put aside, and where each sign-in may be sent is taken from the global entry, then from the missions: look whether the addresses in there are right.',
  }),
  lock: alert({
    id: 'lock',
    kind: 'lock',
    missionId: null,
    servers: [],
    message:
      'No lock can be kept on ~/.agenc/bar/engine.lock (ENOLCK): do not start a second engine on this folder in another container or on another machine.',
  }),
  defect: alert({
    id: 'internal',
    kind: 'defect',
    missionId: null,
    servers: [],
    message:
      'Something went wrong: TypeError at merge. It is tried again by itself; please report this.',
  }),
  unknown: alert({
    id: 'new-1',
    kind: 'unknown',
    missionId: null,
    servers: [],
    message: 'Something that only a newer version has a name for.',
  }),
  settings: alert({
    id: 'settings',
    kind: 'settings',
    missionId: null,
    servers: [],
    message: 'bar/settings.json is not JSON; the defaults are used.',
  }),
} as const;

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    engine: { running: true, pid: 4711, store: 'file' },
    activity: { paused: false, busy: false },
    agencDir: '/home/sam/.agenc',
    global: {
      configDir: '/home/sam/.claude',
      hash: hashOf(1),
      lastBroadcastAt: before(12 * SECOND),
      servers: [...SERVERS],
      trouble: null,
      seenAt: before(2 * SECOND),
    },
    missions: [...SEVEN],
    alerts: [],
    ...change,
  };
}

export const DISCOVERY: Discovery = {
  agencDir: '/home/sam/.agenc',
  agencDirExists: true,
  missions: 7,
  running: 5,
  globalConfigDir: '/home/sam/.claude',
  globalEntry: 'found',
  globalDetail: null,
  servers: ['linear', 'notion', 'sentry', 'figma'],
  store: 'file',
  storePlace: '/home/sam/.claude/.credentials.json',
  candidates: [
    { id: 'candidate-0', folder: '/home/sam/.claude-client', servers: 2, attached: false },
    { id: 'candidate-1', folder: '/home/sam/.claude_old', servers: 0, attached: false },
  ],
};

/** A state with all well in seven missions; every other is a change of it. */
export function appState(change: Partial<AppState> = {}): AppState {
  return {
    revision: 1,
    version: '0.1.0',
    platform: 'linux',
    presentation: 'popover',
    connection: { status: 'own' },
    snapshot: snapshot(),
    resyncing: null,
    making: [],
    recentRepos: [],
    signingIn: null,
    hasOauthToken: false,
    settings: {
      path: '/home/sam/.agenc/bar/settings.json',
      values: {
        store: 'auto',
        globalConfigDir: '/home/sam/.claude',
        pollIntervalMs: 60_000,
        debounceMs: 100,
        syncClaudeLogin: false,
        refreshFence: true,
        refreshAhead: true,
        refreshAheadMs: 600_000,
        terminal: 'auto',
        launchAtLogin: false,
        notifications: true,
        claudePath: null,
        shareStore: 'off',
      },
      problems: [],
      storeFromEnvironment: false,
    },
    loginItem: 'off',
    discovery: null,
    ...change,
  };
}

export function making(id: string, change: Partial<Making> = {}): Making {
  return {
    id,
    name: 'payment retries',
    repo: 'acme/billing',
    detail: 'Receiving objects',
    fraction: 0.42,
    failure: null,
    ...change,
  };
}

/** A state with another snapshot. */
export function withSnapshot(change: Partial<Snapshot>, rest: Partial<AppState> = {}): AppState {
  return appState({ snapshot: snapshot(change), ...rest });
}

/** A state that has no snapshot yet. */
export function unconnected(connection: Connection, discovery: Discovery | null = null): AppState {
  return appState({ connection, discovery, snapshot: null });
}
