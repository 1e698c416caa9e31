import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Absent, UnavailableReason } from '../stores/store.ts';
import { writeFileAtomic } from '../system/atomicFile.ts';
import {
  type DamagedFile,
  type JournalFile,
  journalNames,
  journalPath,
  readJournalFile,
  readJournalFiles,
} from './journalFolder.ts';
import type { JournalKey, KeyProvider } from './journalKey.ts';
import {
  isRecordId,
  itemOf,
  type JournalItem,
  type JournalRecord,
  type JournalValue,
  newRecordId,
  openRecord,
  sealRecord,
  secondOf,
} from './journalRecord.ts';
import { type Kept, recordsToKeep } from './retention.ts';
import { createSteadyClock } from './steadyClock.ts';
import { syncFolder } from './syncFolder.ts';

export type { DamagedFile } from './journalFolder.ts';
export type { JournalItem, JournalReason, JournalValue } from './journalRecord.ts';

export interface JournalList {
  /** Newest first. */
  readonly items: readonly JournalItem[];
  readonly damaged: readonly DamagedFile[];
}

/**
 * - `tampered`: the record is not what was written
 * - `missing`: its key is gone for good, or there is no keychain here · any other: its key cannot be had now
 */
export interface JournalUnavailable {
  readonly status: 'unavailable';
  readonly reason: UnavailableReason | 'tampered';
  readonly detail: string;
}

/** `value` is secret. */
export type JournalGet =
  | ({ readonly status: 'found'; readonly value: unknown } & JournalItem)
  | Absent
  | JournalUnavailable;

export interface JournalOptions {
  /** `<AGENC_DIRPATH>/bar/journal` */
  readonly dir: string;
  readonly keys: KeyProvider;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  /** Monotonic, ms. */
  readonly monotonic?: () => number;
  readonly maxAgeMs?: number;
  readonly maxValues?: number;
  readonly maxBytes?: number;
}

export interface Journal {
  /** Warms up the key and the memory of what is there, so that the first append is as fast as any. Prunes. */
  ready(): Promise<void>;
  /**
   * Keeps values: when it resolves they are on the disk. A value that was kept within the last day and can
   * still be read is not kept again.
   * @throws Error if they could not be kept (the disk, no key): the caller must then not take them away
   */
  append(values: readonly JournalValue[]): Promise<void>;
  /** What is kept, without decrypting anything. Never throws. */
  list(): Promise<JournalList>;
  /** @param id as in {@link JournalItem} */
  get(id: string): Promise<JournalGet>;
  /**
   * Drops what is too much ({@link recordsToKeep}) and, once the clock has been steady for an hour, what is too old.
   * Append does it now and then.
   * @throws the system's error
   */
  prune(): Promise<void>;
  /** Waits for the pruning that was started in the background. */
  dispose(): Promise<void>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_MAX_AGE_MS = 30 * DAY_MS;
const DEFAULT_MAX_VALUES = 2_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** A value that comes again within this time is not kept again. */
const SAME_VALUE_MS = DAY_MS;
const PRUNE_EVERY_MS = 60 * 60 * 1000;
/** However fast they come: a mission can change a value seventy times a second. */
const PRUNE_EVERY_VALUES = 200;
/** A temporary file this old was left by a process that died. */
const ORPHAN_AGE_MS = 60_000;

/** Where the newest record of a value is. */
interface Place {
  readonly path: string;
  readonly id: string;
  readonly at: number;
}

/** What is known of a file without reading it again. */
interface KnownFile {
  readonly at: number;
  readonly records: readonly Kept[];
  readonly isDamaged: boolean;
}

/**
 * The journal: every server value that a reconcile removes or replaces is kept here first, encrypted.
 *
 * Each append makes one file, named after its first record, with a record a line: however many values a
 * reconcile takes away, it costs one file, one fsync of it and one of the folder, and they are kept all or
 * none. No file is ever rewritten, so no two processes can get into each other's way.
 */
export function createJournal(options: JournalOptions): Journal {
  const { dir, keys, now, monotonic = () => performance.now() } = options;
  const { maxAgeMs = DEFAULT_MAX_AGE_MS, maxValues = DEFAULT_MAX_VALUES } = options;
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const isSteady = createSteadyClock(now, monotonic);
  let loading: Promise<Map<string, Place>> | null = null;
  /** All files as far as this process knows them; read anew by each thorough pruning. */
  let known = new Map<string, KnownFile>();
  /** When each field was last changed, ms since the epoch. */
  const lastChange = new Map<string, number>();
  let prunedAt: number | null = null;
  let appendedSince = 0;
  let pruning: Promise<void> = Promise.resolve();

  /** What this process knows to be kept, by field and digest. What others keep meanwhile is kept twice. */
  function recent(): Promise<Map<string, Place>> {
    loading ??= load();
    return loading;
  }

  async function load(): Promise<Map<string, Place>> {
    const map = new Map<string, Place>();
    const { files } = await journalNames(dir);
    // Oldest first, so that the newest of each value stays.
    for (const file of (await readJournalFiles(files)).reverse()) remember(map, file);
    return map;
  }

  function remember(map: Map<string, Place>, file: JournalFile): void {
    known.set(file.path, knownFile(file));
    for (const record of file.records) {
      map.set(identity(record), { path: file.path, id: record.id, at: file.at });
      lastChange.set(record.field, file.at);
    }
  }

  /** The values of `values` that no young record holds, each once. */
  async function notYetKept(
    values: readonly JournalValue[],
    key: JournalKey,
  ): Promise<JournalValue[]> {
    const map = await recent();
    const files = new Map<string, Promise<JournalFile>>();
    const fresh = new Map<string, JournalValue>();
    for (const value of values) {
      const kept = map.get(identity(value));
      if (kept === undefined || !isYoung(kept)) {
        fresh.set(identity(value), value);
        continue;
      }
      // Look at the file again: it may be gone, be damaged, or need a key that cannot be had now.
      const file = files.get(kept.path) ?? readJournalFile(kept.path);
      files.set(kept.path, file);
      const record = (await file).records.find((one) => one.id === kept.id);
      if (record === undefined || openRecord(record, key) === null)
        fresh.set(identity(value), value);
    }
    return [...fresh.values()];
  }

  function isYoung(kept: Place): boolean {
    const ageMs = now() - kept.at;
    return ageMs >= 0 && ageMs < SAME_VALUE_MS;
  }

  function seal(values: readonly JournalValue[], at: Date, key: JournalKey): JournalRecord[] {
    const ids = new Set<string>();
    return values.map((value) => {
      let id = newRecordId(at);
      while (ids.has(id) || existsSync(journalPath(dir, id))) id = newRecordId(at);
      ids.add(id);
      const before = lastChange.get(value.field);
      const stoodMs = before === undefined ? undefined : Math.max(0, at.getTime() - before);
      const hints = {
        ...(stoodMs !== undefined && { stoodMs }),
        ...(value.rewritten && { rewritten: true }),
        ...(value.by && { by: value.by }),
        ...(value.replacedBy && { replacedBy: value.replacedBy }),
      };
      return sealRecord(value, id, at, key, hints);
    });
  }

  async function append(values: readonly JournalValue[]): Promise<void> {
    if (values.length === 0) return;
    const current = await keys.current();
    if (current.status === 'unavailable')
      throw new Error(`The journal has no key: ${current.detail}`);
    const { key } = current;

    const at = new Date(now());
    const records = seal(await notYetKept(values, key), at, key);
    const first = records[0];
    if (first === undefined) return;
    const path = journalPath(dir, first.id);
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await writeFileAtomic(path, text, { mode: 0o600, durable: true });
    await syncFolder(dir);
    remember(await recent(), { path, at: at.getTime(), records, damaged: [] });

    appendedSince += records.length;
    if (prunedAt === null || Math.abs(now() - prunedAt) >= PRUNE_EVERY_MS) inBackground(pruneNow);
    else if (appendedSince >= PRUNE_EVERY_VALUES) inBackground(dropTooMuch);
  }

  async function find(id: string): Promise<JournalRecord | null> {
    if (!isRecordId(id)) return null;
    // The records of a file share their time, and the file is named after one of them.
    const prefix = join(dir, secondOf(id));
    const { files } = await journalNames(dir);
    for (const path of files.filter((one) => one.startsWith(prefix))) {
      const record = (await readJournalFile(path)).records.find((one) => one.id === id);
      if (record !== undefined) return record;
    }
    return null;
  }

  async function get(id: string): Promise<JournalGet> {
    const record = await find(id);
    if (record === null) return { status: 'absent' };
    const key = await keys.byId(record.key);
    if (key.status === 'unavailable') return key;
    if (key.status === 'absent') {
      const detail = `journal key ${record.key} is gone, and with it what it encrypted`;
      return { status: 'unavailable', reason: 'missing', detail };
    }
    const opened = openRecord(record, key.key);
    if (opened !== null) return { status: 'found', ...itemOf(record), value: opened.value };
    const detail = `journal record ${id} is not what was written`;
    return { status: 'unavailable', reason: 'tampered', detail };
  }

  async function pruneNow(): Promise<void> {
    prunedAt = now();
    const names = await journalNames(dir);
    for (const path of names.temporary) {
      const stats = await stat(path).catch(() => null); // gone: its writer has finished
      if (stats !== null && Date.now() - stats.mtimeMs > ORPHAN_AGE_MS)
        await rm(path, { force: true });
    }
    await recent();
    known = new Map();
    for (const file of await readJournalFiles(names.files)) known.set(file.path, knownFile(file));
    await dropTooMuch();
    const map = await recent();
    for (const [value, kept] of map) if (!isYoung(kept)) map.delete(value);
  }

  /** A file goes once none of its records is to be kept, so no append is ever cut in two. Reads nothing. */
  async function dropTooMuch(): Promise<void> {
    appendedSince = 0;
    // Else nothing is too old: there is still the limit of how much.
    const oldestMs = isSteady() ? maxAgeMs : Number.POSITIVE_INFINITY;
    const limits = { now: now(), maxAgeMs: oldestMs, maxValues, maxBytes };
    const keep = recordsToKeep(
      [...known.values()].flatMap(({ records }) => records),
      limits,
    );
    // As of now: what is kept while files are being removed was not asked about, and stays.
    for (const [path, { at, records, isDamaged }] of [...known]) {
      const isOld = limits.now - at > oldestMs;
      if (!isOld && (isDamaged || records.some(({ id }) => keep.has(id)))) continue;
      await rm(path, { force: true });
      known.delete(path);
    }
    // What is gone need not be remembered either: a mission may change hundreds of values a second.
    const map = await recent();
    for (const [value, { path }] of map) if (!known.has(path)) map.delete(value);
    const fields = new Set([...known.values()].flatMap(({ records }) => records).map(fieldOf));
    for (const field of lastChange.keys()) if (!fields.has(field)) lastChange.delete(field);
  }

  /** One at a time. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = pruning.then(work);
    pruning = mine.catch(() => undefined);
    return mine;
  }

  function inBackground(work: () => Promise<void>): void {
    // What it could not remove, the next one will.
    inTurn(work).catch(() => undefined);
  }

  return {
    async ready() {
      await Promise.all([keys.ready(), recent()]);
      inBackground(pruneNow);
    },
    append,
    async list() {
      const names = await journalNames(dir);
      const files = await readJournalFiles(names.files);
      return {
        items: files.flatMap((file) => file.records.map(itemOf)),
        damaged: [...names.damaged, ...files.flatMap((file) => file.damaged)],
      };
    },
    get,
    prune: () => inTurn(pruneNow),
    dispose: () => pruning,
  };
}

function knownFile({ at, records, damaged }: JournalFile): KnownFile {
  return {
    at,
    isDamaged: damaged.length > 0,
    records: records.map(({ id, field, reason, stoodMs, data, ...hints }) => ({
      id,
      field,
      reason,
      stoodMs,
      rewritten: hints.rewritten ?? false,
      by: hints.by ?? null,
      replacedBy: hints.replacedBy ?? null,
      at,
      bytes: data.length,
    })),
  };
}

function fieldOf({ field }: Kept): string {
  return field;
}

/** Field and digest: the same value at the same place. */
function identity(value: { readonly field: string; readonly digest: string }): string {
  return `${value.digest}${value.field}`;
}
