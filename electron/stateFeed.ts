import type { AppState } from '../main/service/contract/app.ts';

/** The state of the app as it changes. Changes that come together are one. */
export interface StateFeed {
  current(): AppState;
  changed(): void;
  dispose(): void;
}

export interface StateFeedDeps {
  /** Makes a state but for its revision. */
  readonly take: () => Omit<AppState, 'revision'>;
  readonly onState: (state: AppState) => void;
  /** Somebody looks: then every change counts at once. */
  readonly isWatched: () => boolean;
}

/** The icon in the menu bar need not follow every sign-in of a storm. */
const UNWATCHED_MS = 250;

export function createStateFeed({ take, onState, isWatched }: StateFeedDeps): StateFeed {
  let revision = 0;
  let pending: ReturnType<typeof setTimeout> | null = null;

  function current(): AppState {
    revision += 1;
    return { revision, ...take() };
  }

  return {
    current,
    changed() {
      pending ??= setTimeout(
        () => {
          pending = null;
          onState(current());
        },
        isWatched() ? 0 : UNWATCHED_MS,
      );
    },
    dispose() {
      if (pending !== null) clearTimeout(pending);
    },
  };
}
