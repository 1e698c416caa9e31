import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { useOfState } from '../state/appState.ts';
import { useAsked } from '../state/runs.ts';
import { type MissionStatus, statusOf } from './words.ts';

/** How a mission stands, kept up to date. */
export function useStatus(mission: MissionMessage): MissionStatus {
  const { id, inSync } = mission;
  // Only what differs looks whether something is under way: the others stay as they are.
  const busy = useOfState(
    (state) => !inSync && (state?.snapshot?.activity.busy === true || state?.resyncing !== null),
  );
  return statusOf(mission, busy, useAsked(id));
}
