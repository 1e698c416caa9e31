import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../system/clock.ts';
import type { ReconcileOutcome, ReconcileRequest } from './outcome.ts';
import { unavailableError } from './report.ts';

/** A command that needs the global entry written waits this long for somebody who keeps its lock. */
const GLOBAL_PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 5;
const LAST_PAUSE_MS = 250;

/**
 * Tries a command's reconcile again while a lock that it needs is kept. Nobody else waits meanwhile.
 * @param attempt one reconcile, alone
 * @param patienceMs how long for the targets' own locks
 * @returns what came of all attempts together; targets may still be `busy`
 * @throws UserError if the global entry could not be used, for that long where it is only busy
 */
export async function tryWhileBusy(
  request: () => ReconcileRequest,
  attempt: (request: ReconcileRequest) => Promise<ReconcileOutcome>,
  patienceMs: number,
  clock: Clock,
): Promise<ReconcileOutcome> {
  const from = clock.monotonic();
  let all: ReconcileOutcome | null = null;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    const next = request();
    // Who is done need not be done again.
    const targets = next.targets.filter(({ mission }) => isOpen(all, mission.id));
    const outcome = await attempt(all === null ? next : { ...next, targets });
    all = all === null ? outcome : merged(all, outcome);
    const passed = clock.monotonic() - from;
    const blocked = blockedFor(next, all);
    if (blocked !== null && (blocked.reason !== 'busy' || passed > GLOBAL_PATIENCE_MS))
      throw unavailableError('The global entry', blocked);
    const busy = targets.some(({ mission }) => all?.missions.get(mission.id)?.status === 'busy');
    if (blocked === null && (!busy || passed >= patienceMs)) return all;
    // Not the clock's own timer: without an engine nothing else keeps the process alive.
    await sleep(pauseMs);
  }
}

function isOpen(all: ReconcileOutcome | null, id: string): boolean {
  const status = all?.missions.get(id)?.status;
  return status === undefined || status === 'busy';
}

/** Why the command could not be carried out, if the global entry is why. */
function blockedFor(
  { targets, edits, globalAnswer, globalTampering }: ReconcileRequest,
  { blocked, missions }: ReconcileOutcome,
): ReconcileOutcome['blocked'] {
  const isAboutGlobal = [edits, globalAnswer, globalTampering].some((each) => each !== undefined);
  if (blocked?.reason !== 'busy' || isAboutGlobal) return blocked;
  // For those who do not need it written, all was done.
  const all = targets.every(({ mission }) => missions.get(mission.id)?.status === 'busy');
  return targets.length > 0 && all ? blocked : null;
}

function merged(first: ReconcileOutcome, then: ReconcileOutcome): ReconcileOutcome {
  const missions = new Map(first.missions);
  for (const [id, outcome] of then.missions) {
    const before = missions.get(id);
    if (before === undefined) missions.set(id, outcome);
    else
      missions.set(id, {
        ...outcome,
        up: [...new Set([...before.up, ...outcome.up])],
        down: [...new Set([...before.down, ...outcome.down])],
        durationMs: outcome.durationMs ?? before.durationMs,
      });
  }
  const { global } = then;
  return {
    ...then,
    missions,
    answered: first.answered || then.answered,
    global: {
      ...global,
      changed: first.global.changed || global.changed,
      durationMs: global.durationMs ?? first.global.durationMs,
    },
  };
}
