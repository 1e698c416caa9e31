import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from '../system/isoTime.ts';
import type { JournalKey } from './journalKey.ts';
import { openJson, sealedShape, sealJson } from './seal.ts';

/** `refreshed`: replaced by what looks like its successor in the same sign-in, so most likely spent. */
const JOURNAL_REASONS = ['replaced', 'removed', 'restored-over', 'refreshed'] as const;

export type JournalReason = (typeof JOURNAL_REASONS)[number];

/** A value to keep before a reconcile takes it away. */
export interface JournalValue {
  /** The field's id, a JSON pointer such as `/mcpOAuth/loop|0123`. */
  readonly field: string;
  /** The server's name, for people. */
  readonly name: string;
  /** 64 hex digits. */
  readonly digest: string;
  /** Any JSON value. Secret. */
  readonly value: unknown;
  readonly reason: JournalReason;
  /** The mission whose reconcile it was; `null`: none. */
  readonly missionId: string | null;
  /** Whether it was replaced by the very mission that had brought it. */
  readonly rewritten?: boolean;
  /** The mission that had brought it; `null` or absent: not known, or none. */
  readonly by?: string | null;
  /** The mission whose value took its place; `null` or absent: none. */
  readonly replacedBy?: string | null;
}

/** What of a record helps to decide how long it is kept, and is therefore not authenticated. */
export interface RetentionHints {
  /** How long the value had stood, ms. */
  readonly stoodMs?: number;
  readonly rewritten?: boolean;
  readonly by?: string | null;
  readonly replacedBy?: string | null;
}

/** What is known of a kept value without its key. */
export interface JournalItem extends Omit<JournalValue, 'value' | keyof RetentionHints> {
  /** `<UTC date>-<UTC time>-<6 hex>`: sorts by time, short enough to type. */
  readonly id: string;
  /** When it was kept, ISO 8601 in UTC. */
  readonly at: string;
}

const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;
/** The part of an id that says the second. */
const SECOND_CHARS = '20261123-204252-'.length;

const RecordSchema = z.object({
  v: z.literal(1),
  id: z.string().regex(ID),
  at: z.iso.datetime(),
  field: z.string(),
  name: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  reason: z.enum(JOURNAL_REASONS),
  missionId: z.string().nullable(),
  /**
   * How long the value had stood since the change of this field before, ms; absent where none is known. A
   * hint for what is kept longest, and therefore not authenticated.
   */
  stoodMs: z.number().nonnegative().optional(),
  /** Replaced by the very mission that had brought it; a hint as well. */
  rewritten: z.boolean().optional(),
  /** Who had brought it, and whose value took its place; hints as well, absent in records of older versions. */
  by: z.string().nullable().optional(),
  replacedBy: z.string().nullable().optional(),
  ...sealedShape,
});

/** A kept value as it lies in a file, one line of JSON. All but `data` is in the clear, and authenticated. */
export type JournalRecord = z.infer<typeof RecordSchema>;

/** @throws TypeError if the value is not JSON */
export function sealRecord(
  value: JournalValue,
  id: string,
  at: Date,
  key: JournalKey,
  hints: RetentionHints = {},
): JournalRecord {
  const head = {
    v: 1 as const,
    id,
    at: isoTime(at.getTime()),
    field: value.field,
    name: value.name,
    digest: value.digest,
    reason: value.reason,
    missionId: value.missionId,
    key: key.id,
  };
  const sealed = sealJson(value.value, authenticated(head), key);
  return { ...head, ...hints, ...sealed };
}

/** The value of a record, or `null` if record or key are not the ones it was sealed with. */
export function openRecord(
  record: JournalRecord,
  key: JournalKey,
): { readonly value: unknown } | null {
  return openJson(record, authenticated(record), key);
}

/** An array, so that the order of a file's keys does not matter. */
function authenticated(
  head: Omit<JournalRecord, keyof RetentionHints | 'iv' | 'data' | 'tag'>,
): unknown[] {
  const { v, id, at, field, name, digest, reason, missionId, key } = head;
  return [v, id, at, field, name, digest, reason, missionId, key];
}

/** @returns `null` if the line is no record */
export function parseRecord(line: string): JournalRecord | null {
  try {
    return RecordSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    // Not JSON: no record either.
    return null;
  }
}

export function itemOf(record: JournalRecord): JournalItem {
  const { id, at, field, name, digest, reason, missionId } = record;
  return { id, at, field, name, digest, reason, missionId };
}

/** A new id for a moment, 16 million of them in each second. */
export function newRecordId(at: Date): string {
  const [date = '', time = ''] = isoTime(at.getTime()).split('T');
  const digits = (text: string): string => text.replaceAll(/\D/g, '');
  return `${digits(date)}-${digits(time).slice(0, 6)}-${randomBytes(3).toString('hex')}`;
}

export function isRecordId(text: string): boolean {
  return ID.test(text);
}

/** The part that ids of the same second share. */
export function secondOf(id: string): string {
  return id.slice(0, SECOND_CHARS);
}

/** The moment an id names, ms since the epoch, to the second. */
export function timeOf(id: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}
