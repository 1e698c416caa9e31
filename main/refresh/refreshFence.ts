import { basename, dirname, join } from 'node:path';
import type { ServerSummary } from '../credentials/serverState.ts';
import type { EngineEvent, RefreshStory } from '../sync/events.ts';
import type { Clock } from '../system/clock.ts';
import {
  type FenceEffect,
  type FenceInput,
  type FenceState,
  fenceStep,
  isOver,
  NO_FENCE,
} from './fence.ts';
import {
  isDisregarded,
  isForgotten,
  isHostile,
  lockGone,
  lockTaken,
  mayFence,
  NEW_STANDING,
  othersWaited,
  refreshEnded,
  type Standing,
} from './fenceStanding.ts';
import { createLockLooks } from './lockLooks.ts';
import { type RefreshLocks, refreshLockName } from './refreshLocks.ts';
import type { RefreshPlace, RefreshView } from './refreshPlace.ts';
import { createRefreshStories } from './refreshStories.ts';

/** Keeps all others from refreshing a token while one client does. */
export interface RefreshFence {
  /** Something happened to a refresh lock in a credential directory; `null`: to any of them. */
  look(folder: string, name: string | null): void;
  /** What the engine reports is how a fence learns who started, who stopped, and who received what. */
  onEvent(event: EngineEvent): void;
  /** Whether a client's lock there is none that a refresh would wait for: it is held or made too much. */
  disregards(folder: string, serverKey: string): boolean;
  /** Paused, it lets go of everything and fences nothing. */
  setPaused(paused: boolean): void;
  dispose(): void;
}

export interface RefreshFenceDeps {
  readonly locks: RefreshLocks;
  readonly clock: Clock;
  readonly isEnabled: () => boolean;
  readonly view: () => RefreshView;
  readonly tell: (story: RefreshStory) => void;
  /**
   * A mission does what no client does. Told once for each run of it.
   * @param what for people, as the end of "Mission x …"; `null`: it has stopped
   */
  readonly onHostile: (missionId: string, what: string | null) => void;
}

/**
 * A client refreshes what has less than 300 s left; it takes the lock for little else. A lock over a
 * fresher token is that of a client that has waited, and is about to find just that.
 */
const DUE_MS = 310_000;

/** One server's fence. */
interface Fence {
  state: FenceState;
  /** All that have to do with it, by their folder. */
  readonly places: Map<string, RefreshPlace>;
  cancelWake: (() => void) | null;
  /** For whom it is up, and since when (monotonic ms). */
  up: { readonly place: string; readonly since: number } | null;
}

/** Of one folder, in a look at all of them: more than that no client makes. */
const MOST_LOCKS = 1_000;
/** How many standings may be kept before those are dropped that say nothing any more. */
const MANY_STANDINGS = 256;

export function createRefreshFence(deps: RefreshFenceDeps): RefreshFence {
  const { locks, clock } = deps;
  const stories = createRefreshStories(deps);
  const fences = new Map<string, Fence>();
  /** Locks that nobody saw being taken: which token their clients began with is not known. */
  const inherited = new Set<string>();
  /** By the path of the lock. */
  const standings = new Map<string, Standing>();
  /** Missions that are known to be hostile. */
  const told = new Set<string>();
  const looks = createLockLooks(clock, lookAt);
  let paused = false;

  const pathOf = (folder: string, key: string): string => join(folder, refreshLockName(key));
  const standingOf = (path: string): Standing => standings.get(path) ?? NEW_STANDING;

  function stand(path: string, change: (standing: Standing, now: number) => Standing): Standing {
    const now = clock.monotonic();
    const next = change(standingOf(path), now);
    if (!standings.has(path) && standings.size >= MANY_STANDINGS)
      for (const [each, standing] of standings)
        if (isForgotten(standing, now)) standings.delete(each);
    standings.set(path, next);
    return next;
  }

  function fenceOf(key: string): Fence {
    let fence = fences.get(key);
    if (fence === undefined) {
      fence = { state: NO_FENCE, places: new Map(), cancelWake: null, up: null };
      fences.set(key, fence);
    }
    return fence;
  }

  /** Makes the step, and does what follows from it. */
  function feed(key: string, fence: Fence, input: FenceInput): void {
    const now = clock.monotonic();
    const { state, effects } = fenceStep(fence.state, input, now);
    fence.state = state;
    if (state.until !== null && fence.up === null && 'place' in input)
      fence.up = { place: input.place, since: now };
    if (state.until === null && fence.up !== null) {
      const { place, since } = fence.up;
      fence.up = null;
      stand(pathOf(place, key), (standing) => othersWaited(standing, now - since, now));
    }
    for (const effect of effects) carryOut(key, fence, effect);
    if (isOver(fence.state, clock.monotonic())) forget(key, fence);
  }

  function forget(key: string, fence: Fence): void {
    fence.cancelWake?.();
    fences.delete(key);
  }

  function carryOut(key: string, fence: Fence, effect: FenceEffect): void {
    switch (effect.kind) {
      case 'take': {
        const results = locks.takeAll(effect.places, key, 'fence');
        const places = effect.places.filter((_, index) => results[index] === 'taken');
        feed(key, fence, { kind: 'taken', places });
        return;
      }
      case 'release':
        locks.releaseAll(effect.places, key);
        return;
      case 'wake':
        fence.cancelWake?.();
        fence.cancelWake = clock.after(effect.delayMs, () => feed(key, fence, { kind: 'woken' }));
        return;
      case 'settle':
        void settle(key, fence, effect.place);
        return;
      case 'tell':
        stories.end(placeIn(fence, effect.place), key, effect.outcome);
    }
  }

  async function settle(key: string, fence: Fence, folder: string): Promise<void> {
    const place = placeIn(fence, folder);
    const hasChanged = (): boolean =>
      deps.view().digestOf(place.missionId, key) !== stories.from(place, key);
    try {
      await deps.view().takeIn(place.missionId);
      // What was rejected is the token that it began with; by now there is another one's newer, or may be.
      const isOlder = hasChanged() || inherited.has(pathOf(folder, key));
      if (isOlder && isInvalidated(place, key)) await deps.view().heal(place.missionId);
    } catch {
      // A store that cannot be looked at now: the engine says so itself, and nobody gains by waiting.
    }
    inherited.delete(pathOf(folder, key));
    // Paused meanwhile, everything was let go.
    if (fences.get(key) !== fence) return;
    const tokens = tokensNamed(refreshLockName(key));
    stand(pathOf(folder, key), (standing, now) => refreshEnded(standing, tokens, now));
    feed(key, fence, { kind: 'settled', place: folder, changed: hasChanged() });
  }

  /** A client's lock is there: is there anybody whom that concerns? */
  function onLocked(folder: string, name: string): void {
    if (paused || !deps.isEnabled()) return;
    const places = deps.view().places();
    const place = places.find((each) => each.folder === folder);
    if (place === undefined) return;
    const namedSo = usableServers(place).filter((each) => refreshLockName(each.key) === name);
    // "a-b" and "a_b" at one address share a lock: then it is about the one that is due.
    const due = namedSo.find((each) => isDue(each, clock.now()));
    const server = due ?? namedSo[0];
    if (server === undefined) return;
    const standing = countLock(place, server, join(folder, name));
    if (due === undefined || !mayFence(standing, clock.monotonic())) return;
    const { key } = server;
    const others = places.filter(
      (other) => other !== place && usableServers(other).some((each) => each.key === key),
    );
    const fence = fenceOf(key);
    for (const each of [place, ...others]) fence.places.set(each.folder, each);
    stories.begin(place, server);
    feed(key, fence, { kind: 'locked', place: folder, others: others.map((each) => each.folder) });
  }

  /** Notes a lock that is new, and says so once if there are too many of them. */
  function countLock({ missionId }: RefreshPlace, { name }: ServerSummary, path: string): Standing {
    const known = standingOf(path);
    // A client touches its lock now and then.
    if (known.lockedAt !== null) return known;
    const tokens = tokensNamed(basename(path));
    const standing = stand(path, (each, now) => lockTaken(each, tokens, now));
    if (missionId !== null && isHostile(standing) && !told.has(missionId)) {
      told.add(missionId);
      deps.onHostile(missionId, `takes the refresh lock of "${name}" all the time for no refresh`);
    }
    return standing;
  }

  /** Names the tokens that all have of the servers whose lock is called so. */
  function tokensNamed(name: string): string {
    const servers = deps.view().serversOf(null);
    return servers
      .flatMap((each) => (refreshLockName(each.key) === name ? [each.tokens] : []))
      .join();
  }

  function isInvalidated({ missionId }: RefreshPlace, key: string): boolean {
    const servers = deps.view().serversOf(missionId);
    return servers.some((each) => each.key === key && each.status === 'invalidated');
  }

  function usableServers({ missionId }: RefreshPlace): readonly ServerSummary[] {
    return deps
      .view()
      .serversOf(missionId)
      .filter(({ status }) => status === 'usable');
  }

  function lookAt(folder: string, name: string): void {
    if (locks.isClientLock(join(folder, name))) {
      onLocked(folder, name);
      return;
    }
    if (standings.has(join(folder, name))) stand(join(folder, name), lockGone);
    const isConcerned = (key: string, { clients, held }: FenceState): boolean =>
      refreshLockName(key) === name && (clients.has(folder) || held.has(folder));
    const concerned = [...fences].filter(([key, { state }]) => isConcerned(key, state));
    // The next one that is taken there is a new one.
    if (concerned.length === 0) inherited.delete(join(folder, name));
    for (const [key, fence] of concerned) {
      // Our own, made or touched just now.
      if (!locks.isOurs(folder, key)) feed(key, fence, { kind: 'unlocked', place: folder });
    }
  }

  function onMission(missionId: string, kind: 'started' | 'stopped'): void {
    if (kind === 'stopped' && told.delete(missionId)) deps.onHostile(missionId, null);
    for (const [key, fence] of [...fences]) {
      const places = kind === 'started' ? deps.view().places() : [...fence.places.values()];
      const place = places.find((each) => each.missionId === missionId);
      if (place === undefined) continue;
      fence.places.set(place.folder, place);
      feed(key, fence, { kind, place: place.folder });
    }
  }

  function setPaused(next: boolean): void {
    paused = next;
    if (!paused) return;
    for (const [key, fence] of [...fences]) {
      feed(key, fence, { kind: 'off' });
      forget(key, fence);
    }
    stories.clear();
    inherited.clear();
  }

  return {
    look(folder, name) {
      if (name !== null) {
        looks.look(folder, name);
        return;
      }
      // Those of an earlier look may be gone by now.
      for (const path of inherited) if (dirname(path) === folder) inherited.delete(path);
      for (const each of locks.namesIn(folder).slice(0, MOST_LOCKS)) {
        const path = join(folder, each);
        if (locks.isClientLock(path)) inherited.add(path);
        lookAt(folder, each);
      }
    },

    disregards(folder, key) {
      return isDisregarded(standingOf(pathOf(folder, key)), clock.monotonic());
    },

    onEvent(event) {
      if (event.event === 'sync') stories.onSync(event);
      else if (event.event === 'mission' && event.change === 'started')
        onMission(event.missionId, 'started');
      else if (event.event === 'mission' && event.change !== 'added')
        onMission(event.missionId, 'stopped');
    },

    setPaused,
    dispose() {
      looks.dispose();
      setPaused(true);
    },
  };
}

function placeIn(fence: Fence, folder: string): RefreshPlace {
  return fence.places.get(folder) ?? { missionId: null, folder };
}

function isDue({ expiresAt }: ServerSummary, now: number): boolean {
  return expiresAt === null || expiresAt - now < DUE_MS;
}
