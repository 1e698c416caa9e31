import { setTimeout as sleep } from 'node:timers/promises';

/** Far longer than anything takes; only a failing test waits for it. */
export const PATIENCE_MS = 20_000;
const LOOK_MS = 5;
/** Who has waited for so long need not look as often: that would take the processor from those it waits for. */
const SOON_MS = 300;
const LATER_LOOK_MS = 20;

/**
 * Waits until something holds.
 * @param what the expectation in the words of the design; the failure says it
 * @param holds looked at again and again; what it throws counts as "not yet", and is shown in the end
 */
export async function until(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const from = performance.now();
  const deadline = from + patienceMs;
  for (;;) {
    let thrown: unknown;
    try {
      if (await holds()) return;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() > deadline) {
      const text = typeof what === 'string' ? what : what();
      throw new Error(`Expected within ${patienceMs / 1000} s: ${text}`, { cause: thrown });
    }
    await sleep(performance.now() - from < SOON_MS ? LOOK_MS : LATER_LOOK_MS);
  }
}
