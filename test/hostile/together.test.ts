import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Deed, untilTold } from './attack.ts';
import { linkAttacks } from './attacks/links.ts';
import { lockAttacks } from './attacks/locks.ts';
import { nameAttacks } from './attacks/names.ts';
import { numberAttacks } from './attacks/numbers.ts';
import { oddFileAttacks } from './attacks/oddFiles.ts';
import { routingAttacks } from './attacks/routing.ts';
import { volumeAttacks } from './attacks/volume.ts';
import { wrapperAttacks } from './attacks/wrapperSockets.ts';
import { honestDay } from './honest.ts';
import { harmTo } from './invariants.ts';
import { makeScene, type Scene } from './scene.ts';

/** All that do not need the others to hold still for what they look at; of the odd files the worst kind. */
const attacks = [
  ...oddFileAttacks.filter(({ id }) => id.endsWith('-pipe')),
  ...linkAttacks,
  ...lockAttacks,
  ...nameAttacks,
  ...numberAttacks,
  ...routingAttacks,
  ...volumeAttacks.filter(({ id }) => id !== 'journal-eviction'),
  ...wrapperAttacks,
];

let scene: Scene;
beforeAll(async () => {
  scene = await makeScene();
});
afterAll(() => scene.close());

it('All attacks at once: nine honest missions have a day like any other', {
  timeout: 300_000,
}, async () => {
  const { pid } = scene.engine;
  // Each is a mission of its own.
  expect(new Set(attacks.map(({ id }) => id)).size).toBe(attacks.length);
  const intruders = await Promise.all(attacks.map(({ id }) => scene.intruder(id)));
  const deeds: Deed[] = [];
  const launching = attacks.map(async (attack, index) => {
    const intruder = intruders[index];
    if (intruder !== undefined) deeds.push(await attack.launch(intruder));
  });
  await Promise.all(launching);
  try {
    for (const day of ['monday', 'tuesday']) {
      await honestDay(scene, day);
      await scene.untilRefreshed();
    }
    for (const attack of attacks) await untilTold(scene, attack);
  } finally {
    for (const deed of deeds) await deed.stop?.();
  }
  const folders = intruders.map(({ folder }) => folder);
  expect(await harmTo(scene, folders)).toEqual([]);
  expect(scene.engine.pid).toBe(pid);
  expect(scene.bank.of('refresh-rejected')).toEqual([]);
  await Promise.all(intruders.map((intruder) => intruder.leave()));
  await honestDay(scene, 'wednesday');
});
