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
  /** The mission that had brought it; `null`: not known, or none. */
  readonly by: string | null;
  /** The mission whose value took its place; `null`: none. */
  readonly replacedBy: string | null;
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
 * over it: so of each field, and of each mission that brought values of it, are kept the newest and, for each
 * day, the one that had stood longest. However many missions play into each other's hands, each crowds out but
 * what it brought itself; and what stood before a mission first put a value of its own there stays, too. What
 * ordinary refreshes replaced has places of its own, and takes none from the rest; and so has what a mission
 * wrote over that had brought it itself, which it may do all day with what it makes up. Pure.
 *
 * If that is too much in all, whoever brought the most gives way first; of that, the fields with the most
 * records, down to their newest three. If it still is (thousands of fields: nobody has them, somebody makes
 * them), the fields that the journal has known longest stay, and the newest records of all.
 */
export function recordsToKeep(records: readonly Kept[], limits: RetentionLimits): Set<string> {
  const young = records.filter(({ at }) => limits.now - at <= limits.maxAgeMs).sort(byTime);
  const firstSeen = new Map<string, number>();
  for (const { field, at } of young) if (!firstSeen.has(field)) firstSeen.set(field, at);
  const standing = stoodBefore(young);
  const shares = [...Map.groupBy(young, ({ by }) => by).values()].map((oldestFirst) => {
    const groups = groupsOf(oldestFirst, standing);
    const kept = groups.flat();
    return { groups, kept, weight: weightOf(kept, limits) };
  });
  const keep = new Set<string>();
  // Who has little leaves what it does not need to those who have more.
  let left = 1;
  for (const [index, { groups, kept, weight }] of shares
    .sort((a, b) => a.weight - b.weight)
    .entries()) {
    const share = left / (shares.length - index);
    const isFew = weight <= share;
    left -= isFew ? weight : share;
    const within = {
      maxValues: Math.floor(limits.maxValues * share),
      maxBytes: limits.maxBytes * share,
    };
    for (const { id } of isFew ? kept : thinnedOut(groups, firstSeen, within)) keep.add(id);
  }
  return keep;
}

type Room = Pick<RetentionLimits, 'maxValues' | 'maxBytes'>;

/** The part of the journal's room that records take, by values or bytes, whichever is more. */
function weightOf(records: readonly Kept[], { maxValues, maxBytes }: Room): number {
  return Math.max(records.length / maxValues, bytesOf(records) / maxBytes);
}

/** Of each field the first value that each mission replaced and had not brought itself, by id. */
function stoodBefore(oldestFirst: readonly Kept[]): Set<string> {
  const first = new Map<string, string>();
  for (const { id, field, by, replacedBy } of oldestFirst) {
    const place = JSON.stringify([field, replacedBy]);
    if (replacedBy !== null && replacedBy !== by && !first.has(place)) first.set(place, id);
  }
  return new Set(first.values());
}

/** The records of one bringer worth keeping, by field, those first that go last. */
function groupsOf(oldestFirst: readonly Kept[], standing: ReadonlySet<string>): Kept[][] {
  return [...Map.groupBy(oldestFirst, ({ field }) => field).values()].flatMap((ofField) => {
    const rewritten = ofField.filter((record) => record.rewritten);
    const rest = ofField.filter((record) => !record.rewritten);
    const refreshed = rest.filter(({ reason }) => reason === 'refreshed');
    const others = rest.filter(({ reason }) => reason !== 'refreshed');
    return [
      ranked(others, standing, NEWEST),
      ranked(refreshed, standing, NEWEST_REFRESHED),
      ranked(rewritten, standing, NEWEST_REFRESHED),
    ];
  });
}

function ranked(
  oldestFirst: readonly Kept[],
  standing: ReadonlySet<string>,
  newest: number,
): Kept[] {
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
      ...newestFirst.slice(0, 1),
      ...oldestFirst.filter(({ id }) => standing.has(id)),
      ...newestFirst.slice(0, NEWEST_ALWAYS),
      ...daily.values(),
      ...newestFirst.slice(0, newest),
    ]),
  ];
}

/** As many of one bringer's records as there is room for. */
function thinnedOut(
  groups: readonly (readonly Kept[])[],
  firstSeen: ReadonlyMap<string, number>,
  room: Room,
): readonly Kept[] {
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  for (let most = longest; most >= NEWEST_ALWAYS; most -= 1) {
    const kept = groups.flatMap((group) => group.slice(0, most));
    if (fits(kept, room)) return kept;
  }
  return seniors(
    groups.flatMap((group) => group.slice(0, NEWEST_ALWAYS)),
    firstSeen,
    room,
  );
}

function seniors(
  records: readonly Kept[],
  firstSeen: ReadonlyMap<string, number>,
  room: Room,
): readonly Kept[] {
  const newestFirst = [...records].sort(byTime).reverse();
  const newest = newestFirst.slice(0, Math.ceil(room.maxValues / NEWEST_SHARE));
  const others = newestFirst
    .slice(newest.length)
    .sort((a, b) => (firstSeen.get(a.field) ?? a.at) - (firstSeen.get(b.field) ?? b.at));
  const kept: Kept[] = [];
  let bytes = 0;
  for (const record of [...newest, ...others]) {
    bytes += record.bytes;
    if (bytes > room.maxBytes || kept.length === room.maxValues) break;
    kept.push(record);
  }
  return kept;
}

function fits(records: readonly Kept[], { maxValues, maxBytes }: Room): boolean {
  return records.length <= maxValues && bytesOf(records) <= maxBytes;
}

function bytesOf(records: readonly Kept[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}

function byTime(a: Kept, b: Kept): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1);
}
