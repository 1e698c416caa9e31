import { ExitCode } from '../system/userError.ts';
import { ask, type Context } from './context.ts';
import { missionTable, serversText, shortHash, span } from './format.ts';

/** `agenc-bar status`: the snapshot, from the running engine or read afresh. */
export async function statusCommand(context: Context): Promise<ExitCode> {
  const snapshot = await ask(context, 'status', {}, 'reading');
  const { engine, activity, global, missions, alerts } = snapshot;
  const unavailable = alerts.some(({ id }) => id === 'unavailable-global');
  if (context.json) context.printJson(snapshot);
  else {
    const now = Date.now();
    const { print } = context;
    const heard =
      global.lastBroadcastAt === null
        ? 'never'
        : `${span(now - Date.parse(global.lastBroadcastAt))} ago`;
    print(
      engine.running
        ? `Engine   ${activity.starting ? 'starts' : 'runs'} (process ${engine.pid}), ${engine.store} store`
        : `Engine   not running (${engine.store} store)`,
    );
    print(`Global   ${shortHash(global.hash)}  ${serversText(global.servers, now)}`);
    print(`         last broadcast ${heard === 'now ago' ? 'just now' : heard}`);
    if (missions.length > 0) print('', ...missionTable(missions, now));
    for (const alert of alerts) print('', `! ${alert.id}: ${alert.message}`);
  }
  return unavailable ? ExitCode.unavailable : ExitCode.done;
}
