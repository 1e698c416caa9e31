import { ExitCode, UserError } from '../system/userError.ts';
import { ask, askEngine, type Context } from './context.ts';
import { shortHash, table } from './format.ts';
import { complain } from './output.ts';

/** `agenc-bar resync [ID]` */
export async function resyncCommand(context: Context, missionId?: string): Promise<ExitCode> {
  const result = await askEngine(context, 'resync', missionId === undefined ? {} : { missionId });
  if (context.json) context.printJson(result);
  else if (result.missions.length === 0) context.print('There are no missions.');
  else {
    context.print(
      ...table(
        result.missions.map(({ missionId, status, up, down, hash }) => {
          const moves = [...up.map((name) => `↑ ${name}`), ...down.map((name) => `↓ ${name}`)];
          const did = status === 'done' ? moves.join(', ') || 'nothing to change' : status;
          return [missionId, shortHash(hash), did];
        }),
      ),
    );
  }
  const failed = result.missions.some(
    ({ status }) => status === 'unavailable' || status === 'malformed',
  );
  return failed ? ExitCode.failed : ExitCode.done;
}

/** `agenc-bar alerts` */
export async function alertsCommand(context: Context): Promise<undefined> {
  const { alerts } = await ask(context, 'status', {}, 'reading');
  if (context.json) context.printJson({ alerts });
  else if (alerts.length === 0) context.print('Nothing needs attention.');
  else for (const { id, message } of alerts) context.print(`${id}: ${message}`);
}

const ANSWERED = {
  restore: 'restored.',
  remove: 'removed everywhere.',
  dismiss: 'dismissed.',
} as const;

/** `agenc-bar resolve ALERT restore|remove|dismiss` */
export async function resolveCommand(
  context: Context,
  alertId: string,
  answer: string,
): Promise<undefined> {
  if (answer !== 'restore' && answer !== 'remove' && answer !== 'dismiss') {
    throw new UserError(
      `"${answer}" is no answer; say "restore" or "remove", or "dismiss" of a conflict.`,
      ExitCode.usage,
    );
  }
  await askEngine(context, 'resolve', { alertId, answer });
  if (context.json) context.printJson({ alertId, answer });
  else context.print(`${alertId}: ${ANSWERED[answer]}`);
}

/** `agenc-bar journal ls` */
export async function journalLsCommand(context: Context): Promise<undefined> {
  const journal = await ask(context, 'journal', {}, 'reading');
  if (context.json) context.printJson(journal);
  else if (journal.items.length === 0) context.print('The journal is empty.');
  else {
    context.print(
      ...table(
        journal.items.map(({ id, name, reason, digest, missionId }) => [
          id,
          name,
          reason,
          digest.slice(0, 12),
          missionId ?? 'global',
        ]),
      ),
    );
  }
  for (const damaged of journal.damaged) complain(damaged);
}

/** `agenc-bar journal restore ID` */
export async function journalRestoreCommand(context: Context, id: string): Promise<undefined> {
  const item = await ask(context, 'restore', { id }, 'exclusively');
  if (context.json) context.printJson(item);
  else context.print(`${item.name} is back everywhere, as of ${item.at}.`);
}
