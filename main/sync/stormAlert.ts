import { sep } from 'node:path';
import type { MissionRegistry } from '../missions/registry.ts';
import type { Alerts } from './alerts.ts';
import type { AlertText } from './events.ts';

/** What is told of something that happens again and again, for seconds on end. @param does who does what · @param how more about it */
export function stormAlert(
  missionId: string | null,
  does: string,
  how = '',
): Omit<AlertText, 'id'> {
  const message = `${does}, for seconds on end, as no Claude does${how}. It is looked at about once a second until that ends, and all others go on as before. Look at what runs there, and stop it.`;
  return { kind: 'hostile', missionId, servers: [], message };
}

/** Tells whose folder changes so often that it is not listened to for a while (see `pathWatcher.ts`). */
export function createFloodAlert(
  alerts: Pick<Alerts, 'set'>,
  registry: Pick<MissionRegistry, 'all'>,
): (folder: string, goesOn: boolean) => void {
  const flooded = new Set<string>();
  const ownerOf = (folder: string): string | null => {
    const owner = registry.all().find(({ mission }) => {
      const own = mission.folder ?? mission.configDir;
      return folder === own || folder.startsWith(own + sep);
    });
    return owner?.mission.id ?? null;
  };
  return (folder, goesOn) => {
    if (goesOn) flooded.add(folder);
    else flooded.delete(folder);
    const id = ownerOf(folder);
    const others = [...flooded].some((each) => ownerOf(each) === id);
    const who = id === null ? folder : `A folder of mission "${id}"`;
    const text = stormAlert(id, `${who} changes thousands of times a second`);
    alerts.set(`flood-${id ?? 'other'}`, others ? text : null);
  };
}
