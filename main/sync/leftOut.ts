import type { Unavailable } from '../stores/store.ts';
import type { LoadedEntry } from './entryView.ts';
import type { MissionOutcome, ReconcileOutcome, Target } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { LoadedMission, Reading } from './reader.ts';

/**
 * The missions of one reconcile whose values the global entry cannot take now, because somebody keeps its
 * lock. All others are reconciled without them.
 */
export interface LeftOut {
  without(targets: readonly Target[]): Target[];
  /**
   * Leaves out whose values would have gone up.
   * @param why the global entry was not written
   * @returns whether that leaves anything to try: not if it is not for what missions hold
   */
  add(reading: Reading, plan: Plan, why: Unavailable): boolean;
  addTo(outcome: ReconcileOutcome): ReconcileOutcome;
}

/** @param outcomeOf what an entry that was only read comes to */
export function createLeftOut(outcomeOf: (loaded: LoadedEntry) => MissionOutcome): LeftOut {
  const left = new Map<string, { readonly target: Target; readonly outcome: MissionOutcome }>();
  let blocked: Unavailable | null = null;

  function leaveOut({ target, loaded }: LoadedMission): void {
    left.set(target.mission.id, { target, outcome: { ...outcomeOf(loaded), status: 'busy' } });
  }

  return {
    without: (targets) => targets.filter(({ mission }) => !left.has(mission.id)),

    add(reading, plan, why) {
      const rising = new Set(plan.missions.flatMap(({ id, up }) => (up.length > 0 ? [id] : [])));
      const theirs = reading.missions.filter(({ target }) => rising.has(target.mission.id));
      if (theirs.length === 0 || why.reason !== 'busy') return false;
      blocked = why;
      for (const each of theirs) leaveOut(each);
      return true;
    },

    addTo: (outcome) => ({
      ...outcome,
      blocked: outcome.blocked ?? blocked,
      targets: [...outcome.targets, ...[...left.values()].map(({ target }) => target)],
      missions: new Map([
        ...outcome.missions,
        ...[...left].map(([id, { outcome: theirs }]) => [id, theirs] as const),
      ]),
    }),
  };
}
