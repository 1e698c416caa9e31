/**
 * Which of the refreshes that are due begins next. Pure.
 *
 * Anybody can sign in to any number of servers that hang, fail or are due again at once, and can have somebody
 * else's server counted among them. So nobody is shut out, by whatever is known of a server: who comes first is
 * served first, and those of that kind stand some seconds further back. What can be had without end is rationed:
 * tokens that come due again and again, and whatever more than a few of one mission.
 */
import {
  dueSince,
  type RefreshCandidate,
  type RefreshScheduleInput,
  refreshOf,
  timeLeft,
} from './leaseSchedule.ts';

/** A refresh that is due, or will be. */
export interface InLine extends RefreshCandidate {
  /** The mission that brought this server's sign-in; `null`: not known, or none. */
  readonly broughtBy: string | null;
  /** Monotonic ms: when a refresh of this server came to nothing last, be it of a value before this one. */
  readonly failedAt: number | null;
  /** Monotonic ms: when a refresh of this server was begun last, be it of a value before this one. */
  readonly begunAt: number | null;
}

/** A refresh that was begun. */
export interface Begun {
  readonly broughtBy: string | null;
  /** Whether it was that server's second one within a minute. */
  readonly again: boolean;
  /** Monotonic ms. */
  readonly at: number;
}

/** As long as a server is waited for that never says where to send a token. */
export const BACK_MS = 10_000;
/** So many servers of one mission may begin within that time before its others stand back, and are rationed. */
const SHARE = 8;
/** From then on one begins per that time: each is carried to all missions, which takes the engine tens of ms. */
export const RATION_MS = 250;
const AGAIN_MS = 60_000;
/** For so long it counts that a refresh came to nothing. */
const FAILURE_COUNTS_MS = 600_000;

/** The one that begins now, or `null` where none is due, or all that are wait for their ration. */
export function nextInLine<One extends InLine>(
  input: RefreshScheduleInput & { readonly candidates: readonly One[] },
  begun: readonly Begun[],
): One | null {
  const { now, monotonic } = input;
  const shares = new Map<string | null, number>();
  const rations = new Map<string | null, { used: number; at: number }>();
  for (const one of recent(begun, monotonic)) {
    const { broughtBy, at } = one;
    shares.set(broughtBy, (shares.get(broughtBy) ?? 0) + 1);
    if (isRationed(one))
      rations.set(broughtBy, { used: (rations.get(broughtBy)?.used ?? 0) + 1, at });
  }
  let first: { one: One; place: number; leftMs: number } | null = null;
  for (const one of input.candidates) {
    if (refreshOf(one, input)?.delayMs !== 0) continue;
    const { broughtBy, failedAt } = one;
    const ration = rations.get(broughtBy);
    const isUsedUp = ration && ration.used >= SHARE && monotonic - ration.at < RATION_MS;
    if (isUsedUp && isRationed({ broughtBy, again: isAgain(one, monotonic) })) continue;
    const failed = failedAt !== null && monotonic - failedAt < FAILURE_COUNTS_MS;
    const standsBack = failed || (shares.get(broughtBy) ?? 0) >= SHARE;
    const place = dueSince(one, input) + (standsBack ? BACK_MS : 0);
    // At a start, and after a sleep, many come due in the same moment.
    const leftMs = timeLeft(one, now, monotonic);
    if (first === null || place < first.place || (place === first.place && leftMs < first.leftMs))
      first = { one, place, leftMs };
  }
  return first?.one ?? null;
}

/** Whether a refresh that begins now is that server's second one within a minute. */
export function isAgain({ begunAt }: Pick<InLine, 'begunAt'>, monotonic: number): boolean {
  return begunAt !== null && monotonic - begunAt < AGAIN_MS;
}

/** At a start nobody knows who brought what, and much may be due: each is free once. */
function isRationed({ broughtBy, again }: Pick<Begun, 'broughtBy' | 'again'>): boolean {
  return broughtBy !== null || again;
}

/** Those that still count for anybody's share. */
export function recent(begun: readonly Begun[], monotonic: number): readonly Begun[] {
  return begun.filter(({ at }) => monotonic - at < BACK_MS);
}
