import type { Mission } from '../missions/mission.ts';
import type { Clock } from '../system/clock.ts';
import type { Alerts } from './alerts.ts';
import { createBrake } from './brake.ts';
import { stormAlert } from './stormAlert.ts';

/**
 * Looks at the missions' `pid` files as they change. Each start and each end of a run has its entry, its locks and its
 * wrapper looked at, so one that does so all the time is looked at a few times a second, and told.
 */
export interface PidLooks {
  /** Its file changed. */
  changed(mission: Mission): void;
  forget(id: string): void;
  dispose(): void;
}

/** @param look reads that mission's file, now */
export function createPidLooks(clock: Clock, alerts: Alerts, look: (id: string) => void): PidLooks {
  const brake = createBrake({
    clock,
    // The reconciles that follow from it have a brake of their own.
    costMs: () => 0,
    onDue: (ids) => ids.forEach(look),
    onStorm(id, goesOn) {
      const text = stormAlert(id, `Mission "${id}" starts and ends many times a second`);
      alerts.set(`restarts-${id}`, goesOn ? text : null);
    },
  });
  return {
    changed({ id }) {
      if (brake.allows(id)) look(id);
    },
    forget: brake.forget,
    dispose: brake.dispose,
  };
}
