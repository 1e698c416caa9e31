import { MAX_FIELD_LENGTH, MAX_SHARED_FIELDS, MAX_SHARED_LENGTH } from '../credentials/limits.ts';
import { calledMission, type Mission } from '../missions/mission.ts';
import type { AlertText } from './events.ts';
import { nameList, type Refused, SOME } from './outcome.ts';

type Called = Pick<Mission, 'id' | 'name'>;

/** What is told of fields of a mission that no client makes so large; `null`: there are none. */
export function tooLargeText(mission: Called, oversized: readonly string[]): string | null {
  if (oversized.length === 0) return null;
  return `${nameList(oversized, SOME)} in mission ${calledMission(mission)} is too large (more than ${MAX_FIELD_LENGTH / 1024} kB, or its name is too long): it is left alone there and not carried, all else is. No sign-in is that large; look into that mission.`;
}

/** What is told where the global entry has no room for what a mission has: whoever it is may have filled it or not. */
export function roomAlert(
  mission: Called,
  { names, isOverfull, largest }: Refused,
): Omit<AlertText, 'id'> {
  const what =
    names.length > 0
      ? `The global entry has no room for ${nameList(names, SOME)} of mission ${calledMission(mission)}: it takes ${MAX_SHARED_FIELDS} servers and other keys and ${MAX_SHARED_LENGTH / 1024} kB, and from one mission no more than it leaves free. All else goes on.`
      : `With what is in the global entry, that of mission ${calledMission(mission)} would become too large, so nothing comes down to it.`;
  const by = largest.map(
    (one) =>
      `"${one.name}" (${one.kilobytes} kB, ${one.by === null ? 'of old' : `from mission "${one.by}"`})`,
  );
  const own =
    isOverfull && names.length > 0
      ? ' Nor does anything come down to it, for the same reason.'
      : '';
  const message = `${what}${own} The largest there: ${by.join(', ')}. Sign out of what is not needed; if one of them is not yours, look into the mission that it came from.`;
  return { kind: 'full', missionId: mission.id, servers: [...names], message };
}
