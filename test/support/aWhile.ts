import { setTimeout as sleep } from 'node:timers/promises';

/** Twenty times what a sync takes. */
const A_WHILE_MS = 300;

/**
 * Waits for what must not happen, where nothing else tells that it would have happened by now. A test that does so
 * can pass wrongly where the machine is slow, but never fails by chance.
 */
export async function aWhile(): Promise<void> {
  await sleep(A_WHILE_MS);
}
