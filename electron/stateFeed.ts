import type { AppState } from '../main/service/contract/app.ts';

/** The state of the app as it changes. Changes that come together are one. */
export interface StateFeed {
  current(): AppState;
  changed(): void;
  dispose(): void;
}

/** @param take makes a state but for its revision · @param onState is told each new one */
export function createStateFeed(
  take: () => Omit<AppState, 'revision'>,
  onState: (state: AppState) => void,
): StateFeed {
  let revision = 0;
  let pending: NodeJS.Immediate | null = null;

  function current(): AppState {
    revision += 1;
    return { revision, ...take() };
  }

  return {
    current,
    changed() {
      pending ??= setImmediate(() => {
        pending = null;
        onState(current());
      });
    },
    dispose() {
      if (pending !== null) clearImmediate(pending);
    },
  };
}
