import type { PowerMonitor } from 'electron';

/** The keychain and the network need a moment after a wake, and many apps want them at once. */
const SETTLE_MS = 1_500;
const STAGGER_MS = 2_500;

/**
 * After sleep, and when the screen (and with it the keychain) is unlocked: one call, however many of
 * these events come together. @returns how to stop
 */
export function onWake(powerMonitor: PowerMonitor, resync: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const soon = (): void => {
    timer ??= setTimeout(
      () => {
        timer = null;
        resync();
      },
      SETTLE_MS + Math.random() * STAGGER_MS,
    );
  };
  const asleep = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  powerMonitor.on('resume', soon);
  powerMonitor.on('unlock-screen', soon);
  powerMonitor.on('suspend', asleep);
  return () => {
    asleep();
    powerMonitor.off('resume', soon);
    powerMonitor.off('unlock-screen', soon);
    powerMonitor.off('suspend', asleep);
  };
}
