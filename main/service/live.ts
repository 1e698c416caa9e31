import { tellEach } from '../system/tellEach.ts';
import type { LiveSnapshot, Snapshot } from './contract/engine.ts';

/** Snapshots as they change, for those who watch. While nobody does, none is made. */
export interface LiveSnapshots {
  current(): LiveSnapshot;
  /** Something may be other than before. */
  changed(): void;
  /** The listener is told the current one at once, then each that follows. @returns its own unsubscribe */
  subscribe(listener: (live: LiveSnapshot) => void): () => void;
  dispose(): void;
}

/** One sign-in is many events within a few milliseconds, and a person sees none of them apart. */
const COALESCE_MS = 10;
/** The longest that a timer can wait. */
const MOST_MS = 2 ** 31 - 1;

/** @param take makes a snapshot of what is known, without waiting for anything */
export function createLiveSnapshots(take: () => Snapshot): LiveSnapshots {
  const listeners = new Set<(live: LiveSnapshot) => void>();
  let revision = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let atNextEnd: ReturnType<typeof setTimeout> | undefined;

  function current(): LiveSnapshot {
    revision += 1;
    const snapshot = take();
    clearTimeout(atNextEnd);
    const now = Date.now();
    const inMs = nextEnd(snapshot, now) - now;
    if (inMs < MOST_MS) atNextEnd = setTimeout(changed, inMs).unref();
    return { revision, snapshot };
  }

  function changed(): void {
    if (listeners.size > 0) timer ??= setTimeout(tell, COALESCE_MS);
  }

  function tell(): void {
    timer = null;
    if (listeners.size === 0) return;
    const live = current();
    tellEach(listeners, live);
  }

  return {
    current,
    changed,
    subscribe(listener) {
      listeners.add(listener);
      listener(current());
      return () => listeners.delete(listener);
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
      clearTimeout(atNextEnd);
      listeners.clear();
    },
  };
}

/** When the next of the sign-ins is over, which changes what is said of it; ms since the epoch. Infinity: never. */
function nextEnd({ global, missions }: Snapshot, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { servers } of [global, ...missions])
    for (const { status, expiresAt } of servers)
      if (status === 'usable' && expiresAt !== null && expiresAt > now && expiresAt < next)
        next = expiresAt;
  return next;
}
