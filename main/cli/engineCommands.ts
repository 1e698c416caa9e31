import { type AlertAnswer, answersOf, answerWords } from '../service/contract/answers.ts';
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
    ({ status }) => status === 'unavailable' || status === 'malformed' || status === 'busy',
  );
  return failed ? ExitCode.failed : ExitCode.done;
}

/** `agenc-bar alerts` */
export async function alertsCommand(context: Context): Promise<undefined> {
  const { alerts } = await ask(context, 'status', {}, 'reading');
  if (context.json) context.printJson({ alerts });
  else if (alerts.length === 0) context.print('Nothing needs attention.');
  else {
    for (const { id, kind, message } of alerts) {
      const answers = answersOf[kind].join('|');
      context.print(`${id}: ${message}${answers === '' ? '' : ` [${answers}]`}`);
    }
  }
}

const ANSWERED: Readonly<Record<AlertAnswer, string>> = {
  restore: 'restored.',
  remove: 'removed everywhere.',
  keep: 'kept ours; the mission gets what the others have.',
  accept: 'accepted; the sign-in is sent to the new address from now on.',
  former: 'the former sign-in is back everywhere.',
  dismiss: 'dismissed.',
};

/** `agenc-bar resolve ALERT restore|remove|keep|accept|former|dismiss` */
export async function resolveCommand(
  context: Context,
  alertId: string,
  answer: string,
): Promise<undefined> {
  if (!isAnswer(answer)) {
    const all = Object.keys(ANSWERED).map((each) => `"${each}"`);
    throw new UserError(
      `"${answer}" is no answer; the answers are ${all.join(', ')}, and "agenc-bar alerts" says which an alert takes.`,
      ExitCode.usage,
    );
  }
  const { alerts } = await askEngine(context, 'status', {});
  const alert = alerts.find(({ id }) => id === alertId);
  // The engine says what became of one that is not there any more.
  if (alert !== undefined && !answersOf[alert.kind].includes(answer)) {
    const right = answerWords(alert.kind);
    const advice = right === null ? 'no answer: it goes away with its cause' : right;
    throw new UserError(`"${alertId}" takes ${advice}; nothing was changed.`);
  }
  await askEngine(context, 'resolve', { alertId, answer });
  if (context.json) context.printJson({ alertId, answer });
  else context.print(`${alertId}: ${ANSWERED[answer]}`);
}

function isAnswer(text: string): text is AlertAnswer {
  return Object.hasOwn(ANSWERED, text);
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
