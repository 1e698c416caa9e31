import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addCommandLine, MAX_LINE_BYTES } from '../../main/stores/security/commandLine.ts';
import { asciiJson, decodePrinted, encodeHex } from '../../main/stores/security/encoding.ts';
import { parseDefaultKeychain } from '../../main/stores/security/keychainFile.ts';
import {
  listMissionServices,
  parseMissionServices,
} from '../../main/stores/security/listMissionServices.ts';
import {
  createSecurityStore,
  type SecurityStoreOptions,
} from '../../main/stores/security/securityStore.ts';
import { serviceName } from '../../main/stores/serviceName.ts';
import type { CredentialStore, EntryRef, UnavailableReason } from '../../main/stores/store.ts';
import { readLines, splitLine } from '../doubles/security/commandLine.ts';
import { createSecurityDouble, type SecurityDouble } from '../doubles/security/securityDouble.ts';
import { fakeEntry, MARK } from '../support/fake.ts';
import { describeStoreConformance } from './conformance.ts';

const global: EntryRef = { scope: 'global', configDir: join(homedir(), '.claude') };
const mission: EntryRef = { scope: 'mission', configDir: '/tmp/agenc/missions/a/claude-config' };
const other: EntryRef = { scope: 'mission', configDir: '/tmp/agenc/missions/b/claude-config' };
const service = serviceName(mission);

const FIND = 'find-generic-password';
const ADD = 'add-generic-password';
const DELETE = 'delete-generic-password';

describeStoreConformance('security store', async () => {
  const double = await createSecurityDouble();
  const store = createSecurityStore({ env: double.env, absentRetryMs: 10 });
  return {
    store,
    global,
    mission,
    other,
    writeFromOutside: (ref, text) => double.put(serviceName(ref), text),
    dispose: async () => {
      await store.dispose();
      double.dispose();
    },
  };
});

let double: SecurityDouble;
let store: CredentialStore;

const storeWith = (options: SecurityStoreOptions = {}): CredentialStore =>
  createSecurityStore({ env: double.env, absentRetryMs: 10, ...options });
/** The processes since `from`, each by its first argument. */
const started = (from = 0): string[] =>
  double
    .calls()
    .slice(from)
    .map(([first]) => first ?? '');
const textOf = async (ref: EntryRef): Promise<string | null> => {
  const read = await store.read(ref);
  return read.status === 'found' ? read.text : null;
};
/** JSON whose hex fills a command line of the mission up to `bytes` bytes, or one less. */
const textFilling = (bytes: number): string => {
  const overhead = (addCommandLine(double.account, service, '') ?? '').length;
  return `{"v":"${'x'.repeat(Math.floor((bytes - overhead) / 2) - 8)}"}`;
};

beforeEach(async () => {
  double = await createSecurityDouble();
  store = storeWith();
});
afterEach(async () => {
  await store.dispose();
  double.dispose();
});

describe('security store: how values are written', () => {
  it('hands a value to security on standard input, as hex, and updates in place', async () => {
    const [before, after] = [fakeEntry(['loop']), fakeEntry(['loop', 'second'])];
    await store.write(mission, before, null);
    await store.write(mission, after, before);
    expect(double.value(service)).toBe(after);
    expect(started()).not.toContain(DELETE);
    expect(started().filter((first) => first === '-i')).toHaveLength(2);
    expect(JSON.stringify(double.calls())).not.toContain(MARK);
    expect(JSON.stringify(double.calls())).not.toContain(encodeHex(MARK));
  });

  it('spends three processes on a write and one on a read, and asks once where the keychain is', async () => {
    const text = fakeEntry(['loop']);
    await double.put(service, text);
    expect(await textOf(mission)).toBe(text);
    expect(started(1).sort()).toEqual(['default-keychain', FIND]);
    const from = double.calls().length;
    await store.write(mission, fakeEntry(['other']), text);
    expect(started(from)).toEqual([FIND, '-i', FIND]);
  });

  it('uses standard input up to the longest safe line, and argv beyond', async () => {
    const fits = textFilling(MAX_LINE_BYTES);
    expect(await store.write(mission, fits, null)).toEqual({ status: 'written' });
    expect(started()).toContain('-i');
    expect(double.log().find((record) => record.line === ADD)?.bytes).toBeGreaterThan(4090);
    expect(double.value(service)).toBe(fits);

    const from = double.calls().length;
    const tooLong = fits.replace('xx', 'xxx');
    expect(await store.write(mission, tooLong, fits)).toEqual({ status: 'written' });
    expect(started(from)).toEqual([FIND, ADD, FIND]);
    expect(double.calls()[from + 1]).toContain(encodeHex(tooLong));
    expect(double.value(service)).toBe(tooLong);
  });

  it('says too-large where the system refuses even the plain text as an argument', async () => {
    const text = `{"v":"${'x'.repeat(3_000_000)}"}`;
    expect(await store.write(mission, text, null)).toMatchObject({ reason: 'too-large' });
    expect(await store.read(mission)).toEqual({ status: 'absent' });
  });

  it('writes JSON as compact ASCII, so that everybody reads it as text and not as hex', async () => {
    await store.write(mission, '{ "zażółć" : [1.0, 12345678901234567890, "日本 😀"] }', null);
    expect(double.value(service)).toBe(
      '{"za\\u017c\\u00f3\\u0142\\u0107":[1.0,12345678901234567890,"\\u65e5\\u672c \\ud83d\\ude00"]}',
    );
  });

  it('reads hex that the client caused with characters outside ASCII, and can replace it', async () => {
    const theirs = '{"mcpOAuth":{"zażółć|0":{}}}';
    await double.put(service, theirs);
    expect(await textOf(mission)).toBe(theirs);
    expect(await store.write(mission, '{"ours":1}', theirs)).toEqual({ status: 'written' });
    expect(double.value(service)).toBe('{"ours":1}');
  });

  it('writes text that is not JSON as it is', async () => {
    for (const text of ['not json {', 'zażółć\n', '']) {
      expect(await store.write(mission, text, await textOf(mission))).toEqual({
        status: 'written',
      });
      expect(double.value(service)).toBe(text);
      expect(await textOf(mission)).toBe(text);
    }
  });

  it('quotes an account name that has spaces, quotes and backslashes in it', async () => {
    const account = String.raw`Ada "the \ first" O'Lovelace`;
    const hers = storeWith({ env: { ...double.env, USER: account } });
    const text = fakeEntry(['loop']);
    expect(await hers.write(mission, text, null)).toEqual({ status: 'written' });
    expect(await hers.read(mission)).toMatchObject({ text });
    expect(await textOf(mission)).toBeNull();
  });

  it('starts no process for a write that would change nothing', async () => {
    const text = fakeEntry(['loop']);
    await store.write(mission, text, null);
    const from = double.calls().length;
    expect(await store.write(mission, text, text)).toEqual({ status: 'written' });
    expect(started(from)).toEqual([FIND]);
  });
});

describe('security store: absent, locked and the rest', () => {
  it('asks again before it believes that an item is absent', async () => {
    const text = fakeEntry(['loop']);
    await double.put(service, text);
    double.control({ failures: [{ command: FIND, code: 44, times: 1 }] });
    expect(await textOf(mission)).toBe(text);
    expect(started().filter((first) => first === FIND)).toHaveLength(2);
  });

  const reasons: [number, UnavailableReason][] = [
    [36, 'locked'],
    [51, 'denied'],
    [128, 'denied'],
    [1, 'failed'],
  ];
  it.each(reasons)(
    'says of exit code %i that the store is unavailable: %s',
    async (code, reason) => {
      const text = fakeEntry(['loop']);
      await double.put(service, text);
      for (const command of [FIND, ADD, DELETE] as const) {
        double.control({ failures: [{ command, code, times: 1 }] });
        const result =
          command === FIND
            ? await store.read(mission)
            : command === ADD
              ? await store.write(mission, fakeEntry(['new']), text)
              : await store.remove(mission, text);
        expect(result).toMatchObject({ status: 'unavailable', reason });
        expect(JSON.stringify(result)).toContain(`${command}:`);
      }
      expect(double.value(service)).toBe(text);
    },
  );

  it('says locked of a locked keychain, for reads, writes and removals', async () => {
    const text = fakeEntry(['loop']);
    await double.put(service, text);
    double.control({ locked: true });
    const locked = { status: 'unavailable', reason: 'locked' };
    expect(await store.read(mission)).toMatchObject(locked);
    expect(await store.write(mission, fakeEntry(), text)).toMatchObject(locked);
    expect(await store.remove(mission, text)).toMatchObject(locked);
    double.control({});
    expect(await textOf(mission)).toBe(text);
  });

  it('says denied of an item that may not be updated (45)', async () => {
    const text = fakeEntry(['loop']);
    await double.put(service, text);
    double.control({ failures: [{ command: ADD, code: 45, times: 1 }] });
    const result = await store.write(mission, fakeEntry(['new']), text);
    expect(result).toMatchObject({ status: 'unavailable', reason: 'denied' });
  });

  it('says missing without a security program, and denied of one that may not be run', async () => {
    const nowhere = storeWith({ env: { ...double.env, PATH: '/nowhere' } });
    expect(await nowhere.read(mission)).toMatchObject({ reason: 'missing' });
    expect(await nowhere.write(mission, fakeEntry(), null)).toMatchObject({ reason: 'missing' });
    const file = join(double.env.HOME ?? '', 'security');
    writeFileSync(file, '', { mode: 0o600 });
    expect(await storeWith({ securityPath: file }).read(mission)).toMatchObject({
      reason: 'denied',
    });
  });

  it('kills a security that does not answer, and says timeout', async () => {
    // Long enough for the stand-in to start, and much less than it hangs.
    const hasty = storeWith({ timeoutMs: 4_000 });
    double.control({ hang: [FIND] });
    expect(await hasty.read(mission)).toMatchObject({ status: 'unavailable', reason: 'timeout' });
    const pid = double.log().findLast((record) => record.argv?.[0] === FIND)?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 20_000 });
    double.control({});
    expect(await store.read(mission)).toEqual({ status: 'absent' });
  });

  it('answers nothing more once it is disposed, but ends what it began', async () => {
    const writing = store.write(mission, fakeEntry(['loop']), null);
    await store.dispose();
    expect(await writing).toEqual({ status: 'written' });
    expect(await store.read(mission)).toMatchObject({ status: 'unavailable' });
    expect(await store.write(mission, '{}', null)).toMatchObject({ status: 'unavailable' });
    expect(await store.remove(mission, null)).toMatchObject({ status: 'unavailable' });
  });

  it('never has a secret in an answer or, below the line limit, in argv', async () => {
    const text = fakeEntry(['loop']);
    const hasty = storeWith({ timeoutMs: 500 });
    const answers: unknown[] = [await store.write(mission, text, null)];
    for (const command of [FIND, ADD, DELETE] as const) {
      for (const code of [1, 36, 45]) {
        double.control({ failures: [{ command, code, times: 9 }] });
        const read = command === FIND ? [await store.read(mission)] : [];
        const next = fakeEntry(['next']);
        answers.push(...read, await store.write(mission, next, text));
        double.control({});
        await double.put(service, text);
      }
    }
    double.control({ hang: [ADD] });
    answers.push(await hasty.write(mission, fakeEntry(['late']), text));
    const ours = double.calls().filter((argv) => argv[0] !== ADD); // these are the test's own `put`
    for (const said of [JSON.stringify(answers), JSON.stringify(ours)]) {
      expect(said).not.toContain(MARK);
      expect(said).not.toContain(encodeHex(MARK));
    }
    expect(double.calls().filter((argv) => argv[0] === ADD)).toHaveLength(9);
  });
});

describe('security store: several at once', () => {
  it('runs at most as many processes at once as it may', async () => {
    double.control({ delayMs: { [FIND]: 150 } });
    const two = storeWith({ concurrency: 2 });
    await two.read(mission);
    const begin = performance.now();
    const refs = [1, 2, 3, 4].map((n) => ({ ...mission, configDir: `/m/${n}` }) as const);
    await Promise.all(refs.map((ref) => two.read(ref)));
    // Four entries, each asked for twice as they are absent, two at a time.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(4 * 150);
  });

  it('gives a reader a process that starts after it asked', async () => {
    await double.put(service, fakeEntry(['loop']));
    await store.read(mission);
    const from = double.calls().length;
    const first = store.read(mission);
    await vi.waitUntil(() => double.calls().length > from, { timeout: 5000 });
    await Promise.all([first, store.read(mission), store.read(mission)]);
    expect(started(from)).toEqual([FIND, FIND]);
  });

  it('lets readers that wait for the same entry share one process', async () => {
    const [old, fresh] = [fakeEntry(['old']), fakeEntry(['fresh'])];
    await double.put(service, old);
    await store.read(mission);
    const from = double.calls().length;
    const writing = store.write(mission, fresh, old);
    const reads = await Promise.all(Array.from({ length: 20 }, () => store.read(mission)));
    await writing;
    for (const read of reads) expect(read).toMatchObject({ text: fresh });
    expect(started(from)).toEqual([FIND, '-i', FIND, FIND]);
  });

  it('says moved when the client writes between our write and our reading back', async () => {
    const [before, ours, theirs] = [fakeEntry(['a']), fakeEntry(['b']), fakeEntry(['c'])];
    await double.put(service, before);
    double.control({ delayAfterCommitMs: 400 });
    const writing = store.write(mission, ours, before);
    await vi.waitFor(() => expect(double.value(service)).toBe(ours), { timeout: 5000 });
    double.control({});
    await double.put(service, theirs);
    expect(await writing).toEqual({ status: 'moved' });
    expect(double.value(service)).toBe(theirs);
  });

  it('loses no write of several entries at once', async () => {
    const refs = Array.from(
      { length: 12 },
      (_, n) => ({ ...mission, configDir: `/m/${n}` }) as const,
    );
    const texts = refs.map((_, n) => fakeEntry([`server-${n}`]));
    const results = await Promise.all(refs.map((ref, n) => store.write(ref, texts[n] ?? '', null)));
    for (const result of results) expect(result).toEqual({ status: 'written' });
    for (const [n, ref] of refs.entries()) expect(double.value(serviceName(ref))).toBe(texts[n]);
  });
});

describe('security store: killed in the middle of a write', () => {
  const phases = ['before-commit', 'after-commit'] as const;
  it.each(phases)('leaves the old or the new value when security is killed %s', async (point) => {
    const [old, fresh] = [fakeEntry(['old']), fakeEntry(['new'])];
    await double.put(service, old);
    const isBefore = point === 'before-commit';
    double.control(isBefore ? { delayBeforeCommitMs: 9000 } : { delayAfterCommitMs: 9000 });
    const writing = store.write(mission, fresh, old);
    const reached = await vi.waitUntil(
      () => double.log().find((record) => record.point === point),
      {
        timeout: 10_000,
      },
    );
    process.kill(reached.pid, 'SIGKILL');
    expect(await writing).toMatchObject({ status: 'unavailable', reason: 'failed' });
    double.control({});
    expect(await textOf(mission)).toBe(isBefore ? old : fresh);
    expect(await store.write(mission, '{"n":1}', isBefore ? old : fresh)).toEqual({
      status: 'written',
    });
  });

  it('leaves the old or the new value when our own process is killed', async () => {
    const texts = ['{"n":1}', `{"n":2,"pad":"${'x'.repeat(2500)}"}`];
    const program = join(import.meta.dirname, '../doubles/security/keepWriting.ts');
    await double.put(service, texts[0] ?? '');
    for (let round = 0; round < 5; round++) {
      const from = double.calls().length;
      const writer = spawn(process.execPath, [program, mission.configDir, ...texts], {
        env: double.env,
        stdio: 'inherit',
      });
      await vi.waitUntil(() => double.calls().length > from + 3, { timeout: 10_000 });
      await pause(round * 17);
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      expect(texts).toContain(await textOf(mission));
    }
  });
});

describe('security store: the keychain file', () => {
  it('stamps and watches the keychain that security names, without a process', async () => {
    expect(await store.stamp(mission)).toBeNull();
    expect(store.watchPath(mission)).toContain('Library/Keychains/login.keychain-db');
    expect(double.calls()).toEqual([]);
    await store.write(mission, fakeEntry(['loop']), null);
    const from = double.calls().length;
    const stamp = await store.stamp(mission);
    expect(stamp).toMatch(/^\d+:\d+:\d+$/);
    expect(store.watchPath(mission)).toBe(double.keychainPath);
    expect(await store.stamp(other)).toBe(stamp);
    expect(double.calls()).toHaveLength(from);
    await double.put('somebody else', '{}');
    expect(await store.stamp(mission)).not.toBe(stamp);
  });

  it('falls back to the login keychain when security does not name one', async () => {
    double.control({ failures: [{ command: 'default-keychain', code: 37, times: 1 }] });
    const folder = join(double.env.HOME ?? '', 'Library', 'Keychains');
    mkdirSync(folder, { recursive: true });
    appendFileSync(join(folder, 'login.keychain-db'), 'x');
    expect(await store.read(mission)).toEqual({ status: 'absent' });
    expect(store.watchPath(mission)).toBe(join(folder, 'login.keychain-db'));
    expect(await store.stamp(mission)).not.toBeNull();
  });

  it('reads the path that security prints, and nothing else', () => {
    const path = '/Users/ada/Library/Keychains/my "own".keychain-db';
    expect(parseDefaultKeychain(`    "${path}"\n`)).toBe(path);
    for (const junk of ['', ' <NULL>\n', '"relative"\n', 'no quotes\n', '"/a"\n"/b"\n']) {
      expect(parseDefaultKeychain(junk)).toBeNull();
    }
  });

  it('names an entry by its service', () => {
    expect(store.describe(global)).toBe('Claude Code-credentials');
    expect(store.describe(mission)).toMatch(/^Claude Code-credentials-[0-9a-f]{8}$/);
  });
});

describe('security store: the services of missions', () => {
  it('lists them from attributes alone, even while the keychain is locked', async () => {
    await double.put(serviceName(global), fakeEntry(['g']));
    await double.put(service, fakeEntry(['a']));
    await double.put(serviceName(other), fakeEntry(['b']));
    await double.put('Claude Code-credentials-0123456', '{}');
    await double.put('Claude Code-credentials-0123456789', '{}');
    await double.put('Claude Code-credentials-01234567', '{}', 'somebody else');
    await double.put('x\n    "svce"<blob>="Claude Code-credentials-89abcdef"', '{}');
    double.control({ locked: true });
    const from = double.calls().length;
    expect(await listMissionServices({ env: double.env })).toEqual({
      status: 'listed',
      services: [service, serviceName(other)].sort(),
    });
    expect(double.calls().slice(from)).toEqual([['dump-keychain']]);
  });

  it('says why it cannot', async () => {
    double.control({ failures: [{ command: 'dump-keychain', code: 50, times: 1 }] });
    const result = await listMissionServices({ env: double.env });
    expect(result).toMatchObject({ status: 'unavailable', reason: 'missing' });
  });

  it('reads a dump as macOS prints it', () => {
    const item = (kind: string, account: string, name: string): string =>
      [
        'keychain: "/Users/ada/Library/Keychains/login.keychain-db"',
        'version: 512',
        `class: ${kind}`,
        'attributes:',
        `    0x00000007 <blob>="${name}"`,
        '    0x00000008 <blob>=<NULL>',
        `    "acct"<blob>=${account}`,
        '    "cdat"<timedate>=0x32303236303130313030303030305A00  "20260101000000Z\\000"',
        `    "svce"<blob>="${name}"`,
        '    "type"<uint32>=<NULL>',
        '',
      ].join('\n');
    const ada = '0x416461C3A9  "Ada\\303\\251"';
    const dump =
      item('"genp"', ada, 'Claude Code-credentials-aaaaaaaa') +
      item('"inet"', ada, 'Claude Code-credentials-bbbbbbbb') +
      item('"genp"', '"Bob"', 'Claude Code-credentials-cccccccc') +
      item('0x0000000F ', '<NULL>', 'Claude Code-credentials-dddddddd') +
      item('"genp"', ada, 'Claude Code-credentials-AAAAAAAA');
    expect(parseMissionServices(dump, 'Adaé')).toEqual(['Claude Code-credentials-aaaaaaaa']);
  });
});

describe('security: encoding', () => {
  it('keeps every JSON value, in printable ASCII', () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: 'binary' }),
        fc.integer({ min: 0, max: 3 }),
        (json, indent) => {
          const spaced = JSON.stringify(JSON.parse(json), null, indent);
          const ascii = asciiJson(spaced);
          expect(ascii).toMatch(/^[ -~]*$/);
          expect(JSON.parse(ascii)).toEqual(JSON.parse(spaced));
          expect(asciiJson(ascii)).toBe(ascii);
        },
      ),
    );
  });

  it('keeps numbers, the order of keys and repeated keys as they are spelled', () => {
    expect(asciiJson('{"10": 1e400, "9": -0.0, "9": "a\\"  b"}')).toBe(
      '{"10":1e400,"9":-0.0,"9":"a\\"  b"}',
    );
  });

  it('undoes hex only where the outcome can be an entry', () => {
    expect(decodePrinted(encodeHex('{"é":1}'))).toBe('{"é":1}');
    expect(decodePrinted(encodeHex('{"a":1}'))).toBe('{"a":1}');
    for (const text of ['', '{"a":1}', 'abc', 'deadbeef', encodeHex('plain'), 'ff00ff']) {
      expect(decodePrinted(text)).toBe(text);
    }
  });

  it('quotes names so that security -i takes them apart again', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((s) => !/[\n\0]/.test(s));
    fc.assert(
      fc.property(name, name, (account, item) => {
        const line = addCommandLine(account, item, '7b7d');
        const expected = [ADD, '-U', '-a', account, '-s', item, '-X', '7b7d'];
        expect(readLines(Buffer.from(line ?? '')).map(splitLine)).toEqual([expected]);
      }),
    );
    expect(addCommandLine('a\nb', 's', '')).toBeNull();
  });
});

describe('the stand-in for security', () => {
  it('cuts a line that is too long, runs the first part and stores a cut value', () => {
    const line = `${ADD} -U -a a -s s -X ${'7b'.repeat(2100)}\n`;
    const [first = '', rest = '', ...none] = readLines(Buffer.from(line));
    expect([first.length, rest.length, none.length]).toEqual([4095, line.length - 1 - 4095, 0]);
  });

  it('leaves an empty command, whose success hides a failure, after a line of just 4,095', () => {
    const lines = readLines(Buffer.from(`${'x'.repeat(4095)}\n`));
    expect(lines).toEqual(['x'.repeat(4095), '']);
    expect(readLines(Buffer.from(`${'x'.repeat(4094)}\n`))).toEqual(['x'.repeat(4094)]);
  });

  it('does not run a line that was never ended', () => {
    expect(readLines(Buffer.from(`help\n${ADD} -U`))).toEqual(['help']);
  });

  it('splits a line as the real one does', () => {
    expect(splitLine(String.raw`a "b c" 'd "e' f\ g h"i "j\"k"l '\\' "open`)).toEqual([
      'a',
      'b c',
      'd "e',
      'f g',
      'h"i',
      'j"k',
      'l',
      '\\',
      'open',
    ]);
  });
});
