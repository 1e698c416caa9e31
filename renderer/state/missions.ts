import { useSyncExternalStore } from 'react';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { appState, onAppState } from './appState.ts';

// Lists keep their identity while nothing in them changes, so each is looked through once.
const byList = new WeakMap<readonly MissionMessage[], ReadonlyMap<string, MissionMessage>>();

/** A mission as it is now; `null` once it is gone. */
export function missionNow(id: string): MissionMessage | null {
  const missions = appState()?.snapshot?.missions;
  if (missions === undefined) return null;
  const known = byList.get(missions);
  const byId = known ?? new Map(missions.map((mission) => [mission.id, mission]));
  if (known === undefined) byList.set(missions, byId);
  return byId.get(id) ?? null;
}

/** The same, kept up to date; its component renders again only when this mission changes. */
export function useMission(id: string): MissionMessage | null {
  return useSyncExternalStore(onAppState, () => missionNow(id));
}
