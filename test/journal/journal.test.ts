import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDigester } from '../../main/credentials/digest.ts';
import { createJournal, type JournalValue } from '../../main/journal/journal.ts';
import { createJournalKeys, type KeyProvider } from '../../main/journal/journalKey.ts';
import { type FakeServer, fakeServer, MARK, serverKey } from '../support/fake.ts';
import { heapUsed } from '../support/heapUsed.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START = Date.parse('2026-11-23T20:42:52.123Z');

/** Seven seconds of a mission that writes as fast as it can. */
const STORM = 600;
/** Values after which an append looks whether there are too many. */
const PRUNED_AFTER = 200;

const digester = createDigester();

function toKeep(server: FakeServer, rest: Partial<JournalValue> = {}): JournalValue {
  return {
    field: `/mcpOAuth/${serverKey(server.serverName)}`,
    name: server.serverName,
    digest: digester.field('/mcpOAuth/x', server as never),
    value: server,
    reason: 'replaced',
    missionId: 'mission-1',
    ...rest,
  };
}

describe('journal', () => {
  let root: string;
  let dir: string;
  let keys: KeyProvider;
  let clockMs: number;
  /** What the wall clock was set ahead by. */
  let setMs: number;

  const open = (options: { keys?: KeyProvider; maxValues?: number } = {}) =>
    createJournal({ dir, keys, now: () => clockMs + setMs, monotonic: () => clockMs, ...options });
  const recordFiles = () => readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  const recordFile = () => join(dir, recordFiles()[0] ?? 'none');
  /** Rewrites the only record as if somebody had got at the file. */
  const tamper = (change: object) => {
    const record = JSON.parse(readFileSync(recordFile(), 'utf8')) as object;
    writeFileSync(recordFile(), `${JSON.stringify({ ...record, ...change })}\n`);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'agenc-bar-journal-'));
    dir = join(root, 'bar', 'journal');
    keys = createJournalKeys({ dir, mode: 'file' });
    clockMs = START;
    setMs = 0;
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('gives back what it kept, in another process too', async () => {
    const value = toKeep(fakeServer('zażółć-日本-😀'), { reason: 'removed', missionId: null });
    await open().append([value]);
    const later = open({ keys: createJournalKeys({ dir, mode: 'file' }) });
    const { items, damaged } = await later.list();
    expect(damaged).toEqual([]);
    const { value: secret, ...shown } = value;
    expect(items).toEqual([{ ...shown, id: items[0]?.id, at: '2026-11-23T20:42:52.123Z' }]);
    expect(await later.get(items[0]?.id ?? '')).toEqual({
      status: 'found',
      ...items[0],
      value: secret,
    });
  });

  it('names a value by its time, short enough to type', async () => {
    const journal = open();
    await journal.append([toKeep(fakeServer('loop'))]);
    const [item] = (await journal.list()).items;
    expect(item?.id).toMatch(/^20261123-204252-[0-9a-f]{6}$/);
  });

  it('lists the newest first, and what one append kept in its order', async () => {
    const journal = open();
    for (const names of [['a', 'b', 'c'], ['d'], ['e', 'f']]) {
      await journal.append(names.map((name) => toKeep(fakeServer(name))));
      clockMs += 5;
    }
    const names = (await journal.list()).items.map((item) => item.name);
    expect(names).toEqual(['e', 'f', 'd', 'a', 'b', 'c']);
    for (const { id, name } of (await journal.list()).items) {
      expect(await journal.get(id)).toMatchObject({ status: 'found', value: { serverName: name } });
    }
  });

  it('writes one file for an append of 300 values', async () => {
    const journal = open();
    const values = Array.from({ length: 300 }, (_, index) => toKeep(fakeServer(`server-${index}`)));
    await journal.append(values);
    expect(recordFiles()).toHaveLength(1);
    const { items } = await journal.list();
    expect(new Set(items.map((item) => item.id)).size).toBe(300);
  });

  it('says absent of an id it does not know, and of what is no id', async () => {
    const journal = open();
    for (const id of ['20261123-204252-ab12cd', '', '../../etc/passwd', '20261123-204252-']) {
      expect(await journal.get(id)).toEqual({ status: 'absent' });
    }
    expect(await journal.list()).toEqual({ items: [], damaged: [] });
  });

  it('lets only this user in: folder 0700, files 0600', async () => {
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    await open().append([toKeep(fakeServer('loop'))]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const names = readdirSync(dir);
    expect(names).toHaveLength(2); // the record and the key, no temporary file
    for (const name of names) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  });

  it('has no secret in any file or file name', async () => {
    const journal = open();
    const server = fakeServer('loop', { clientSecret: `${MARK}client` });
    await journal.append([toKeep(server), toKeep(fakeServer('other'), { reason: 'removed' })]);
    for (const name of readdirSync(dir)) {
      expect(name).not.toContain(MARK);
      const bytes = readFileSync(join(dir, name), 'latin1');
      expect(bytes).not.toContain(MARK);
      expect(bytes).not.toContain(Buffer.from(MARK).toString('base64').slice(0, 12));
      expect(bytes).not.toContain(Buffer.from(MARK).toString('hex'));
    }
  });

  it('encrypts the same value differently each time', async () => {
    const value = toKeep(fakeServer('loop'));
    await open().append([value]);
    clockMs += 2 * DAY_MS;
    await open().append([value]);
    const data = recordFiles().map(
      (name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as { data: string },
    );
    expect(new Set(data.map((record) => record.data)).size).toBe(2);
  });

  describe('a value that comes again', () => {
    it('is not kept again within a day', async () => {
      const journal = open();
      const value = toKeep(fakeServer('loop'));
      await journal.append([value, value]);
      clockMs += DAY_MS - 1;
      await journal.append([value]);
      await open().append([value]); // another process knows it too
      expect((await journal.list()).items).toHaveLength(1);
      clockMs += 1;
      await journal.append([value]);
      expect((await journal.list()).items).toHaveLength(2);
    });

    it('is kept if it differs, or belongs to another field', async () => {
      const journal = open();
      const server = fakeServer('loop');
      await journal.append([toKeep(server)]);
      await journal.append([toKeep(server, { field: '/mcpOAuth/elsewhere' })]);
      await journal.append([toKeep({ ...server, scope: 'more' })]);
      expect((await journal.list()).items).toHaveLength(3);
    });

    it.each([
      ['is gone', () => rmSync(recordFile())],
      ['was damaged', () => tamper({ data: 'AAAA' })],
    ])('is kept again if its record %s', async (_, harm) => {
      const journal = open();
      const value = toKeep(fakeServer('loop'));
      await journal.append([value]);
      harm();
      clockMs += 1000;
      await journal.append([value]);
      const [newest] = (await journal.list()).items;
      expect(await journal.get(newest?.id ?? '')).toMatchObject({
        status: 'found',
        value: value.value,
      });
    });

    it('is kept again if its record needs a key that cannot be had', async () => {
      const value = toKeep(fakeServer('loop'));
      await open().append([value]);
      for (const name of readdirSync(dir)) if (name.startsWith('key-')) rmSync(join(dir, name));
      await open({ keys: createJournalKeys({ dir, mode: 'file' }) }).append([value]);
      expect(recordFiles()).toHaveLength(2);
    });
  });

  describe('a record that is not what was written', () => {
    it.each([
      ['its value', { data: 'AAAA' }],
      ['its name', { name: 'another' }],
      ['its field', { field: '/mcpOAuth/another' }],
      ['its digest', { digest: '0'.repeat(64) }],
      ['its reason', { reason: 'removed' }],
      ['its time', { at: '2026-11-23T20:42:52.124Z' }],
      ['its tag', { tag: 'AAAA' }],
    ])('is tampered with: %s', async (_, change) => {
      const journal = open();
      await journal.append([toKeep(fakeServer('loop'))]);
      const [item] = (await journal.list()).items;
      tamper(change);
      const result = await journal.get(item?.id ?? '');
      expect(result).toMatchObject({ status: 'unavailable', reason: 'tampered' });
      expect(JSON.stringify(result)).not.toContain(MARK);
    });
  });

  it('tells a wrong key and a missing one from tampering', async () => {
    await open().append([toKeep(fakeServer('loop'))]);
    const [item] = (await open().list()).items;
    const keyFile = join(dir, readdirSync(dir).find((name) => name.startsWith('key-')) ?? 'none');
    const wrong = { where: 'file', key: randomBytes(32).toString('base64') };
    writeFileSync(keyFile, JSON.stringify(wrong));
    const get = () => open({ keys: createJournalKeys({ dir, mode: 'file' }) }).get(item?.id ?? '');
    const result = await get();
    expect(result).toMatchObject({ status: 'unavailable', reason: 'failed' });
    expect(JSON.stringify(result)).not.toContain(wrong.key);
    rmSync(keyFile);
    expect(await get()).toMatchObject({ status: 'unavailable', reason: 'missing' });
  });

  it('reports damaged files, and lists and keeps all others', async () => {
    const journal = open();
    await journal.append([toKeep(fakeServer('a')), toKeep(fakeServer('b'))]);
    const [first = '', second = ''] = readFileSync(recordFile(), 'utf8').split('\n');
    const bad = (id: string, text: string) => writeFileSync(join(dir, `${id}.jsonl`), text);
    bad('20261101-000000-000001', '');
    bad('20261101-000000-000002', `${first.slice(0, 100)}`);
    bad('20261101-000000-000003', `{"v":2}\nnull\n${second}\n`);
    mkdirSync(join(dir, '20261101-000000-000004.jsonl'));
    writeFileSync(join(dir, 'notes.txt'), 'not ours');
    const { items, damaged } = await journal.list();
    expect(items.map((item) => item.name).sort()).toEqual(['a', 'b', 'b']);
    expect(damaged.map(({ path }) => path.slice(-7, -6)).sort()).toEqual(['1', '2', '3', '3', '4']);
    await open().append([toKeep(fakeServer('c'))]);
    expect((await journal.list()).items).toHaveLength(4);
  });

  it('reports a folder that cannot be read', async () => {
    mkdirSync(join(root, 'bar'), { recursive: true });
    writeFileSync(dir, 'a file in its place');
    const { items, damaged } = await open().list();
    expect(items).toEqual([]);
    expect(damaged).toMatchObject([{ path: dir }]);
  });

  describe('keeping it small', () => {
    it('drops what is older than 30 days', async () => {
      const journal = open();
      await journal.append([toKeep(fakeServer('old'))]);
      clockMs += MINUTE_MS;
      await journal.append([toKeep(fakeServer('young'))]);
      clockMs = START + 30 * DAY_MS;
      await journal.prune();
      expect((await journal.list()).items).toHaveLength(2);
      clockMs += 1;
      await journal.prune();
      expect((await journal.list()).items.map((item) => item.name)).toEqual(['young']);
    });

    it('drops nothing for its age while the clock has just been set, or is wrong since the start', async () => {
      const journal = open();
      await journal.append([toKeep(fakeServer('precious'))]);
      const names = async () => (await journal.list()).items.map(({ name }) => name);
      setMs = 400 * DAY_MS;
      // One that was there before, and one that starts in the wrong year.
      const other = open();
      for (const minutes of [0, 30, 29]) {
        clockMs += minutes * MINUTE_MS;
        for (const each of [journal, other]) {
          await each.append([toKeep(fakeServer('later', { scope: `${clockMs}` }))]);
          await each.prune();
        }
        expect(await names()).toContain('precious');
      }
      // The network has told it the time.
      setMs = 0;
      await journal.prune();
      clockMs += 61 * MINUTE_MS;
      await journal.prune();
      expect(await names()).toContain('precious');
    });

    it('cuts no append in two, however large it is', async () => {
      const journal = open({ maxValues: 5 });
      await journal.append([toKeep(fakeServer('before'))]);
      clockMs += MINUTE_MS;
      const wiped = Array.from({ length: 9 }, (_, index) => toKeep(fakeServer(`wiped-${index}`)));
      await journal.append(wiped);
      await journal.prune();
      const names = (await journal.list()).items.map((item) => item.name);
      for (const { name } of wiped) expect(names).toContain(name);
    });

    it('keeps what somebody wrote over, through a storm over it and one beside it', async () => {
      const journal = open();
      const bank = fakeServer('bank');
      await journal.append([toKeep(bank)]);
      for (let change = 0; change < STORM; change += 1) {
        clockMs += 14;
        const storms = ['bank', 'other'].map((name) => fakeServer(name, { scope: `${change}` }));
        await journal.append(storms.map((server) => toKeep(server)));
      }
      await journal.dispose();
      // Without waiting for the hour that the next thorough look takes.
      expect(recordFiles().length).toBeLessThan(PRUNED_AFTER + 60);
      await open().prune();
      const { items } = await open().list();
      expect(items.length).toBeLessThan(100);
      const precious = items.filter(({ digest }) => digest === toKeep(bank).digest);
      expect(await open().get(precious[0]?.id ?? '')).toMatchObject({ value: bank });
      const names = items.map(({ name }) => name);
      expect(names.filter((name) => name === 'bank').length).toBeGreaterThanOrEqual(20);
    });

    it('takes nothing that is kept while it is at work', async () => {
      const journal = open();
      for (let change = 0; change < PRUNED_AFTER - 10; change += 1) {
        clockMs += 14;
        await journal.append([toKeep(fakeServer('other', { scope: `${change}` }))]);
      }
      let isOver = false;
      const pruned = journal.prune().then(() => {
        isOver = true;
      });
      const logouts: string[] = [];
      while (!isOver) {
        const name = `server-${logouts.length}`;
        await journal.append([toKeep(fakeServer(name), { reason: 'removed' })]);
        logouts.push(name);
      }
      await pruned;
      await journal.dispose();
      const { items } = await journal.list();
      expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(logouts));
    });

    it('leaves no trace in memory of what a mission wrote over all day', async () => {
      const journal = open();
      const storm = async (appends: number): Promise<void> => {
        for (let left = appends; left > 0; left -= 1) {
          clockMs += 1_000;
          const values = Array.from({ length: 400 }, (_, at) => {
            const digest = randomBytes(32).toString('hex');
            return toKeep(fakeServer(`server-${at}`), { digest, value: at });
          });
          await journal.append(values);
          await journal.dispose();
        }
      };
      await storm(25);
      const before = heapUsed();
      await storm(75);
      expect(heapUsed() - before).toBeLessThan(5 * 1024 * 1024);
    }, 60_000);

    it('is done by append now and then', async () => {
      const journal = open();
      await journal.append([toKeep(fakeServer('old'))]);
      await journal.dispose();
      clockMs += 31 * DAY_MS;
      await journal.append([toKeep(fakeServer('new'))]);
      await journal.dispose();
      expect((await journal.list()).items.map((item) => item.name)).toEqual(['new']);
    });

    it('removes what a killed writer left and damaged files of that age, and nothing that is not ours', async () => {
      const journal = open();
      await journal.append([toKeep(fakeServer('loop'))]);
      const [orphan, young] = [
        join(dir, 'x.jsonl.tmp.0123abcd'),
        join(dir, 'y.jsonl.tmp.0123abcd'),
      ];
      for (const path of [orphan, young, join(dir, 'notes.txt')]) writeFileSync(path, '');
      utimesSync(orphan, 1, 1);
      writeFileSync(join(dir, '20200101-000000-000001.jsonl'), 'damaged');
      clockMs += 61 * MINUTE_MS;
      const before = new Set(readdirSync(dir));
      await journal.prune();
      const gone = [...before].filter((name) => !readdirSync(dir).includes(name));
      expect(gone.sort()).toEqual(['20200101-000000-000001.jsonl', 'x.jsonl.tmp.0123abcd']);
    });
  });

  it('fails, and says why, if a value cannot be kept', async () => {
    const nowhere = join(root, 'file');
    writeFileSync(nowhere, '');
    const blocked = join(nowhere, 'journal');
    const journal = createJournal({
      dir: blocked,
      keys: createJournalKeys({ dir: blocked, mode: 'file' }),
      now: () => clockMs,
    });
    const failure = journal.append([toKeep(fakeServer('loop'))]);
    await expect(failure).rejects.toThrow(/journal/);
    await expect(failure).rejects.not.toThrow(MARK);
    await expect(open().append([toKeep(fakeServer('x'), { value: undefined })])).rejects.toThrow(
      'not JSON',
    );
  });

  it('starts anew, readable after a restart, if somebody removes the folder', async () => {
    const journal = open();
    await journal.append([toKeep(fakeServer('lost'))]);
    rmSync(dir, { recursive: true });
    await journal.append([toKeep(fakeServer('kept'))]);
    const restarted = open({ keys: createJournalKeys({ dir, mode: 'file' }) });
    const [item] = (await restarted.list()).items;
    expect(await restarted.get(item?.id ?? '')).toMatchObject({ status: 'found', name: 'kept' });
  });
});
