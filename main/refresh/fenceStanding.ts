/**
 * How far a place is trusted to keep others waiting by its refresh lock of one server. A client takes the
 * lock to get a new token; a mission can make that folder as often as it likes. Pure. Times are monotonic ms.
 */
export interface Standing {
  /** Times in a row that the lock went and nothing new had come. */
  readonly fruitless: number;
  /** Until then its lock keeps nobody waiting. */
  readonly mutedUntil: number;
  /** For how long others were kept waiting for it, less what time has made good; as of `debtAt`. */
  readonly debtMs: number;
  readonly debtAt: number;
  /** For how long its lock was there, less what time has made good; as of `heldAt`, the one that is there aside. */
  readonly heldMs: number;
  readonly heldAt: number;
  /** Locks taken since `countedFrom` without new tokens. */
  readonly takings: number;
  readonly countedFrom: number;
  /** Names the tokens that all had when it was taken last. */
  readonly tokens: string | null;
  /** Since when it is there; `null`: it is not. */
  readonly lockedAt: number | null;
}

export const NEW_STANDING: Standing = {
  fruitless: 0,
  mutedUntil: 0,
  debtMs: 0,
  debtAt: 0,
  heldMs: 0,
  heldAt: 0,
  takings: 0,
  countedFrom: 0,
  tokens: null,
  lockedAt: null,
};

/** So often a refresh may come to nothing before its lock keeps nobody waiting: a minute, then twice as long each time. */
const FRUITLESS_ALLOWED = 2;
const FIRST_MUTE_MS = 60_000;
const LONGEST_MUTE_MS = 3_600_000;
/** With new tokens as well, others wait an eighth of the time at most: a refresh takes some 50 ms. */
const MOST_DEBT_MS = 8_000;
const MS_PER_DEBT_MS = 8;
/** More than any client does that gets nothing: it takes the lock once for each use of a tool. */
const COUNTED_MS = 60_000;
const TOO_MANY_TAKINGS = 30;
/**
 * Clients that wait give up long before; and one that is killed has its lock taken over then. It may come in
 * pieces, and nothing but time makes it good: new tokens anybody can invent.
 */
const LONGEST_HELD_MS = 60_000;
const MS_PER_HELD_MS = 8;

/** Its lock is there, and was not before. @param tokens names those that all have now */
export function lockTaken(standing: Standing, tokens: string | null, now: number): Standing {
  // New tokens by whatever way: what it did until now was of use, or is past. Anything else of a value is only words.
  const isNew = tokens !== standing.tokens;
  const before = isNew ? { ...standing, fruitless: 0, mutedUntil: 0, takings: 0 } : standing;
  const isCounting = !isNew && now - before.countedFrom < COUNTED_MS;
  return {
    ...before,
    tokens,
    lockedAt: now,
    takings: isCounting ? before.takings + 1 : 1,
    countedFrom: isCounting ? before.countedFrom : now,
  };
}

export function lockGone(standing: Standing, now: number): Standing {
  if (standing.lockedAt === null) return standing;
  return { ...standing, lockedAt: null, heldMs: heldNow(standing, now), heldAt: now };
}

/** What it left is taken in. @param tokens names those that all have now */
export function refreshEnded(standing: Standing, tokens: string | null, now: number): Standing {
  if (tokens !== standing.tokens) return { ...standing, fruitless: 0, takings: 0 };
  const fruitless = standing.fruitless + 1;
  if (fruitless < FRUITLESS_ALLOWED) return { ...standing, fruitless };
  const muteMs = Math.min(FIRST_MUTE_MS * 2 ** (fruitless - FRUITLESS_ALLOWED), LONGEST_MUTE_MS);
  return { ...standing, fruitless, mutedUntil: now + muteMs };
}

/** Others were kept waiting for it. */
export function othersWaited(standing: Standing, forMs: number, now: number): Standing {
  return { ...standing, debtMs: debtNow(standing, now) + forMs, debtAt: now };
}

export function mayFence(standing: Standing, now: number): boolean {
  return standing.mutedUntil <= now && debtNow(standing, now) < MOST_DEBT_MS;
}

/** Whether nobody need mind its lock: the engine refreshes for the others all the same. */
export function isDisregarded(standing: Standing, now: number): boolean {
  const isHeldTooLong = standing.lockedAt !== null && heldNow(standing, now) >= LONGEST_HELD_MS;
  return isHeldTooLong || !mayFence(standing, now);
}

/** Whether no client behaves so. */
export function isHostile(standing: Standing): boolean {
  return standing.takings >= TOO_MANY_TAKINGS;
}

/** Whether it is like a new one by now. */
export function isForgotten(standing: Standing, now: number): boolean {
  return (
    standing.lockedAt === null &&
    now - Math.max(standing.mutedUntil, standing.countedFrom, standing.debtAt, standing.heldAt) >
      LONGEST_MUTE_MS
  );
}

function debtNow({ debtMs, debtAt }: Standing, now: number): number {
  return Math.max(0, debtMs - (now - debtAt) / MS_PER_DEBT_MS);
}

/** No more than what is too long: a lock that a killed client left for hours is made good like any other. */
function heldNow({ heldMs, heldAt, lockedAt }: Standing, now: number): number {
  const since = lockedAt ?? now;
  const left = Math.max(0, heldMs - (since - heldAt) / MS_PER_HELD_MS);
  return Math.min(LONGEST_HELD_MS, left + now - since);
}
