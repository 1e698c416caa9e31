import { setTimeout as sleep } from 'node:timers/promises';

/** Twenty times what a sync takes. */
const A_WHILE_MS = 300;

/**
 * Waits for what must not happen, where nothing else tells that it would have happened by now. A test that does so
 * can pass wrongly where the machine is slow, but never fails by chance.
 * @param ms more where what must not happen has a delay of its own
 */
export async function aWhile(ms = A_WHILE_MS): Promise<void> {
  await sleep(ms);
}
