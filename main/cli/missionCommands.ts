import { isAbsolute, resolve } from 'node:path';
import { findLostWork } from '../missions/lostWork.ts';
import { ask, type Context } from './context.ts';
import { missionTable } from './format.ts';

/** `agenc-bar mission ls` */
export async function missionLsCommand(context: Context): Promise<undefined> {
  const { missions } = await ask(context, 'status', {}, 'reading');
  if (context.json) context.printJson({ missions });
  else if (missions.length === 0) context.print('There are no missions.');
  else context.print(...missionTable(missions, Date.now()));
}

/** `agenc-bar mission attach DIR` */
export async function attachCommand(context: Context, folder: string): Promise<undefined> {
  const name = context.options.name;
  const params = { folder: absolute(folder), ...(typeof name === 'string' && { name }) };
  const mission = await ask(context, 'attach', params, 'exclusively');
  if (context.json) context.printJson(mission);
  else context.print(`${mission.configDir} is attached as ${mission.id}.`);
}

/** `agenc-bar mission detach ID` */
export async function detachCommand(context: Context, id: string): Promise<undefined> {
  await ask(context, 'detach', { id }, 'exclusively');
  if (context.json) context.printJson({ detached: id });
  else context.print(`${id} is detached; nothing in it was touched.`);
}

/** `agenc-bar mission rm ID` */
export async function removeCommand(context: Context, id: string): Promise<undefined> {
  const deleteWork = context.options.deleteWork === true;
  const result = await ask(context, 'remove', { id, deleteWork }, 'exclusively');
  if (context.json) context.printJson(result);
  else if (result.kept === null)
    context.print(`${id} is removed; what it was signed in to is kept in the global entry.`);
  else {
    context.print(`The entry of ${id} is removed; the work in ${result.kept} is kept:`);
    for (const line of await workIn(result.kept)) context.print(`  ${line}`);
    context.print('"--delete-work" deletes it too.');
  }
}

/** What would be lost with a work folder, a line each. */
async function workIn(folder: string): Promise<readonly string[]> {
  const lost = await findLostWork(folder);
  if (lost.kind === 'work') return lost.lines;
  return [lost.kind === 'none' ? 'nothing that is not pushed' : `not known: ${lost.reason}`];
}

/** The engine's working directory is not the user's. An absolute path stays as it was written. */
function absolute(folder: string): string {
  return isAbsolute(folder) ? folder : resolve(folder);
}
