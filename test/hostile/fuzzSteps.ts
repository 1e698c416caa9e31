import fc from 'fast-check';
import { type OddKind, oddKinds } from './attacks/oddFiles.ts';

/** One thing that a fuzzing mission, program or server does. */
export type Step =
  /** Something else lies where a file of the mission's should be. Below `missions/<id>/`. */
  | { readonly do: 'odd'; readonly path: string; readonly kind: OddKind }
  | { readonly do: 'text'; readonly path: string; readonly text: string }
  | { readonly do: 'remove'; readonly path: string }
  | { readonly do: 'rerun' }
  /** Bytes to the control socket. */
  | { readonly do: 'http'; readonly bytes: string }
  /** What the mission's wrapper answers from now on. */
  | { readonly do: 'wrapper'; readonly answer: string }
  /** What an authorization server answers that an honest mission is signed in to. */
  | { readonly do: 'token'; readonly status: number; readonly answer: string }
  /** The engine is killed, and another one finds something odd in `bar/`. */
  | {
      readonly do: 'bar';
      readonly path: string;
      readonly kind: OddKind | null;
      readonly text: string;
    };

const missionPaths = [
  'claude-config/.credentials.json',
  'claude-config/.credentials.json',
  'claude-config/.credentials.json',
  'claude-config/mcp-needs-auth-cache.json',
  'claude-config/.storage-write.lock',
  'claude-config/mcp-refresh-pulse_0123456789abcdef.lock.lock',
  'claude-config/.credentials.json.tmp.01234567',
  'claude-config',
  'mission.json',
  'pid',
  'shared-store',
  'claude.pid',
  'prompt',
  'wrapper.log',
  'claude-output.log',
  'agent',
];

const barPaths = [
  'engine.lock',
  'engine.sock',
  'lineage.json',
  'settings.json',
  'attached.json',
  'refresh-locks.json',
  'shared-store.json',
  'app.json',
  'sync.log',
  'journal',
  'refresh',
];

const kind: fc.Arbitrary<OddKind> = fc.constantFrom(...(Object.keys(oddKinds) as OddKind[]));

/** Numbers that are no times, no counts and no lengths. */
const oddNumber = fc.constantFrom(
  '0',
  '-1',
  '1.5',
  '1e20',
  '1e400',
  '-0',
  '8640000000000001',
  '9223372036854775807',
);
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '../../x',
    '\u001b[2J',
    '\ud800',
    'https://x:x@[::1',
  ),
);

/** A value as JSON text, of a kind that nobody expects there. */
const oddJson = fc.oneof(
  oddNumber,
  oddText.map((text) => JSON.stringify(text)),
  fc.json({ maxDepth: 3 }),
  fc.constantFrom('null', 'true', '[]', '{}', '[[[[]]]]'),
);

/** An object in which some members are as they should be and some are not. */
function oddObject(members: Readonly<Record<string, string>>): fc.Arbitrary<string> {
  const names = Object.keys(members);
  return fc
    .record(
      Object.fromEntries(
        names.map((name) => [
          name,
          fc.oneof(
            { weight: 6, arbitrary: fc.constant<string | null>(members[name] ?? 'null') },
            { weight: 2, arbitrary: oddJson },
            { weight: 1, arbitrary: fc.constant(null) },
          ),
        ]),
      ),
    )
    .map((chosen) => {
      const parts = Object.entries(chosen).flatMap(([name, value]) =>
        value === null ? [] : [`${JSON.stringify(name)}:${value}`],
      );
      return `{${parts.join(',')}}`;
    });
}

/** @param origin of an authorization server that answers oddly */
function server(name: string, origin: string): fc.Arbitrary<string> {
  return oddObject({
    serverName: JSON.stringify(name),
    serverUrl: JSON.stringify(`${origin}/mcp`),
    accessToken: '"BOGUS-SECRET-access"',
    refreshToken: '"BOGUS-SECRET-refresh"',
    expiresAt: String(Date.now() + 3_600_000),
    clientId: '"client"',
    issuer: JSON.stringify(origin),
    scope: '"mcp"',
    discoveryState: JSON.stringify({ authorizationServerUrl: origin, oauthMetadataFound: true }),
  });
}

function entry(origin: string): fc.Arbitrary<string> {
  const servers = fc
    .array(fc.tuple(fc.constantFrom('s0', 's1', 's2', '__proto__', '', '/~1'), fc.nat(9)), {
      maxLength: 4,
    })
    .chain((names) =>
      fc.tuple(
        ...names.map(([name, salt]) =>
          server(name, origin).map(
            (value) => `${JSON.stringify(`${name}|${salt}123456789abcdef`)}:${value}`,
          ),
        ),
      ),
    )
    .map((parts) => `{${parts.join(',')}}`);
  return fc.oneof(
    { weight: 6, arbitrary: servers.map((map) => `{"mcpOAuth":${map}}`) },
    { weight: 2, arbitrary: oddJson.map((value) => `{"mcpOAuth":${value}}`) },
    {
      weight: 2,
      arbitrary: fc.tuple(servers, oddJson).map(([m, v]) => `{"mcpOAuth":${m},"x":${v}}`),
    },
    { weight: 2, arbitrary: oddJson },
  );
}

/** As it is, or torn off somewhere. */
function torn(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(text, fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })))
    .map(([whole, part]) => whole.slice(0, Math.ceil(whole.length * part)));
}

const wrapperStatus = oddObject({
  missionId: '"x"',
  pid: '1',
  claudePid: 'null',
  mode: '"headless"',
  phase: '"running"',
  activity: '"busy"',
  attention: 'false',
  startedAt: '"2026-01-01T00:00:00.000Z"',
  claudeStartedAt: 'null',
  exitCode: 'null',
});

const http = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'CONNECT', 'OPTIONS', 'x'),
      fc.constantFrom(
        ...['status', 'look', 'resync', 'resolve', 'journal', 'restore', 'clone', 'writeBack'],
        ...['attach', 'detach', 'findLeftovers', 'events', 'snapshots', '__proto__', '../status'],
      ),
      fc.oneof(
        oddObject({
          id: '"x"',
          missionId: '"x"',
          alertId: '"x"',
          answer: '"restore"',
          folder: '"x"',
        }),
        oddJson,
      ),
      fc.constantFrom(0, 0, 0, -2, 5, 100_000),
    )
    .map(([method, path, body, lie]) => {
      const length = Math.max(0, Buffer.byteLength(body) + lie);
      return `${method} /${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${body}`;
    }),
);

const tokenAnswer = oddObject({
  access_token: '"FAKE-SECRET-fuzzed-access"',
  refresh_token: '"FAKE-SECRET-fuzzed-refresh"',
  token_type: '"Bearer"',
  expires_in: '3600',
  scope: '"mcp"',
});

/** Sequences of steps. @param origin of the authorization server that answers what `token` says */
export function sequences(origin: string): fc.Arbitrary<readonly Step[]> {
  const path = fc.constantFrom(...missionPaths);
  const fileText = torn(fc.oneof({ weight: 4, arbitrary: entry(origin) }, oddJson, oddText));
  const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('odd' as const), path, kind }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('text' as const), path, text: fileText }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), path }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('rerun' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('http' as const), bytes: http }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('wrapper' as const),
        answer: torn(fc.oneof(wrapperStatus, oddJson, oddText)),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('token' as const),
        status: fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 429, 500, 502),
        answer: torn(fc.oneof(tokenAnswer, oddJson, oddText)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('bar' as const),
        path: fc.constantFrom(...barPaths),
        kind: fc.option<OddKind, null>(kind, { nil: null }),
        text: torn(fc.oneof(oddJson, oddText)),
      }),
    },
  );
  return fc.array(step, { minLength: 1, maxLength: 12 });
}
