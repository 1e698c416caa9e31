import type { EngineEvent, RefreshStory } from '../sync/events.ts';
import type { FenceOutcome } from './fence.ts';
import type { RefreshPlace, RefreshView } from './refreshPlace.ts';

type SyncEvent = Extract<EngineEvent, { event: 'sync' }>;

/** Tells each refresh of a client as one story, at its end: who, what became of it, who received it. */
export interface RefreshStories {
  /** A client is at it. A story that is open already goes on. */
  begin(place: RefreshPlace, server: { readonly key: string; readonly name: string }): void;
  /** The digest of the value that it began with. */
  from(place: RefreshPlace, serverKey: string): string | null;
  /** What the engine carries meanwhile may be part of it. */
  onSync(event: SyncEvent): void;
  end(place: RefreshPlace, serverKey: string, outcome: FenceOutcome): void;
  clear(): void;
}

interface OpenStory {
  readonly server: string;
  readonly from: string | null;
  readonly receivers: { missionId: string | null; durationMs: number }[];
  /** The mission whose value went up last, if any did. */
  source: string | null;
}

export function createRefreshStories(deps: {
  readonly view: () => RefreshView;
  readonly tell: (story: RefreshStory) => void;
}): RefreshStories {
  const open = new Map<string, OpenStory>();
  const idOf = ({ folder }: RefreshPlace, serverKey: string): string => `${serverKey}\0${folder}`;

  return {
    begin(place, { key, name }) {
      const id = idOf(place, key);
      if (open.has(id)) return;
      const from = deps.view().digestOf(place.missionId, key);
      open.set(id, { server: name, from, receivers: [], source: null });
    },

    from: (place, key) => open.get(idOf(place, key))?.from ?? null,

    onSync({ direction, missionId, servers, durationMs }) {
      for (const story of open.values()) {
        if (!servers.includes(story.server)) continue;
        if (direction === 'up') story.source = missionId;
        story.receivers.push({ missionId: direction === 'up' ? null : missionId, durationMs });
      }
    },

    end(place, key, outcome) {
      const id = idOf(place, key);
      const story = open.get(id);
      if (story === undefined) return;
      // One that took too long still comes to an end.
      if (outcome !== 'timeout') open.delete(id);
      const { missionId } = place;
      const base = { server: story.server, key, by: 'client', missionId } as const;
      const from = short(story.from);
      if (outcome !== 'changed') {
        const isRejected = outcome === 'unchanged' && statusOf(missionId, key) === 'invalidated';
        deps.tell({
          ...base,
          from,
          to: null,
          receivers: [],
          outcome: isRejected ? 'rejected' : outcome,
        });
        return;
      }
      const to = deps.view().digestOf(missionId, key);
      // A sign-out goes by the same lock; and what another client got is that one's story.
      if (to === null || (story.source ?? missionId) !== missionId) return;
      const receivers = story.receivers.filter(
        (receiver) => deps.view().digestOf(receiver.missionId, key) === to,
      );
      deps.tell({ ...base, from, to: short(to), receivers, outcome: 'refreshed' });
    },

    clear: () => open.clear(),
  };

  function statusOf(missionId: string | null, key: string): string | undefined {
    return deps
      .view()
      .serversOf(missionId)
      .find((server) => server.key === key)?.status;
  }
}

function short(digest: string | null): string | null {
  return digest === null ? null : digest.slice(0, 8);
}
