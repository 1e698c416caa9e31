import type { EntryView } from './entryView.ts';
import type { MissionOutcome } from './outcome.ts';

type Readable = Extract<EntryView, { status: 'found' | 'absent' }>;
type Trouble = Exclude<EntryView, Readable>;

/** An entry as last seen: what it was when it could be read, and why it cannot be read now, if so. */
export interface SeenEntry {
  readonly view: Readable | null;
  /** When `view` was read, ms since the epoch. */
  readonly seenAt: number | null;
  readonly trouble: Trouble | null;
}

export interface SeenMission extends SeenEntry {
  readonly held: readonly string[];
  /** The hash of the global entry that it was in sync with; `undefined`: it was not. */
  readonly syncedWith: string | null | undefined;
  /** What the store said of it then. */
  readonly stamp: string | null;
}

const NEVER: SeenEntry = { view: null, seenAt: null, trouble: null };

/** What is known of every entry without reading any: unavailable is never shown as absent. */
export interface Seen {
  readonly global: () => SeenEntry;
  mission(id: string): SeenMission | undefined;
  noteGlobal(view: EntryView): void;
  noteMission(
    id: string,
    outcome: Pick<MissionOutcome, 'view' | 'held' | 'stamp'>,
    inSync: boolean,
  ): void;
  /** Whether it was in sync when last seen, and the global entry is still the same. */
  isInSync(id: string): boolean;
  forget(id: string): void;
}

export function createSeen(now: () => number): Seen {
  const missions = new Map<string, SeenMission>();
  let global: SeenEntry = NEVER;
  const globalHash = (): string | null => hashOf(global);

  return {
    global: () => global,
    mission: (id) => missions.get(id),

    noteGlobal(view) {
      global = seen(view, global, now());
    },

    noteMission(id, { view, held, stamp }, inSync) {
      const entry = seen(view, missions.get(id) ?? NEVER, now());
      missions.set(id, { ...entry, held, stamp, syncedWith: inSync ? globalHash() : undefined });
    },

    isInSync(id) {
      const mission = missions.get(id);
      return mission !== undefined && mission.syncedWith === globalHash();
    },

    forget: (id) => missions.delete(id),
  };
}

/** An entry seen now; what was known of it before stays where it cannot be read. */
export function seen(view: EntryView, before: SeenEntry, at: number): SeenEntry {
  if (view.status === 'found' || view.status === 'absent')
    return { view, seenAt: at, trouble: null };
  return { ...before, trouble: view };
}

/** An entry that was just read, with no memory of what it was before. */
export function seenNow(view: EntryView, at: number): SeenEntry {
  return seen(view, NEVER, at);
}

/** The credential hash, or `null` where there is no entry. */
export function hashOf({ view }: SeenEntry): string | null {
  return view?.status === 'found' ? view.hash : null;
}
