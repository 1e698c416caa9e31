import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readText, signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/smallDisk.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
  // Comes last: what is registered later is undone first.
  onTestFinished(() => world.cleanup());
});

function mount(folder: string, kilobytes: number): SmallDisk {
  const disk = mountSmallDisk(folder, kilobytes);
  onTestFinished(async () => {
    await world.killAll();
    disk.unmount();
  });
  return disk;
}

const why = whyNoSmallDisk();
describe.skipIf(why !== null)(`a full disk${why ? ` (${why})` : ''}`, () => {
  it('under one mission is shown, the others go on, and all goes on once there is space', async () => {
    const [a, b, full] = world.addMissions('a', 'b', 'full');
    const disk = mount(full.configDir, 64);
    await world.startEngine();
    const before = await signIn(a, 'before');
    await world.untilHeld(before);
    await world.status(); // What was agreed on is noted down by now: that would free some space.
    disk.fill();
    const text = readText(full);
    const server = await signIn(a, 'loop');
    expect((await world.untilAlert('unavailable-full')).message).toMatch(/\(full\).*space/);
    await world.untilHeld(server, [world.global, a, b]);
    expect(readText(full), 'the entry that could not be written is as it was').toBe(text);
    disk.free();
    await world.untilHeld(server);
    await world.untilNoAlert();
  });

  it('under the global entry keeps a sign-in waiting in its mission, and loses nothing', async () => {
    const disk = mount(world.global.configDir, 64);
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const before = await signIn(a, 'before');
    await world.untilHeld(before);
    await world.status(); // What was agreed on is noted down by now: that would free some space.
    disk.fill();
    const server = await signIn(a, 'loop');
    expect((await world.untilAlert('unavailable-global')).message).toMatch(/\(full\).*space/);
    await world.untilHeld(before);
    await world.untilHeld(server, [a]);
    disk.free();
    await world.untilHeld(server, [world.global, a, b]);
    await world.untilNoAlert();
  });

  it('under bar/ keeps what cannot be journaled from being replaced, and loses no line of the log after it', async () => {
    const disk = mount(world.paths.bar, 256);
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const old = await signIn(a, 'loop');
    await world.untilHeld(old);
    await world.status(); // What was agreed on is noted down by now: that would free some space.
    disk.fill();
    const refreshed = await signIn(a, 'loop');
    expect((await world.untilAlert('unavailable-global')).message).toMatch(/journal/);
    await world.untilHeld(old, [world.global, b]);
    disk.free();
    await world.untilHeld(refreshed);
    await world.untilNoAlert();
    await world.untilHeld(await signIn(b, 'afterwards'));
    await until('the sync log to go on', async () =>
      (await world.run(['log', '--json'])).stdout.includes('afterwards'),
    );
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    // What was agreed on was noted down, too: nothing moves at the next start.
    await world.startEngine();
    await world.untilHeld(refreshed);
  });

  it('under all of AGENC_DIRPATH damages nothing, and all goes on once there is space', async () => {
    const disk = mount(world.paths.root, 512);
    const [a, b] = world.addMissions('a', 'b');
    await world.startEngine();
    const old = await signIn(a, 'loop');
    await world.untilHeld(old);
    await world.status(); // What was agreed on is noted down by now: that would free some space.
    disk.fill();
    const plain = await signIn(world.global, 'plain');
    const refreshed = await signIn(world.global, 'loop');
    await until('an alert that says what is wrong', async () =>
      (await world.status()).alerts.some(({ message }) => /space/.test(message)),
    );
    await world.untilHeld(old, [a, b]);
    disk.free();
    await world.untilHeld(plain);
    await world.untilHeld(refreshed);
    await world.untilHeld(await signIn(b, 'afterwards'));
    await world.untilNoAlert();
  });
});
