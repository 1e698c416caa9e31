import { followEngine } from '../service/client.ts';
import type { EventMessage } from '../service/contract/engine.ts';
import { readSyncLog } from '../service/syncLog.ts';
import type { Context } from './context.ts';
import { eventText } from './format.ts';
import { complain } from './output.ts';

/** Of what was read from the log, so much may come once more from the engine: what happened while it was read. */
const REMEMBERED = 10_000;

/** `agenc-bar log [--follow] [--mission ID]` */
export async function logCommand(context: Context): Promise<undefined> {
  const { paths, json, options, print, printJson } = context;
  const wanted = options.mission;
  const show = (event: EventMessage): void => {
    if (typeof wanted === 'string' && !concerns(event, wanted)) return;
    json ? printJson(event) : print(`${event.at.slice(0, 10)} ${eventText(event)}`);
  };
  // Joined before the log is read, so that nothing falls between the two.
  let live = options.follow === true ? await followEngine(paths.engineSocket) : null;
  const shown = new Set<string>();
  for await (const event of readSyncLog(paths.syncLog)) {
    if (live !== null) {
      shown.add(JSON.stringify(event));
      for (const oldest of shown) {
        if (shown.size <= REMEMBERED) break;
        shown.delete(oldest);
      }
    }
    show(event);
  }
  while (live !== null) {
    let isCutOff = false;
    for await (const event of live) {
      if (event.event === 'cut-off') isCutOff = true;
      else if (!shown.has(JSON.stringify(event))) show(event);
    }
    // This was suspended, or its reader was slow: the engine keeps for nobody what is not read.
    if (isCutOff)
      complain(
        'Some lines are missing here, for they were not read in time; "agenc-bar log" has them.',
      );
    live = isCutOff ? await followEngine(paths.engineSocket) : null;
  }
}

function concerns(event: EventMessage, missionId: string): boolean {
  return 'missionId' in event && event.missionId === missionId;
}
