import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBroadcastFile } from '../../main/broadcast/broadcastFile.ts';
import { readClientJson } from '../../main/missions/claudeJson.ts';
import { readConfigRecord } from '../../main/missions/configRecord.ts';
import { findMissions } from '../../main/missions/discover.ts';
import { keptPrompt } from '../../main/missions/firstPrompt.ts';
import { configuresServer } from '../../main/missions/knownServers.ts';
import { refreshMissionConfig } from '../../main/missions/missionConfig.ts';
import { readOauthToken } from '../../main/missions/oauthToken.ts';
import { readPid } from '../../main/missions/pid.ts';
import { openTail } from '../../main/service/fileTail.ts';
import { runNote } from '../../main/service/runNote.ts';
import { loadSettings } from '../../main/service/settings.ts';
import { clearNeedsAuth } from '../../main/sync/needsAuthCache.ts';
import { UserError } from '../../main/system/userError.ts';
import { withTestHook } from './makeHome.ts';

/*
 * Whatever lies in the place of a file that somebody else can write: its reader comes back at once, with a
 * value or a clear error, and what a link leads to neither comes in nor is changed. A failure prints its seed.
 */

const SECRET = 'FAKE-SECRET-OF-ANOTHER-PROGRAM';
const RUNS = 30;

let root: string;
let victim: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-odd-'));
  victim = join(root, 'victim');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const config = (name = '') => join(root, 'missions', 'm', 'claude-config', name);
const mission = (name: string) => join(root, 'missions', 'm', name);
const folders = () => ({ missions: join(root, 'missions'), missionNotes: join(root, 'notes') });
const none = () => undefined;

/** JSON that is nearly what a reader expects, so that its schema is met from inside. */
const nearly = fc
  .oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.record(
      {
        name: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        repo: fc.oneof(fc.constant('/etc'), fc.jsonValue()),
        files: fc.dictionary(
          fc.oneof(fc.constantFrom('../../../victim', '/etc/passwd', '__proto__'), fc.string()),
          fc.oneof(fc.record({ source: fc.string(), own: fc.string() }), fc.jsonValue()),
        ),
        settings: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        claudeJson: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        mcpServers: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
        projects: fc.jsonValue(),
        hooks: fc.dictionary(fc.string(), fc.jsonValue()),
        loop: fc.jsonValue(),
        at: fc.oneof(fc.constant('2026-11-25T09:00:00.000Z'), fc.string()),
        event: fc.oneof(fc.constantFrom('start', 'warning', 'claude-ended'), fc.string()),
      },
      { requiredKeys: [] },
    ),
  )
  .map((value) => JSON.stringify(value));

type Put = readonly [what: string, put: (path: string) => void];
const odd: fc.Arbitrary<Put> = fc.oneof(
  { weight: 6, arbitrary: nearly.map((text): Put => [text, (path) => writeFileSync(path, text)]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(nearly, fc.nat())
      .map(([text, at]) => text.slice(0, at % (text.length + 1)))
      .map((text): Put => [`torn: ${text}`, (path) => writeFileSync(path, text)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .uint8Array({ maxLength: 300 })
      .map((bytes): Put => [`bytes: ${bytes}`, (path) => writeFileSync(path, bytes)]),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Put>(
      ['a pipe', (path) => execFileSync('mkfifo', [path])],
      ['a folder', (path) => mkdirSync(path)],
      ['a link to a secret', (path) => symlinkSync(victim, path)],
      ['a link to /dev/zero', (path) => symlinkSync('/dev/zero', path)],
      ['a link to itself', (path) => symlinkSync(path, path)],
      [
        'two gigabytes of nothing',
        (path) => {
          writeFileSync(path, '');
          truncateSync(path, 2 ** 31);
        },
      ],
      ['nested deep', (path) => writeFileSync(path, '[{"a":'.repeat(50_000))],
      ['nothing', none],
    ),
  },
);

/** Each reader, and where what it reads lies. Its result is looked through for the secret. */
const READERS: readonly (readonly [string, () => string, () => unknown])[] = [
  ['pid', () => mission('pid'), () => readPid(mission('pid'))],
  ['prompt', () => mission('prompt'), () => keptPrompt(mission(''))],
  ['mission.json', () => mission('mission.json'), () => findMissions(folders())],
  ['the note', () => join(root, 'notes', 'm.json'), () => findMissions(folders())],
  ['.agenc-bar.json', () => config('.agenc-bar.json'), () => readConfigRecord(config())],
  [
    'settings.json',
    () => config('settings.json'),
    () => readClientJson(config('settings.json'), none),
  ],
  ['.claude.json', () => config('.claude.json'), () => configuresServer(config(), null, 'loop')],
  ['.mcp.json', () => mission('.mcp.json'), () => configuresServer(config(), mission(''), 'loop')],
  [
    'the note of servers',
    () => config('mcp-needs-auth-cache.json'),
    () => clearNeedsAuth(config(), ['loop', 'name']),
  ],
  [
    'the output',
    () => mission('claude-output.log'),
    () => openTail(mission('claude-output.log'), 1_000).more(),
  ],
  [
    'the wrapper’s log',
    () => mission('wrapper.log'),
    () => (openTail(mission('wrapper.log'), 1_000).more() ?? '').split('\n').map(runNote),
  ],
  [
    'the broadcast',
    () => join(root, 'broadcast'),
    () => createBroadcastFile(join(root, 'broadcast'), Date.now).read(),
  ],
];

/** Readers of the user's own files, which follow links. */
const FOLLOWING: typeof READERS = [
  [
    'the settings',
    () => join(root, 'settings.json'),
    () => loadSettings(join(root, 'settings.json'), {}),
  ],
  [
    'the token',
    () => join(root, 'oauth-token'),
    () => typeof readOauthToken(join(root, 'oauth-token')),
  ],
];

async function check(pathOf: () => string, read: () => unknown, [, put]: Put): Promise<string> {
  rmSync(join(root, 'missions'), { recursive: true, force: true });
  rmSync(pathOf(), { recursive: true, force: true });
  mkdirSync(config(), { recursive: true });
  mkdirSync(dirname(pathOf()), { recursive: true });
  writeFileSync(victim, JSON.stringify({ loop: 1, name: SECRET, mcpServers: { loop: SECRET } }));
  put(pathOf());
  const before = readFileSync(victim, 'utf8');
  let result: unknown;
  try {
    result = await read();
  } catch (error) {
    // It says what, and never with a stranger's words.
    if (!(error instanceof UserError)) throw error;
    result = error.message;
  }
  expect(readFileSync(victim, 'utf8')).toBe(before);
  return JSON.stringify(result) ?? '';
}

describe('whatever lies in the place of', () => {
  it.each(READERS)(
    '%s, its reader comes back, and with nothing of another program',
    async (_, pathOf, read) => {
      await fc.assert(
        fc.asyncProperty(odd, async (one) => {
          expect(await check(pathOf, read, one)).not.toContain(SECRET);
          const left = lstatSync(pathOf(), { throwIfNoEntry: false });
          if (left?.isSymbolicLink() !== true && left?.isFile() === true && left.size < 10_000)
            expect(readFileSync(pathOf(), 'utf8')).not.toContain(SECRET);
        }),
        { numRuns: RUNS },
      );
    },
  );

  it.each(FOLLOWING)('%s, its reader comes back', async (_, pathOf, read) => {
    await fc.assert(
      fc.asyncProperty(odd, async (one) => {
        await check(pathOf, read, one);
      }),
      { numRuns: RUNS },
    );
  });

  it('several files of a mission’s config at once, a launch comes back, and changes nothing else', async () => {
    const names = ['settings.json', '.claude.json', '.agenc-bar.json', 'CLAUDE.md', 'agents'];
    const user = join(root, 'user');
    const options = {
      userConfigDir: user,
      homeClaudeJson: join(user, '.claude.json'),
      workDir: mission('agent'),
      target: config(),
      repo: null,
      hooks: withTestHook,
    };
    mkdirSync(join(user, 'agents'), { recursive: true });
    for (const name of ['CLAUDE.md', 'agents/a.md']) writeFileSync(join(user, name), 'mine');
    writeFileSync(join(user, 'settings.json'), '{"model":"opus"}');
    await fc.assert(
      fc.asyncProperty(fc.tuple(odd, odd, odd, odd, odd), async (puts) => {
        const launch = async () => {
          mkdirSync(mission('agent'), { recursive: true });
          for (const [at, name] of names.entries()) puts[at]?.[1](config(name));
          const { warnings } = await refreshMissionConfig(options);
          return [warnings, ...names.map((name) => textOf(config(name)))];
        };
        expect(await check(() => config('none'), launch, ['nothing', none])).not.toContain(SECRET);
        expect(readFileSync(join(user, 'settings.json'), 'utf8')).toBe('{"model":"opus"}');
      }),
      { numRuns: RUNS },
    );
  });
});

/** What has come into a small file of the mission's own. */
function textOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size < 1_000_000 ? readFileSync(path, 'utf8') : '';
}
