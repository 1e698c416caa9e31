import { followEngine } from '../service/client.ts';
import type { EventMessage } from '../service/contract/engine.ts';
import { readSyncLog } from '../service/syncLog.ts';
import type { Context } from './context.ts';
import { eventText } from './format.ts';

/** `agenc-bar log [--follow] [--mission ID]` */
export async function logCommand({ paths, json, options, print }: Context): Promise<undefined> {
  const wanted = options.mission;
  const show = (event: EventMessage): void => {
    if (typeof wanted === 'string' && !concerns(event, wanted)) return;
    print(json ? JSON.stringify(event) : `${event.at.slice(0, 10)} ${eventText(event)}`);
  };
  // Joined before the log is read, so that nothing falls between the two.
  const live = options.follow === true ? await followEngine(paths.engineSocket) : null;
  const shown = new Set<string>();
  for await (const event of readSyncLog(paths.syncLog)) {
    if (live !== null) shown.add(JSON.stringify(event));
    show(event);
  }
  for await (const event of live ?? []) if (!shown.has(JSON.stringify(event))) show(event);
}

function concerns(event: EventMessage, missionId: string): boolean {
  return 'missionId' in event && event.missionId === missionId;
}
