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

/** @param take makes a snapshot of what is known, without waiting for anything */
export function createLiveSnapshots(take: () => Snapshot): LiveSnapshots {
  const listeners = new Set<(live: LiveSnapshot) => void>();
  let revision = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function current(): LiveSnapshot {
    revision += 1;
    return { revision, snapshot: take() };
  }

  function tell(): void {
    timer = null;
    if (listeners.size === 0) return;
    const live = current();
    tellEach(listeners, live);
  }

  return {
    current,
    changed() {
      if (listeners.size > 0) timer ??= setTimeout(tell, COALESCE_MS);
    },
    subscribe(listener) {
      listeners.add(listener);
      listener(current());
      return () => listeners.delete(listener);
    },
    dispose() {
      if (timer !== null) clearTimeout(timer);
      listeners.clear();
    },
  };
}
