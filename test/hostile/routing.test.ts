import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilTold } from './attack.ts';
import { routingAttacks } from './attacks/routing.ts';
import { signInAttacks } from './attacks/signIns.ts';
import { honestDay } from './honest.ts';
import { harmTo } from './invariants.ts';
import { makeScene, type Scene } from './scene.ts';

/* Each attacks a sign-in of its own, in a mission of its own. The engine comes to them all after a quarter of a minute. */

const attacks = [...routingAttacks, ...signInAttacks];

let scene: Scene;
let outcomes: ReadonlyMap<string, Promise<void>>;
beforeAll(async () => {
  scene = await makeScene();
  const begun = attacks.map(async (attack) => {
    const intruder = await scene.intruder(attack.id);
    const deed = await attack.launch(intruder);
    await deed.holds?.();
    await untilTold(scene, attack);
  });
  // Each is awaited by its own test.
  for (const one of begun) one.catch(() => undefined);
  outcomes = new Map(attacks.map(({ id }, index) => [id, begun[index] ?? Promise.reject()]));
});
afterAll(() => scene.close());

describe('one mission attacks: where tokens go, and what stands for them', () => {
  // Not `it.each`, which cuts long titles off: SECURITY.md names them.
  for (const { id, title } of attacks) it(title, { timeout: 90_000 }, async () => outcomes.get(id));

  it('All of that at once: nobody’s token is stolen, and nine others have a day like any other', {
    timeout: 120_000,
  }, async () => {
    await Promise.allSettled(outcomes.values());
    await honestDay(scene, 'mail');
    await scene.untilRefreshed();
    const folders = attacks.map(({ id }) => `${scene.world.paths.missions}/${id}`);
    expect(await harmTo(scene, folders)).toEqual([]);
    expect(scene.bank.of('refresh-rejected')).toEqual([]);
    // The next engine finds what the missions hold, and all of it due.
    await scene.restartEngine();
    await scene.untilRefreshed();
    expect(await harmTo(scene, folders)).toEqual([]);
  });
});
