import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unavailableFrom } from '../stores/fileErrors.ts';
import { createKeychain, type Keychain, type KeychainOptions } from '../stores/keytar/keychain.ts';
import { type Absent, type Unavailable, unavailable } from '../stores/store.ts';
import { closeToOthers, makePrivateFolder, writeFileAtomic } from '../system/atomicFile.ts';
import { readForeign } from '../system/foreignFile.ts';
import { syncFolder } from './syncFolder.ts';

const SERVICE = 'AgenC Bar';
const KEY_BYTES = 32;
const MAX_BYTES = 4096;
const KEY_FILE = /^key-([0-9a-f]{16})\.json$/;

/** A key of the journal. Its id is a fingerprint of the key, so a wrong key is known as one. */
export interface JournalKey {
  readonly id: string;
  /** 32 bytes. Secret. */
  readonly bytes: Buffer;
}

export type KeyPlace = 'keychain' | 'file';

export type KeyResult = { readonly status: 'found'; readonly key: JournalKey } | Unavailable;

export interface KeyProvider {
  /**
   * Finds or makes the key for new records, so that the first append need not wait for a keychain.
   * May be called again at any time: it then looks whether a keychain that could not be used is back.
   * Never rejects; what went wrong is the answer of {@link current}.
   */
  ready(): Promise<void>;
  /** The key for new records. */
  current(): Promise<KeyResult>;
  /** The key of an older record. `absent`: known to be gone, its records cannot be read any more. */
  byId(id: string): Promise<KeyResult | Absent>;
  /** Where the key for new records lies; `null` before {@link ready}, or if there is none. */
  where(): KeyPlace | null;
}

export interface JournalKeysOptions extends KeychainOptions {
  /** The journal's folder. */
  readonly dir: string;
  /**
   * - `auto`: the system's keychain, and a file where there is none or it is locked
   * - `keychain`: nothing but the keychain · `file`: the keychain is never asked
   */
  readonly mode: 'auto' | 'keychain' | 'file';
}

/** What `key-<id>.json` holds: the key itself (mode 0600), or only that it lies in the keychain. */
type KeyFile = { readonly where: 'file'; readonly key: string } | { readonly where: 'keychain' };

/**
 * The journal's keys. The key for new records is an item of our own in the system's keychain; where that
 * cannot be had, a key file. Records name their key, so any number of keys can exist side by side:
 * a keychain that is locked today gets its records back tomorrow, and nothing is ever overwritten.
 *
 * For each key a `key-<id>.json` says where it lies. Without it, a locked keyring could be taken for one
 * that has no key yet.
 */
export function createJournalKeys(options: JournalKeysOptions): KeyProvider {
  const { dir, mode } = options;
  const preferred: KeyPlace = mode === 'file' ? 'file' : 'keychain';
  const keychain: Keychain = createKeychain(options);
  const known = new Map<string, JournalKey>();
  let chosen: { readonly key: JournalKey; readonly place: KeyPlace } | Unavailable | null = null;
  let choosing: Promise<void> | null = null;

  const pathOf = (id: string): string => join(dir, `key-${id}.json`);
  const accountOf = (id: string): string => `journal-key-${id}`;

  async function fromKeychain(id: string): Promise<KeyResult | Absent> {
    if (mode === 'file') {
      return unavailable(
        'missing',
        `journal key ${id} lies in the keychain, which is not used here`,
      );
    }
    const item = await keychain.get(SERVICE, accountOf(id));
    if (item.status !== 'found') return item;
    return parseKey(item.text, id, 'the keychain');
  }

  async function lookUp(id: string): Promise<KeyResult | Absent> {
    const kept = known.get(id);
    if (kept !== undefined) return { status: 'found', key: kept };
    const file = await readKeyFile(pathOf(id));
    if (file.status !== 'found') return file;
    const { content } = file;
    const result =
      content.where === 'keychain' ? await fromKeychain(id) : parseKey(content.key, id, pathOf(id));
    if (result.status === 'found') known.set(id, result.key);
    return result;
  }

  async function writeKeyFile(id: string, content: KeyFile): Promise<void> {
    await writeFileAtomic(pathOf(id), `${JSON.stringify(content)}\n`, {
      mode: 0o600,
      durable: true,
    });
    await syncFolder(dir);
  }

  /** The newest key of a place that can be had, else a new one. */
  async function obtain(place: KeyPlace): Promise<KeyResult> {
    for (const id of await keysIn(place)) {
      const result = await lookUp(id);
      if (result.status === 'found') return result;
      // The next ones would fail for the same reason, each after a time limit of its own.
      if (result.status === 'unavailable' && place === 'keychain' && result.reason !== 'failed')
        return result;
    }
    const key = newKey();
    if (place === 'keychain') {
      const set = await keychain.set(SERVICE, accountOf(key.id), encode(key));
      if (set.status === 'unavailable') return set;
      await writeKeyFile(key.id, { where: 'keychain' });
    } else {
      await writeKeyFile(key.id, { where: 'file', key: encode(key) });
    }
    known.set(key.id, key);
    return { status: 'found', key };
  }

  /** Ids of the keys that lie in a place, newest first. */
  async function keysIn(place: KeyPlace): Promise<string[]> {
    const found: { id: string; mtimeMs: number }[] = [];
    for (const name of await readdir(dir)) {
      const id = KEY_FILE.exec(name)?.[1];
      if (id === undefined) continue;
      const file = await readKeyFile(pathOf(id));
      if (file.status !== 'found' || file.content.where !== place) continue;
      found.push({ id, mtimeMs: (await stat(pathOf(id))).mtimeMs });
    }
    return found.sort((a, b) => b.mtimeMs - a.mtimeMs).map(({ id }) => id);
  }

  async function choose(): Promise<void> {
    try {
      await makePrivateFolder(dir);
      closeToOthers(dir);
      let place = preferred;
      let result = await obtain(place);
      if (result.status === 'unavailable' && mode === 'auto') {
        place = 'file';
        result = await obtain(place);
      }
      chosen = result.status === 'found' ? { key: result.key, place } : result;
    } catch (error) {
      chosen = unavailableFrom(error);
    }
  }

  /** Makes the choice, one at a time. */
  function chooseOnce(): Promise<void> {
    choosing ??= choose().finally(() => {
      choosing = null;
    });
    return choosing;
  }

  return {
    async ready() {
      if (chosen === null || 'status' in chosen || chosen.place !== preferred) await chooseOnce();
    },

    async current() {
      if (chosen !== null && 'key' in chosen && !existsSync(pathOf(chosen.key.id))) {
        // Somebody removed the folder. What is encrypted with this key could not be read after a restart.
        known.clear();
        chosen = null;
      }
      if (chosen === null) await chooseOnce();
      if (chosen === null) return unavailable('failed', 'no journal key could be chosen');
      return 'key' in chosen ? { status: 'found', key: chosen.key } : chosen;
    },

    byId: lookUp,
    where: () => (chosen !== null && 'place' in chosen ? chosen.place : null),
  };
}

function newKey(): JournalKey {
  const bytes = randomBytes(KEY_BYTES);
  return { id: fingerprint(bytes), bytes };
}

/** Says nothing of the key: 64 bits of a hash of 256 random ones. */
function fingerprint(bytes: Buffer): string {
  return createHash('sha256')
    .update('agenc-bar journal key\n')
    .update(bytes)
    .digest('hex')
    .slice(0, 16);
}

const encode = (key: JournalKey): string => key.bytes.toString('base64');

function parseKey(text: string, id: string, where: string): KeyResult {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === KEY_BYTES && fingerprint(bytes) === id)
    return { status: 'found', key: { id, bytes } };
  return unavailable('failed', `${where} holds something else than journal key ${id}`);
}

async function readKeyFile(
  path: string,
): Promise<{ readonly status: 'found'; readonly content: KeyFile } | Absent | Unavailable> {
  const read = readForeign(path, MAX_BYTES);
  if (read.status === 'absent') return read;
  if (read.status === 'unusable')
    return unavailable(read.reason === 'denied' ? 'denied' : 'failed', read.detail);
  try {
    const content = JSON.parse(read.bytes.toString('utf8')) as Partial<
      Record<'where' | 'key', unknown>
    > | null;
    if (content?.where === 'keychain') return { status: 'found', content: { where: 'keychain' } };
    if (content?.where === 'file' && typeof content.key === 'string') {
      return { status: 'found', content: { where: 'file', key: content.key } };
    }
  } catch {
    // Not JSON. Its text may be a key, so the error, which could quote it, is not handed on.
  }
  return unavailable('failed', `${path} is damaged`);
}
