import type { KeyProvider } from '../journal/journalKey.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import type { FetchLike } from './boundedFetch.ts';
import { createLease, type LeaseDeps } from './lease.ts';
import { createLockNames } from './lockNames.ts';
import { createOAuthRefresher } from './oauthRefresh.ts';
import { createRefreshAhead, type RefreshAhead, type RefreshAheadDeps } from './refreshAhead.ts';
import { createRefreshJournal } from './refreshJournal.ts';
import type { RefreshLocks } from './refreshLocks.ts';

export interface RefresherDeps extends Omit<RefreshAheadDeps, 'lease' | 'lockNames'> {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly locks: RefreshLocks;
  readonly destinations: LeaseDeps['destinations'];
  /** `bar/refresh` */
  readonly dir: string;
  readonly keys: KeyProvider;
  readonly clock: Clock;
  /** As the engine's. */
  readonly replace: LeaseDeps['replace'];
  /** As the fence's: a lock there keeps nobody from refreshing. */
  readonly disregards: (folder: string, serverKey: string) => boolean;
  readonly fetch?: FetchLike;
}

/** The refresh lease, put together (docs/refresh.md). */
export interface Refresher extends Omit<RefreshAhead, 'dispose'> {
  /**
   * Begins nothing more and waits for what is under way.
   * @param how `abandon`: another engine has taken over, so that nothing is written to any entry
   */
  dispose(how?: 'finish' | 'abandon'): Promise<void>;
}

export function createRefresher(deps: RefresherDeps): Refresher {
  const { store, global, locks, destinations, dir, keys, clock, replace } = deps;
  let ending: 'finish' | 'abandon' | null = null;
  const oauth = createOAuthRefresher({
    now: clock.now,
    ...(deps.fetch && { fetch: deps.fetch }),
  });
  const lockNames = createLockNames();
  const lease = createLease({
    store,
    global,
    locks,
    destinations,
    oauth,
    replace,
    clock,
    journal: createRefreshJournal({ dir, keys, now: clock.now }),
    foldersOf(serverKey) {
      const { places, serversOf } = deps.view();
      return places()
        .filter(({ missionId }) => missionId !== null)
        .filter(({ missionId }) => serversOf(missionId).some(({ key }) => key === serverKey))
        .map(({ folder }) => folder)
        .filter((folder) => !deps.disregards(folder, serverKey));
    },
    isLockOfAnother(folder, serverKey) {
      const before = lockNames.before(serverKey);
      if (before.length === 0) return false;
      const { places, serversOf } = deps.view();
      const place = places().find((each) => each.folder === folder);
      return serversOf(place?.missionId ?? null).some(
        ({ key, status }) => status === 'usable' && before.includes(key),
      );
    },
    takeInAll: (serverKey) => deps.view().takeInAll(serverKey),
    isStopping: () => ending !== null || deps.isPaused(),
    isAbandoned: () => ending === 'abandon',
  });
  const { dispose, ...ahead } = createRefreshAhead({ ...deps, lease, lockNames });

  return {
    ...ahead,
    async dispose(how = 'finish') {
      ending = how;
      oauth.dispose();
      await dispose();
    },
  };
}
