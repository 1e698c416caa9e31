import type { EventMessage } from './contract/engine.ts';

/**
 * Lines of one kind that tell of one mission, in characters: so many at once, and so many each second from then on. What an
 * honest one does is told in a line of some 200 now and then; one that is rewritten without a pause would have
 * all that the log keeps replaced within minutes.
 */
const BURST = 32 * 1024;
const PER_SECOND = 256;
/** Names in one line; whoever acquires more servers at once has made them up, or has just begun. */
const MOST_NAMES = 20;
/** When what is missing is told, at the latest, with the next line of whomever. */
const TELL_AFTER_MS = 10_000;

/** Of thousands of missions, those that lack nothing may begin anew. */
const MOST_SHARES = 10_000;

/** What of a mission may be logged. */
export interface LogShares {
  /** @param length of its line · @returns whether the event is within its mission's share; counted if not */
  takes(event: EventMessage, length: number): boolean;
  /** Whose lines are missing, and how many; they are counted anew from here. @param all those just now missing, too */
  missing(all: boolean): readonly { readonly missionId: string; readonly lines: number }[];
}

interface Share {
  readonly missionId: string;
  left: number;
  at: number;
  lines: number;
  missingSince: number;
}

/** @param now monotonic, ms */
export function createLogShares(now: () => number): LogShares {
  const shares = new Map<string, Share>();

  function shareOf(event: EventMessage): Share | null {
    const missionId = 'missionId' in event ? (event.missionId ?? null) : null;
    if (missionId === null) return null;
    // Of each kind: what arrives in it, from a storm elsewhere, crowds out nothing that it did itself.
    const kind = event.event === 'sync' ? event.direction : event.event;
    const key = `${kind} ${missionId}`;
    const share = shares.get(key) ?? {
      missionId,
      left: BURST,
      at: now(),
      lines: 0,
      missingSince: 0,
    };
    shares.set(key, share);
    if (shares.size > MOST_SHARES)
      for (const [each, { lines }] of shares) if (lines === 0 && each !== key) shares.delete(each);
    return share;
  }

  return {
    takes(event, length) {
      const share = shareOf(event);
      if (share === null) return true;
      const at = now();
      share.left = Math.min(BURST, share.left + ((at - share.at) / 1_000) * PER_SECOND);
      share.at = at;
      if (length <= share.left) {
        share.left -= length;
        return true;
      }
      if (share.lines === 0) share.missingSince = at;
      share.lines += 1;
      return false;
    },

    missing(all) {
      const at = now();
      const due = [...shares.values()].filter(
        ({ lines, missingSince }) => lines > 0 && (all || at - missingSince >= TELL_AFTER_MS),
      );
      const told = due.map(({ missionId, lines }) => ({ missionId, lines }));
      for (const share of due) share.lines = 0;
      return told;
    },
  };
}

/** An event as it is logged: with the first names only, and how many more there are. */
export function withFewNames(event: EventMessage): EventMessage {
  if (event.event !== 'sync' && event.event !== 'alert') return event;
  const { servers } = event;
  if (servers.length <= MOST_NAMES) return event;
  return { ...event, servers: servers.slice(0, MOST_NAMES), more: servers.length - MOST_NAMES };
}
