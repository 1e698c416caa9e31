import type { JournalItem } from './journalRecord.ts';

/** A record as far as it matters for how long it is kept. */
export interface Kept extends Pick<JournalItem, 'id' | 'field' | 'reason'> {
  /** ms since the epoch. */
  readonly at: number;
  readonly bytes: number;
  /** How long the value had stood; `undefined`: not known, so it may have been for ever. */
  readonly stoodMs: number | undefined;
  /** Whether it was replaced by the very mission that had brought it. */
  readonly rewritten: boolean;
}

export interface RetentionLimits {
  /** ms since the epoch. */
  readonly now: number;
  readonly maxAgeMs: number;
  readonly maxValues: number;
  readonly maxBytes: number;
}

/** Of each field, whatever happens to others and however often it changes itself. */
const NEWEST = 20;
/** Of what an ordinary refresh replaced: spent tokens, most likely, which nobody wants back. */
const NEWEST_REFRESHED = 10;
/** Of each field, as long as there is any way. */
const NEWEST_ALWAYS = 3;
const DAY_MS = 24 * 60 * 60 * 1000;
/** The share of all places that the newest have, of whatever field, when there are more fields than places. */
const NEWEST_SHARE = 4;

/**
 * The records to keep, by id. What a user wants back is a value that stood for long, and then a storm went
 * over it: so of each field are kept its newest values and, for each day, the one that had stood longest. What
 * ordinary refreshes replaced has places of its own, and takes none from the rest; and so has what a mission wrote
 * over that had brought it itself, which it may do all day with what it makes up. Pure.
 *
 * If that is too much in all, the fields with the most records give way first, down to their newest three. If
 * it still is (thousands of fields: nobody has them, somebody makes them), the fields that the journal has
 * known longest stay, and the newest records of all.
 */
export function recordsToKeep(records: readonly Kept[], limits: RetentionLimits): Set<string> {
  const young = records.filter(({ at }) => limits.now - at <= limits.maxAgeMs);
  const groups = groupsOf(young);
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  for (let most = longest; most >= NEWEST_ALWAYS; most -= 1) {
    const kept = groups.flatMap((group) => group.slice(0, most));
    if (fits(kept, limits)) return idsOf(kept);
  }
  return seniors(
    groups.flatMap((group) => group.slice(0, NEWEST_ALWAYS)),
    limits,
  );
}

/** The records of each field worth keeping, those first that go last. */
function groupsOf(records: readonly Kept[]): Kept[][] {
  const fields = new Map<string, Kept[]>();
  for (const record of [...records].sort(byTime)) {
    const field = fields.get(record.field);
    if (field === undefined) fields.set(record.field, [record]);
    else field.push(record);
  }
  return [...fields.values()].flatMap((oldestFirst) => {
    const rewritten = oldestFirst.filter((record) => record.rewritten);
    const rest = oldestFirst.filter((record) => !record.rewritten);
    const refreshed = rest.filter(({ reason }) => reason === 'refreshed');
    const others = rest.filter(({ reason }) => reason !== 'refreshed');
    return [
      ranked(others, NEWEST),
      ranked(refreshed, NEWEST_REFRESHED),
      ranked(rewritten, NEWEST_REFRESHED),
    ];
  });
}

function ranked(oldestFirst: readonly Kept[], newest: number): Kept[] {
  const newestFirst = oldestFirst.toReversed();
  // What may have stood for ever does not stand in the way of what is known to have stood for long.
  const daily = new Map<string, Kept>();
  for (const record of newestFirst) {
    const { at, stoodMs } = record;
    const place = `${Math.floor(at / DAY_MS)} ${stoodMs === undefined}`;
    const best = daily.get(place);
    if (best === undefined || (stoodMs ?? 0) > (best.stoodMs ?? 0)) daily.set(place, record);
  }
  return [
    ...new Set([
      ...newestFirst.slice(0, NEWEST_ALWAYS),
      ...daily.values(),
      ...newestFirst.slice(0, newest),
    ]),
  ];
}

function seniors(records: readonly Kept[], limits: RetentionLimits): Set<string> {
  const firstSeen = new Map<string, number>();
  for (const { field, at } of records)
    firstSeen.set(field, Math.min(at, firstSeen.get(field) ?? at));
  const newestFirst = [...records].sort(byTime).reverse();
  const newest = newestFirst.slice(0, Math.ceil(limits.maxValues / NEWEST_SHARE));
  const others = newestFirst
    .slice(newest.length)
    .sort((a, b) => (firstSeen.get(a.field) ?? a.at) - (firstSeen.get(b.field) ?? b.at));
  const kept: Kept[] = [];
  let bytes = 0;
  for (const record of [...newest, ...others]) {
    bytes += record.bytes;
    if (bytes > limits.maxBytes || kept.length === limits.maxValues) break;
    kept.push(record);
  }
  return idsOf(kept);
}

function fits(records: readonly Kept[], { maxValues, maxBytes }: RetentionLimits): boolean {
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
  return records.length <= maxValues && bytes <= maxBytes;
}

function idsOf(records: readonly Kept[]): Set<string> {
  return new Set(records.map(({ id }) => id));
}

function byTime(a: Kept, b: Kept): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}
