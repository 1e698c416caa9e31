import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from 'electron';
import { REFRESH_LIMIT_MS } from '../main/refresh/oauthRefresh.ts';

/** The engine writes every running mission back; a disk that hangs must not hold up a logout. */
const QUIT_DEADLINE_MS = 5_000;
/** A refresh token that was sent is spent: its answer is waited for, as long as it may take, and carried. */
const REFRESH_DEADLINE_MS = REFRESH_LIMIT_MS + QUIT_DEADLINE_MS;

/** What a quit waits for. */
export interface Shutdown {
  /** Resolves when everything is written. */
  readonly finish: () => Promise<void>;
  /** Whether a refresh is under way. */
  readonly isRefreshing: () => boolean;
}

/** Quit waits for what has to be finished, but not for ever. Signals are a quit like any other. */
export function joinShutdown(app: App, { finish, isRefreshing }: Shutdown): void {
  let state: 'running' | 'finishing' | 'finished' = 'running';

  async function deadline(): Promise<void> {
    await sleep(QUIT_DEADLINE_MS);
    if (isRefreshing()) await sleep(REFRESH_DEADLINE_MS - QUIT_DEADLINE_MS);
  }

  app.on('before-quit', (event) => {
    if (state === 'finished') return;
    event.preventDefault();
    if (state === 'finishing') return;
    state = 'finishing';
    void Promise.race([finish(), deadline()])
      .catch((error: unknown) => process.emitWarning(String(error)))
      .then(() => {
        state = 'finished';
        app.quit();
      });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => app.quit());
}
