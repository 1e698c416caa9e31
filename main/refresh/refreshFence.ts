import { join } from 'node:path';
import type { ServerSummary } from '../credentials/serverState.ts';
import type { EngineEvent, RefreshStory } from '../sync/events.ts';
import type { Clock } from '../system/clock.ts';
import { namesIn } from '../system/leftovers.ts';
import {
  type FenceEffect,
  type FenceInput,
  type FenceOutcome,
  type FenceState,
  fenceStep,
  isOver,
  NO_FENCE,
} from './fence.ts';
import {
  isClientLock,
  REFRESH_LOCK_PREFIX,
  type RefreshLocks,
  refreshLockName,
} from './refreshLocks.ts';

/** A credential directory that takes part: the global one (`missionId: null`), or a running mission's. */
export interface RefreshPlace {
  readonly missionId: string | null;
  readonly folder: string;
}

/** Keeps all others from refreshing a token while one client does. */
export interface RefreshFence {
  /** Something happened to a refresh lock in a credential directory; `null`: to any of them. */
  look(folder: string, name: string | null): void;
  /** What the engine reports is how a fence learns who started, who stopped, and who received what. */
  onEvent(event: EngineEvent): void;
  /** Paused, it lets go of everything and fences nothing. */
  setPaused(paused: boolean): void;
  dispose(): void;
}

/** What a fence must know of the engine. */
export interface RefreshView {
  /** The global directory and those of all running missions. */
  readonly places: () => readonly RefreshPlace[];
  /** The servers of an entry, as last seen. */
  readonly serversOf: (missionId: string | null) => readonly ServerSummary[];
  /** The digest of a server's value on which a place and the others last agreed. */
  readonly digestOf: (missionId: string | null, serverKey: string) => string | null;
  /** Looks at an entry and resolves when all that follows from it is everywhere. */
  readonly takeIn: (missionId: string | null) => Promise<void>;
}

export interface RefreshFenceDeps {
  readonly locks: RefreshLocks;
  readonly clock: Clock;
  readonly isEnabled: () => boolean;
  readonly view: () => RefreshView;
  readonly tell: (story: RefreshStory) => void;
}

/**
 * A client refreshes what has less than 300 s left, and takes the lock for nothing else but a sign-out. A
 * lock over a fresher token is that of a client that has waited, and is about to find just that.
 */
const DUE_MS = 310_000;

/** One server's fence, and what is known of those who are at it. */
interface Fence {
  state: FenceState;
  readonly places: Map<string, RefreshPlace>;
  readonly stories: Map<string, OpenStory>;
  cancelWake: (() => void) | null;
}

interface OpenStory {
  readonly server: string;
  readonly from: string | null;
  readonly receivers: { missionId: string | null; durationMs: number }[];
  /** The mission whose value went up, as the engine saw it. */
  source: string | null;
}

export function createRefreshFence(deps: RefreshFenceDeps): RefreshFence {
  const { locks, clock } = deps;
  const fences = new Map<string, Fence>();
  let paused = false;

  function fenceOf(key: string): Fence {
    let fence = fences.get(key);
    if (fence === undefined) {
      fence = { state: NO_FENCE, places: new Map(), stories: new Map(), cancelWake: null };
      fences.set(key, fence);
    }
    return fence;
  }

  /** Makes the step, does what follows from it, and what follows from that. */
  function feed(key: string, input: FenceInput): void {
    const fence = fenceOf(key);
    const { state, effects } = fenceStep(fence.state, input, clock.monotonic());
    fence.state = state;
    for (const effect of effects) carryOut(key, fence, effect);
    if (isOver(fence.state, clock.monotonic())) {
      fence.cancelWake?.();
      fences.delete(key);
    }
  }

  function carryOut(key: string, fence: Fence, effect: FenceEffect): void {
    switch (effect.kind) {
      case 'take': {
        const results = locks.takeAll(effect.places, key, 'fence');
        const places = effect.places.filter((_, index) => results[index] === 'taken');
        feed(key, { kind: 'taken', places });
        return;
      }
      case 'release':
        locks.releaseAll(effect.places, key);
        return;
      case 'settle':
        void settle(key, fence, effect.place);
        return;
      case 'wake':
        fence.cancelWake?.();
        fence.cancelWake = clock.after(effect.delayMs, () => feed(key, { kind: 'woken' }));
        return;
      case 'tell':
        tell(key, fence, effect.place, effect.outcome);
    }
  }

  async function settle(key: string, fence: Fence, folder: string): Promise<void> {
    const missionId = fence.places.get(folder)?.missionId ?? null;
    try {
      await deps.view().takeIn(missionId);
    } catch {
      // A store that cannot be looked at now: the engine says so itself, and nobody gains by waiting.
    }
    const before = fence.stories.get(folder)?.from ?? null;
    const changed = deps.view().digestOf(missionId, key) !== before;
    if (fences.get(key) === fence) feed(key, { kind: 'settled', place: folder, changed });
  }

  function tell(key: string, fence: Fence, folder: string, outcome: FenceOutcome): void {
    const story = fence.stories.get(folder);
    if (story === undefined) return;
    if (outcome !== 'timeout') fence.stories.delete(folder);
    const missionId = fence.places.get(folder)?.missionId ?? null;
    const to = outcome === 'changed' ? deps.view().digestOf(missionId, key) : null;
    // A sign-out goes by the same lock.
    if (outcome === 'changed' && to === null) return;
    // It got what another one refreshed: that one's story.
    if (outcome === 'changed' && (story.source ?? missionId) !== missionId) return;
    const state = deps
      .view()
      .serversOf(missionId)
      .find((server) => server.key === key);
    deps.tell({
      server: story.server,
      key,
      by: 'client',
      missionId,
      from: short(story.from),
      to: short(to),
      receivers:
        to === null
          ? []
          : story.receivers.filter(({ missionId: id }) => deps.view().digestOf(id, key) === to),
      outcome:
        outcome === 'changed'
          ? 'refreshed'
          : state?.status === 'invalidated'
            ? 'rejected'
            : outcome,
    });
  }

  /** A lock of a client's: whose is it, and does it matter? */
  function onLocked(folder: string, name: string): void {
    if (paused || !deps.isEnabled()) return;
    const places = deps.view().places();
    const place = places.find((each) => each.folder === folder);
    if (place === undefined) return;
    // "a-b" and "a_b" at one address share a lock: then it is about the one that is due.
    const server = usableServers(place).find(
      (each) => refreshLockName(each.key) === name && isDue(each, clock.now()),
    );
    if (server === undefined) return;
    const { key } = server;
    const others = places.filter(
      (other) => other !== place && usableServers(other).some((each) => each.key === key),
    );
    const fence = fenceOf(key);
    if (!fence.stories.has(folder)) {
      const from = deps.view().digestOf(place.missionId, key);
      fence.stories.set(folder, { server: server.name, from, receivers: [], source: null });
    }
    for (const each of [place, ...others]) fence.places.set(each.folder, each);
    feed(key, { kind: 'locked', place: folder, others: others.map((other) => other.folder) });
  }

  function usableServers({ missionId }: RefreshPlace): readonly ServerSummary[] {
    return deps
      .view()
      .serversOf(missionId)
      .filter(({ status }) => status === 'usable');
  }

  function lookAt(folder: string, name: string): void {
    if (isClientLock(join(folder, name))) {
      onLocked(folder, name);
      return;
    }
    for (const [key, { state }] of [...fences]) {
      const isIn = state.clients.has(folder) || state.held.has(folder);
      if (!isIn || refreshLockName(key) !== name || locks.isOurs(folder, key)) continue;
      feed(key, { kind: 'unlocked', place: folder });
    }
  }

  function onMission(missionId: string, change: 'started' | 'stopped'): void {
    for (const [key, fence] of [...fences]) {
      const now = change === 'started' ? deps.view().places() : [...fence.places.values()];
      const place = now.find((each) => each.missionId === missionId);
      if (place === undefined) continue;
      fence.places.set(place.folder, place);
      feed(key, { kind: change, place: place.folder });
    }
  }

  function onSync({ direction, missionId, servers, durationMs }: SyncEvent): void {
    for (const fence of fences.values()) {
      for (const story of fence.stories.values()) {
        if (!servers.includes(story.server)) continue;
        if (direction === 'up') story.source = missionId;
        story.receivers.push({ missionId: direction === 'up' ? null : missionId, durationMs });
      }
    }
  }

  function letAllGo(): void {
    for (const key of [...fences.keys()]) feed(key, { kind: 'off' });
    for (const fence of fences.values()) fence.cancelWake?.();
    fences.clear();
  }

  function setPaused(next: boolean): void {
    paused = next;
    if (paused) letAllGo();
  }

  return {
    look(folder, name) {
      if (name !== null) lookAt(folder, name);
      else {
        const isLock = (each: string): boolean => each.startsWith(REFRESH_LOCK_PREFIX);
        for (const each of namesIn(folder).filter(isLock)) lookAt(folder, each);
      }
    },

    onEvent(event) {
      if (fences.size === 0) return;
      if (event.event === 'sync') onSync(event);
      else if (event.event === 'mission' && event.change !== 'added')
        onMission(event.missionId, event.change === 'started' ? 'started' : 'stopped');
    },

    setPaused,
    dispose: () => setPaused(true),
  };
}

type SyncEvent = Extract<EngineEvent, { event: 'sync' }>;

function isDue({ expiresAt }: ServerSummary, now: number): boolean {
  return expiresAt === null || expiresAt - now < DUE_MS;
}

function short(digest: string | null): string | null {
  return digest === null ? null : digest.slice(0, 8);
}
