import { afterEach, beforeEach, expect, it } from 'vitest';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

it('two sign-ins that met stay on show until somebody dismisses them', async () => {
  const [a, b] = world.addMissions('a', 'b');
  const first = await world.startEngine();
  await world.untilHeld(await signIn(a, 'loop'));
  await first.kill('SIGTERM');
  const soon = await signIn(a, 'loop', { expiresAt: Date.now() + 60_000 });
  const later = await signIn(b, 'loop', { expiresAt: Date.now() + 120_000 });

  await world.startEngine();
  await world.untilHeld(later);
  expect(later).not.toEqual(soon);
  const { alerts } = await world.status();
  expect(alerts).toMatchObject([{ kind: 'conflict', servers: ['loop'] }]);
  const [{ id } = { id: '' }] = alerts;

  const wrong = await world.run(['resolve', id, 'restore']);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain('dismiss');
  const right = await world.run(['resolve', id, 'dismiss']);
  expect([right.code, right.stdout]).toEqual([0, `${id}: dismissed.\n`]);
  expect((await world.status()).alerts).toEqual([]);
});

it('what has a cause cannot be dismissed', async () => {
  const a = world.addMission('a');
  await world.startEngine();
  await world.untilHeld(await signIn(a, 'loop'));
  world.writeSettings('{ damaged');
  await world.untilAlert('settings');
  const run = await world.run(['resolve', 'settings', 'dismiss']);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('cause');
});
