import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { entryFile, readBlob, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

it('the megabytes of one mission stay its own: no other grows, none loses a sign-in, and it is told', async () => {
  const [a, b, c] = world.addMissions('a', 'b', 'c');
  await world.startEngine();
  const bank = await signIn(a, 'bank');
  await world.untilHeld(bank);
  const blown = readFileSync(entryFile(a), 'utf8').replace(
    /}$/,
    `,"blob":"${'x'.repeat(3_000_000)}"}`,
  );
  writeFileSync(entryFile(a), blown);
  const alert = await world.untilAlert('wipe-a');
  expect(alert.message).toContain('is too large: it has 2.9 MB');
  expect(alert.message).toContain('left alone, and nothing is removed elsewhere');
  const later = await signIn(b, 'later');
  await world.untilHeld(later, [world.global, b, c]);
  await world.untilHeld(bank, [world.global, b, c]);
  for (const one of [world.global, b, c])
    expect(statSync(entryFile(one)).size).toBeLessThan(10_000);
  expect(readFileSync(entryFile(a), 'utf8'), 'what is in it is left alone').toBe(blown);
  // Mended: it takes part again, and nothing was counted as a logout.
  writeFileSync(entryFile(a), fakeEntry([bank]));
  await world.untilHeld(later);
  await world.untilHeld(bank);
  await world.untilNoAlert('wipe-a');
});

it('a key of 100 kB stays in the mission that has it, with an alert; its sign-ins go everywhere', async () => {
  const [a, b] = world.addMissions('a', 'b');
  await world.startEngine();
  writeFileSync(entryFile(a), fakeEntry([], { blob: 'x'.repeat(100_000) }));
  const bank = await signIn(a, 'bank');
  await world.untilHeld(bank);
  expect((await world.untilAlert('large-a')).message).toContain('"blob"');
  for (const one of [world.global, b]) expect(statSync(entryFile(one)).size).toBeLessThan(10_000);
  writeFileSync(entryFile(a), fakeEntry([bank]));
  await world.untilNoAlert('large-a');
});

it('tens of thousands of tiny secrets of a plugin stay in the mission that has them, with an alert; sign-ins go their way', async () => {
  const [a, b, c] = world.addMissions('a', 'b', 'c');
  await world.startEngine();
  const bank = await signIn(a, 'bank');
  await world.untilHeld(bank);
  const secrets = Array.from({ length: 45_000 }, (_, index) => [`p${index}`, 1]);
  const blown = { ...readBlob(a), pluginSecrets: Object.fromEntries(secrets) };
  writeFileSync(entryFile(a), JSON.stringify(blown));
  const alert = await world.untilAlert('wipe-a');
  expect(alert.message).toMatch(/too large: it holds 4500\d servers and other keys, and 500 are/);
  const later = await signIn(b, 'later');
  await world.untilHeld(later, [world.global, b, c]);
  for (const one of [world.global, b, c])
    expect(statSync(entryFile(one)).size).toBeLessThan(10_000);
});

it('a mission that fills the global entry up with fat servers leaves room for the others’ sign-ins, and none of them is accused', async () => {
  const [wild, b, c] = world.addMissions('wild', 'b', 'c');
  await world.startEngine();
  const bank = await signIn(b, 'bank');
  await world.untilHeld(bank);
  const fat = Array.from({ length: 14 }, (_, index) =>
    fakeServer(`fat-${index}`, { scope: 'x'.repeat(60_000) }),
  );
  writeFileSync(entryFile(wild), fakeEntry([bank, ...fat]));
  const alert = await world.untilAlert('full-wild');
  expect(alert).toMatchObject({ kind: 'full', missionId: 'wild' });
  expect(alert.message).toMatch(/The largest there: "fat-\d+" \(59 kB, from mission "wild"\)/);
  await world.untilHeld(await signIn(b, 'new'), [world.global, c]);
  await world.untilHeld(await signIn(c, 'bank', { scope: 'y'.repeat(10_000) }), [world.global, b]);
  expect(statSync(entryFile(world.global)).size).toBeLessThan(500_000);
  expect((await world.ask('status', {})).alerts.map(({ id }) => id)).toEqual(['full-wild']);
});
