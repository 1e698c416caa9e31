import type { AppState } from '../../../main/service/contract/app.ts';
import type { MissionMessage } from '../../../main/service/contract/engine.ts';
import {
  ALERTS,
  appState,
  before,
  DISCOVERY,
  hashOf,
  making,
  mission,
  NOW,
  run,
  SERVERS,
  SEVEN,
  server,
  snapshot,
  unconnected,
  withSnapshot,
} from './states.ts';

/** Many missions: three in four run. */
export function manyMissions(count: number): MissionMessage[] {
  return Array.from({ length: count }, (_, at) =>
    mission(`m${String(at).padStart(4, '0')}`, {
      name: `mission ${at}`,
      state: at % 4 === 3 ? 'stopped' : 'running',
      repo: `github.com/acme/repo-${at % 9}`,
      hash: hashOf(at % 3),
    }),
  );
}

/** Each thing that can be wrong with a mission, once. */
export const TROUBLED: readonly MissionMessage[] = [
  mission('3f6c1a', {
    name: 'fix login',
    servers: [server('linear', { status: 'invalidated', expiresAt: null }), ...SERVERS.slice(1)],
  }),
  mission('81b2de', { name: 'api rewrite', held: ['linear', 'notion', 'sentry'], servers: [] }),
  mission('a07f44', {
    name: 'docs sweep',
    trouble: 'The keychain is locked (errSecInteractionNotAllowed). Unlock it; syncing goes on.',
    seenAt: before(2 * 3_600_000),
    inSync: false,
  }),
  mission('c5519e', { name: 'flaky tests', inSync: false, hash: hashOf(5) }),
  mission('e2d870', {
    name: 'billing spike',
    servers: [server('linear', { expiresAt: NOW - 60_000 })],
  }),
  mission('new', { name: 'just made', servers: [], hash: null, lastSyncAt: null }),
];

const LONG = 'an extraordinarily long mission name that somebody pasted from a ticket '.repeat(3);

/** Names that break layouts. */
export const ODD_NAMES: readonly MissionMessage[] = [
  mission('long', {
    name: LONG.trim(),
    repo: `github.com/${'acme'.repeat(12)}/${'web'.repeat(20)}`,
  }),
  mission('unbroken', { name: 'x'.repeat(160) }),
  mission('emoji', { name: '🚀 ship it 👩‍👩‍👧‍👦 now', repo: 'github.com/acme/🚢' }),
  mission('rtl', { name: 'إصلاح تسجيل الدخول' }),
  mission('cjk', { name: '修复登录问题' }),
  mission('html', { name: '<img src=x onerror=alert(1)> & "quotes"' }),
  mission('blank', { name: ' ', repo: null }),
  mission('servers', {
    name: 'long servers',
    servers: [server('s'.repeat(90), { status: 'invalidated', expiresAt: null })],
  }),
];

/** Each thing that a run can be at, once. */
export const RUNS: readonly MissionMessage[] = [
  mission('asks', { name: 'fix login', run: run({ activity: 'busy', attention: true }) }),
  mission('busy', {
    name: 'api rewrite',
    repo: 'github.com/acme/api',
    run: run({ activity: 'busy' }),
  }),
  mission('idle', { name: 'docs sweep', repo: 'github.com/acme/handbook', run: run() }),
  mission('headless', { name: 'nightly audit', run: run({ mode: 'headless', activity: 'busy' }) }),
  mission('pending', { name: 'flaky tests', run: run({ phase: 'restart-pending' }) }),
  mission('restarting', { name: 'billing spike', run: run({ phase: 'restarting' }) }),
  mission('stopping', { name: 'old branch', run: run({ phase: 'stopping' }) }),
  mission('foreign', { name: 'by the agenc command' }),
  mission('need', {
    name: 'design tokens',
    run: run({ activity: 'busy' }),
    servers: [server('linear', { status: 'invalidated', expiresAt: null }), ...SERVERS.slice(1)],
  }),
  mission('failed', {
    name: 'upgrade deps',
    state: 'stopped',
    run: run({ phase: 'ended', mode: 'headless', exitCode: 1 }),
  }),
  mission('done', {
    name: 'changelog',
    state: 'stopped',
    run: run({ phase: 'ended', mode: 'headless', exitCode: 0 }),
  }),
  mission('stopped', { name: 'release notes', state: 'stopped', run: null }),
];

/** Missions on their way, one that is not, and odd ones. */
export const MAKING = [
  making('m1'),
  making('m2', {
    name: 'import contacts',
    repo: 'git@github.com:acme/crm.git',
    detail: 'Counting objects',
    fraction: null,
  }),
  making('m3', {
    name: 'legacy portal',
    repo: 'acme/portal',
    fraction: null,
    detail: '',
    failure:
      "The repository could not be cloned: remote: Repository not found. fatal: repository 'https://github.com/acme/portal.git/' not found. Check its name, and that your git may read it: git ls-remote https://github.com/acme/portal.git",
  }),
] as const;

const paused = snapshot({ activity: { paused: true, busy: false } });

/** Whole states by what is special in them. */
export const scenarios = {
  seven: appState(),
  none: withSnapshot({ missions: [] }),
  many: withSnapshot({ missions: manyMissions(200) }),
  paused: appState({ snapshot: paused }),
  busy: withSnapshot({ activity: { paused: false, busy: true } }),
  resyncing: appState({ resyncing: '*' }),
  troubled: withSnapshot({ missions: [...TROUBLED, ...SEVEN.slice(5)] }),
  wipe: withSnapshot({
    alerts: [ALERTS.wipe],
    missions: SEVEN.map((one) =>
      one.id === '81b2de' ? { ...one, held: ALERTS.wipe.servers, servers: [] } : one,
    ),
  }),
  alerts: withSnapshot({ alerts: Object.values(ALERTS) }),
  distrusted: withSnapshot({ alerts: [ALERTS.hostile, ALERTS.replaced, ALERTS.tampering] }),
  locked: withSnapshot({
    alerts: [ALERTS.unavailable],
    global: {
      ...snapshot().global,
      trouble: 'the login keychain is locked',
      seenAt: before(3 * 60_000),
    },
    missions: SEVEN.map((one) => ({
      ...one,
      trouble: 'the login keychain is locked',
      seenAt: before(3 * 60_000),
    })),
  }),
  runs: withSnapshot({ missions: [...RUNS] }),
  making: withSnapshot(
    { missions: [...RUNS.slice(0, 3)] },
    { making: [...MAKING], recentRepos: ['acme/web', 'acme/api', '/home/sam/src/handbook'] },
  ),
  firstMaking: withSnapshot({ missions: [] }, { making: [making('m1')] }),
  names: withSnapshot({ missions: [...ODD_NAMES] }),
  starting: unconnected({ status: 'starting' }),
  other: appState({ connection: { status: 'other', pid: 123 } }),
  failed: unconnected({
    status: 'failed',
    message: 'The folder ~/.agenc/bar cannot be written: read-only file system. Make it writable.',
  }),
  looking: unconnected({ status: 'waiting' }),
  welcome: unconnected({ status: 'waiting' }, DISCOVERY),
  welcomeEmpty: unconnected(
    { status: 'waiting' },
    {
      ...DISCOVERY,
      agencDirExists: false,
      missions: 0,
      running: 0,
      globalEntry: 'absent',
      servers: [],
      candidates: [],
    },
  ),
  welcomeLocked: unconnected(
    { status: 'waiting' },
    {
      ...DISCOVERY,
      globalEntry: 'unavailable',
      globalDetail: 'the login keychain is locked (errSecInteractionNotAllowed)',
      servers: [],
      store: 'security',
      storePlace: 'keychain item "Claude Code-credentials"',
    },
  ),
  badSettings: appState({
    loginItem: 'requires-approval',
    settings: {
      ...appState().settings,
      problems: ['"pollIntervalMs" must be at least 1000; 60000 is used.'],
      storeFromEnvironment: true,
    },
  }),
} as const satisfies Record<string, AppState>;
export type ScenarioName = keyof typeof scenarios;
