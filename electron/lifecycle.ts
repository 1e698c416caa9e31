import type { App } from 'electron';

/** The engine writes every running mission back; a disk that hangs must not hold up a logout. */
const QUIT_DEADLINE_MS = 5_000;

/**
 * Quit waits for what has to be finished, but not for ever. Signals are a quit like any other.
 * @param finish resolves when everything is written
 */
export function joinShutdown(app: App, finish: () => Promise<void>): void {
  let state: 'running' | 'finishing' | 'finished' = 'running';
  app.on('before-quit', (event) => {
    if (state === 'finished') return;
    event.preventDefault();
    if (state === 'finishing') return;
    state = 'finishing';
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, QUIT_DEADLINE_MS));
    void Promise.race([finish(), deadline])
      .catch((error: unknown) => process.emitWarning(String(error)))
      .then(() => {
        state = 'finished';
        app.quit();
      });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => app.quit());
}
