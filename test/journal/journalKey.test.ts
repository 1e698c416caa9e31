import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createJournal, type JournalValue } from '../../main/journal/journal.ts';
import { createJournalKeys } from '../../main/journal/journalKey.ts';
import { probeSecretService } from '../../main/stores/keytar/secretService.ts';
import { fakeServer, MARK } from '../support/fake.ts';
import {
  type SecretServiceSession,
  startSecretService,
  whyNoSecretService,
} from '../support/secretService.ts';

const whyNot = whyNoSecretService();
if (whyNot !== null) console.warn(`Journal keys are not tested on a real keyring: ${whyNot}`);
const skipped = whyNot === null ? '' : ` (skipped: ${whyNot})`;

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'agenc-bar-keys-')), 'journal');
});
afterEach(() => {
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

const keyFiles = () => readdirSync(dir).filter((name) => name.startsWith('key-'));
const valueNamed = (name: string): JournalValue => ({
  field: `/mcpOAuth/${name}`,
  name,
  digest: '0'.repeat(64),
  value: fakeServer(name),
  reason: 'replaced',
  missionId: null,
});

describe('journal keys where there is no keychain', () => {
  beforeAll(() => {
    // No way to the keyring of whoever runs the tests, not even by libsecret's second rule.
    delete process.env.DBUS_SESSION_BUS_ADDRESS;
    delete process.env.XDG_RUNTIME_DIR;
  });

  it('are a file that only this user may read, and the same after a restart', async () => {
    const keys = createJournalKeys({ dir, mode: 'file' });
    expect(keys.where()).toBeNull();
    const first = await keys.current();
    expect(keys.where()).toBe('file');
    const [name = ''] = keyFiles();
    expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(await createJournalKeys({ dir, mode: 'file' }).current()).toEqual(first);
    expect(keyFiles()).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')('are a file by themselves, without keytar', async () => {
    const load = () => Promise.reject(new Error('keytar must not be loaded'));
    const keys = createJournalKeys({ dir, mode: 'auto', load });
    await keys.ready();
    expect(keys.where()).toBe('file');
  });

  it.runIf(process.platform === 'linux')('are none if only a keychain will do', async () => {
    const keys = createJournalKeys({ dir, mode: 'keychain' });
    expect(await keys.current()).toMatchObject({ status: 'unavailable', reason: 'missing' });
    expect(keys.where()).toBeNull();
    const journal = createJournal({ dir, keys, now: Date.now });
    await expect(journal.append([valueNamed('loop')])).rejects.toThrow('no key');
  });

  it('are made anew beside a key file that is damaged, which stays', async () => {
    const keys = createJournalKeys({ dir, mode: 'file' });
    await keys.ready();
    const [name = ''] = keyFiles();
    const path = join(dir, name);
    writeFileSync(path, '{"where":"file","key":"AAAA"}');
    const again = createJournalKeys({ dir, mode: 'file' });
    expect(await again.current()).toMatchObject({ status: 'found' });
    expect(await again.byId(name.slice('key-'.length, -'.json'.length))).toMatchObject({
      reason: 'failed',
    });
    expect(readFileSync(path, 'utf8')).toContain('AAAA');
    expect(keyFiles()).toHaveLength(2);
  });
});

describe.skipIf(whyNot !== null)(`journal keys on a real gnome-keyring${skipped}`, () => {
  let session: SecretServiceSession;
  let keytar: typeof import('keytar');
  const newKeys = () => createJournalKeys({ dir, mode: 'auto' });

  beforeAll(async () => {
    session = await startSecretService();
    Object.assign(process.env, session.env);
    ({ default: keytar } = await import('keytar'));
  });
  afterAll(async () => {
    await session?.dispose();
  });
  afterEach(() => session.unlock());

  it('are an item of our own, of which the folder holds no more than the id', async () => {
    const keys = newKeys();
    await keys.ready();
    expect(keys.where()).toBe('keychain');
    const [name = ''] = keyFiles();
    const id = name.slice('key-'.length, -'.json'.length);
    const secret = await keytar.getPassword('AgenC Bar', `journal-key-${id}`);
    expect(Buffer.from(secret ?? '', 'base64')).toHaveLength(32);
    expect(JSON.parse(readFileSync(join(dir, name), 'utf8'))).toEqual({ where: 'keychain' });
    expect(await newKeys().current()).toEqual(await keys.current());
  });

  it('survive a locked keyring: nothing is overwritten, nothing is lost, nothing has to wait', async () => {
    const journalNow = () => createJournal({ dir, keys: newKeys(), now: Date.now });
    await journalNow().append([valueNamed('before')]);
    const [before] = (await journalNow().list()).items;
    const item = keyFiles()[0]?.slice('key-'.length, -'.json'.length) ?? '';
    const secret = await keytar.getPassword('AgenC Bar', `journal-key-${item}`);

    // The app starts again while the keyring is locked.
    await session.lock();
    const keys = newKeys();
    const journal = createJournal({ dir, keys, now: Date.now });
    await journal.ready();
    expect(keys.where()).toBe('file');
    await journal.append([valueNamed('meanwhile')]);
    expect(keyFiles()).toHaveLength(2);
    expect(await journal.get(before?.id ?? '')).toMatchObject({
      status: 'unavailable',
      reason: 'locked',
    });
    const meanwhile = (await journal.list()).items.find((one) => one.name === 'meanwhile');
    expect(await journal.get(meanwhile?.id ?? '')).toMatchObject({ status: 'found' });

    // It is unlocked while the app runs.
    await session.unlock();
    expect(await journal.get(before?.id ?? '')).toMatchObject({ status: 'found', name: 'before' });
    await keys.ready();
    expect(keys.where()).toBe('keychain');
    expect(await keytar.getPassword('AgenC Bar', `journal-key-${item}`)).toBe(secret);
    await journal.append([valueNamed('after')]);
    expect(keyFiles()).toHaveLength(2);
    for (const { id } of (await journalNow().list()).items) {
      expect(await journalNow().get(id)).toMatchObject({ status: 'found' });
    }
    for (const name of readdirSync(dir)) {
      expect(readFileSync(join(dir, name), 'latin1')).not.toContain(MARK);
    }
  });

  it('are a file for now if the daemon hangs, after one time limit and not one per key', async () => {
    await newKeys().ready();
    for (const digit of 'abc') {
      writeFileSync(join(dir, `key-${digit.repeat(16)}.json`), '{"where":"keychain"}');
    }
    session.hang();
    let asked = 0;
    const probe = (signal: AbortSignal) => {
      asked += 1;
      return probeSecretService(process.env, signal);
    };
    const keys = createJournalKeys({ dir, mode: 'auto', timeoutMs: 300, probe });
    await keys.ready();
    session.wakeUp();
    expect(asked).toBe(1);
    expect(keys.where()).toBe('file');
  });

  it('are made anew if the item was deleted; what it encrypted is said to be gone', async () => {
    const journal = createJournal({ dir, keys: newKeys(), now: Date.now });
    await journal.append([valueNamed('gone')]);
    const id = keyFiles()[0]?.slice('key-'.length, -'.json'.length) ?? '';
    await keytar.deletePassword('AgenC Bar', `journal-key-${id}`);
    const keys = newKeys();
    expect(await keys.byId(id)).toEqual({ status: 'absent' });
    const later = createJournal({ dir, keys, now: Date.now });
    await later.append([valueNamed('new')]);
    expect(keys.where()).toBe('keychain');
    const gone = (await later.list()).items.find((one) => one.name === 'gone');
    expect(await later.get(gone?.id ?? '')).toMatchObject({
      status: 'unavailable',
      reason: 'missing',
    });
  });

  it('in the keychain are not asked for where only files may be used', async () => {
    await newKeys().ready();
    const id = keyFiles()[0]?.slice('key-'.length, -'.json'.length) ?? '';
    const keys = createJournalKeys({ dir, mode: 'file' });
    expect(await keys.byId(id)).toMatchObject({ status: 'unavailable', reason: 'missing' });
    await keys.ready();
    expect(keys.where()).toBe('file');
  });
});
