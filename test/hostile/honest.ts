import { logOut, signIn } from '../support/clientWrites.ts';
import type { Scene } from './scene.ts';

/**
 * What honest missions do in the course of a day: one signs in, another one's client refreshes, a third logs
 * out. Each must have arrived at all the others before the next.
 * @param name of the server; nobody must have one of that name yet
 */
export async function honestDay({ world, honest, everyone }: Scene, name: string): Promise<void> {
  const [first, , , fourth, , , , eighth] = honest;
  if (first === undefined || fourth === undefined || eighth === undefined)
    throw new Error('an honest day takes more missions');
  await world.untilHeld(await signIn(first, name), everyone);
  await world.untilHeld(await signIn(fourth, name), everyone);
  // The engine has noted by then that all have it. A logout before that is one of the sign-in before, and a newer
  // sign-in beats it (docs/merge.md).
  await world.status();
  await logOut(eighth, name);
  await world.untilGone(name, everyone);
}
