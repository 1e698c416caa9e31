import fc from 'fast-check';
import type { AppState } from '../../../main/service/contract/app.ts';
import {
  type AlertMessage,
  alertKinds,
  type MissionMessage,
  type RunMessage,
  type ServerMessage,
} from '../../../main/service/contract/engine.ts';
import { ALERTS, appState, mission, run, server, snapshot } from './states.ts';

/** What a mission may call itself and its servers. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '__proto__',
    'constructor',
    'toString',
    'a\nb\r\nc',
    'safe\u202egnp.exe',
    '\u2066\u2067\u2068\u2069',
    '\ud800',
    '|0123456789abcdef',
    'https://',
    'https://[::1',
    'https://a.example@\u202eb.example/\n',
    '<img src=x onerror=alert(1)>',
    'x'.repeat(20_000),
  ),
);

/** Times that an entry may name, in ms; a date holds ±8.64e15. */
const hostileMs = fc.oneof(
  fc.double(),
  fc.constantFrom(8.64e15, 8.65e15, -8.65e15, 1e20, Number.MAX_VALUE, -1, 0, Number.NaN),
);

const hostileTime = fc.constantFrom(
  null,
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2026-11-24T14:05:00.000Z',
  '+275760-09-13T00:00:00.001Z',
  'never',
  '',
);
const someTime = hostileTime.map((time) => time ?? '');

const hostileServer: fc.Arbitrary<ServerMessage> = fc
  .record({
    key: hostileText,
    name: hostileText,
    status: fc.constantFrom('usable', 'registered', 'invalidated'),
    expiresAt: fc.option(hostileMs),
    refreshedAt: hostileTime,
    refreshedBy: fc.option(fc.oneof(fc.constantFrom('engine', 'global'), hostileText)),
    nextRefreshAt: hostileTime,
    refreshTrouble: fc.constantFrom('needs-sign-in', 'left-to-client', null),
  } satisfies { [K in keyof ServerMessage]: fc.Arbitrary<ServerMessage[K]> })
  .map((change) => server('s', change));
const hostileServers = fc.uniqueArray(hostileServer, { maxLength: 8, selector: ({ key }) => key });

const hostileRun: fc.Arbitrary<RunMessage> = fc
  .record({
    mode: fc.constantFrom('interactive', 'headless'),
    phase: fc.constantFrom(
      'starting',
      'running',
      'restart-pending',
      'restarting',
      'stopping',
      'ended',
    ),
    activity: fc.constantFrom('idle', 'busy'),
    attention: fc.boolean(),
    startedAt: someTime,
    exitCode: fc.option(fc.double()),
  } satisfies { [K in keyof RunMessage]: fc.Arbitrary<RunMessage[K]> })
  .map(run);

const hostileMission: fc.Arbitrary<MissionMessage> = fc
  .record({
    id: hostileText,
    name: hostileText,
    kind: fc.constantFrom('agenc', 'attached'),
    state: fc.constantFrom('running', 'stopped', 'attached'),
    configDir: hostileText,
    repo: fc.option(hostileText),
    run: fc.option(hostileRun),
    shared: fc.boolean(),
    inSync: fc.boolean(),
    held: fc.array(hostileText, { maxLength: 40 }),
    lastSyncAt: hostileTime,
    servers: hostileServers,
    trouble: fc.option(hostileText),
    seenAt: hostileTime,
  } satisfies Partial<{ [K in keyof MissionMessage]: fc.Arbitrary<MissionMessage[K]> }>)
  .map((change) => mission('m', change));

const hostileAlert: fc.Arbitrary<AlertMessage> = fc
  .record({
    id: hostileText,
    kind: fc.constantFrom(...alertKinds),
    missionId: fc.option(hostileText),
    message: hostileText,
    servers: fc.array(hostileText, { maxLength: 40 }),
    at: someTime,
  } satisfies { [K in keyof AlertMessage]: fc.Arbitrary<AlertMessage[K]> })
  .map((change) => ({ ...ALERTS.watch, ...change }));

/** Whatever hostile missions could bring into the state. */
export const hostileState: fc.Arbitrary<AppState> = fc
  .record({
    missions: fc.uniqueArray(hostileMission, { maxLength: 5, selector: ({ id }) => id }),
    alerts: fc.uniqueArray(hostileAlert, { maxLength: 6, selector: ({ id }) => id }),
    servers: hostileServers,
    lastBroadcastAt: hostileTime,
    busy: fc.boolean(),
    trouble: fc.option(hostileText),
  })
  .map(({ missions, alerts, servers, lastBroadcastAt, busy, trouble }) =>
    appState({
      snapshot: snapshot({
        missions,
        alerts,
        activity: { paused: false, busy },
        global: { ...snapshot().global, servers, lastBroadcastAt, trouble },
      }),
    }),
  );
