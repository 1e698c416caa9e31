import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { setInterval as every } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import {
  editAsClient,
  entryFile,
  readText,
  serverIn,
  signIn,
  writeAsClient,
} from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import type { EngineProcess } from '../support/engineProcess.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';
import { until } from '../support/until.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const broadcast = (): string => readFileSync(world.paths.broadcast, 'utf8');
const seconds = (offset = 0): string => (Date.now() / 1000 + offset).toFixed(6);

describe('the broadcast file', () => {
  it('is created as 0 if it is missing, and never deleted', async () => {
    const engine = await world.startEngine();
    expect(broadcast()).toBe('0');
    expect((await world.status()).global.lastBroadcastAt).toBeNull();
    world.addMission('a');
    world.setStopped('a');
    await engine.kill('SIGTERM');
    expect(existsSync(world.paths.broadcast)).toBe(true);
  });

  it('gets a new timestamp, six decimals, larger than the one before, with each change', async () => {
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const seen: string[] = [broadcast()];
    for (let index = 0; index < 5; index += 1) {
      const after = engine.events.length;
      await world.untilHeld(await signIn(a, `loop-${index}`));
      const { timestamp } = await engine.waitFor('broadcast', undefined, after);
      expect(broadcast()).toMatch(/^\d{10}\.\d{6}$/);
      expect(Number(broadcast())).toBe(timestamp);
      seen.push(broadcast());
    }
    expect(seen.map(Number)).toEqual(seen.map(Number).toSorted((x, y) => x - y));
    expect(new Set(seen).size).toBe(seen.length);
    const { lastBroadcastAt } = (await world.status()).global;
    expect(Date.parse(lastBroadcastAt ?? '')).toBeCloseTo(Number(seen.at(-1)) * 1000, -1);
  });

  it('is left alone by an engine that starts and by a mission that only receives', async () => {
    writeFileSync(world.paths.broadcast, '1795457092.986123');
    const server = await signIn(world.global, 'loop');
    const a = world.addMission('a');
    await world.startEngine();
    await world.untilHeld(server, [a]);
    expect(broadcast()).toBe('1795457092.986123');
  });

  it('goes on from a timestamp an hour in the future', async () => {
    const ahead = seconds(3_600);
    writeFileSync(world.paths.broadcast, ahead);
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.waitFor('broadcast');
    expect(Number(broadcast())).toBeGreaterThan(Number(ahead));
  });

  it('is made again by the next change if another program deleted it', async () => {
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    rmSync(world.paths.broadcast);
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.waitFor('broadcast');
    expect(broadcast()).toMatch(/^\d{10}\.\d{6}$/);
  });
});

/** Changes an entry in a way that neither a watch nor a stat can tell: only a broadcast does. */
async function changeUnseen(
  engine: EngineProcess,
  place: EntryRef,
  from: string,
  to: string,
): Promise<void> {
  await engine.pause();
  const text = readText(place) ?? '';
  expect(text).toContain(from);
  writeFileSync(entryFile(place), text.replaceAll(from, to));
  utimesSync(entryFile(place), 1_700_000_000, 1_700_000_000);
  engine.goOn();
}

/** An engine whose global entry has a modification time that can be repeated. */
async function startUnseeing(debounceMs = 20): Promise<{ engine: EngineProcess; a: EntryRef }> {
  const text = fakeEntry([fakeServer('loop', { note: 'aaaa' })]);
  writeFileSync(entryFile(world.global), text, { mode: 0o600 });
  utimesSync(entryFile(world.global), 1_700_000_000, 1_700_000_000);
  world.writeSettings({ debounceMs });
  const a = world.addMission('a');
  const engine = await world.startEngine();
  await until('the clone', () => serverIn(a, 'loop') !== undefined);
  return { engine, a };
}

describe("another program's broadcast", () => {
  it.each([
    ['of now', () => seconds()],
    ['of an hour in the future', () => seconds(3_600)],
    ['of an hour ago', () => seconds(-3_600)],
    ['in whole seconds', () => String(Math.floor(Date.now() / 1000))],
  ])('(%s) makes the engine look at the global entry', async (_, value) => {
    const { engine, a } = await startUnseeing();
    await changeUnseen(engine, world.global, 'aaaa', 'bbbb');
    await world.status();
    writeFileSync(world.paths.broadcast, value());
    await until('the change in the mission', () => readText(a)?.includes('bbbb') ?? false);
  });

  it('after one from the future counts too, although it is smaller', async () => {
    const { engine, a } = await startUnseeing();
    writeFileSync(world.paths.broadcast, seconds(3_600));
    await changeUnseen(engine, world.global, 'aaaa', 'bbbb');
    writeFileSync(world.paths.broadcast, seconds());
    await until('the first change', () => readText(a)?.includes('bbbb') ?? false);
    await changeUnseen(engine, world.global, 'bbbb', 'cccc');
    writeFileSync(world.paths.broadcast, seconds());
    await until('the second change', () => readText(a)?.includes('cccc') ?? false);
  });

  it('counts also after the file was deleted and made again', async () => {
    const { engine, a } = await startUnseeing();
    rmSync(world.paths.broadcast);
    await world.status();
    writeFileSync(world.paths.broadcast, seconds());
    await changeUnseen(engine, world.global, 'aaaa', 'bbbb');
    writeFileSync(world.paths.broadcast, seconds(1));
    await until('the first change', () => readText(a)?.includes('bbbb') ?? false);
    rmSync(world.paths.broadcast);
    await world.status();
    await changeUnseen(engine, world.global, 'bbbb', 'cccc');
    writeFileSync(world.paths.broadcast, seconds(2));
    await until('the second change', () => readText(a)?.includes('cccc') ?? false);
  });

  it('every half second, for as long as it takes, does not starve the engine', async () => {
    const { engine, a } = await startUnseeing(1_000);
    await changeUnseen(engine, world.global, 'aaaa', 'bbbb');
    let told = 0;
    for await (const _ of every(500)) {
      writeFileSync(world.paths.broadcast, seconds());
      told += 1;
      if (readText(a)?.includes('bbbb')) break;
      expect(told, 'broadcasts without a look').toBeLessThan(30);
    }
  });
});

describe('a broadcast file that holds no timestamp', () => {
  it.each([
    ['Inf', 'Inf'],
    ['nothing', ''],
    ['garbage', 'not a number\n'],
    ['a negative one', '-1'],
    ['a number beyond all times', '99999999999999999999'],
    ['bytes', '\u0000\u0001\u001b[31m'],
  ])('(%s) is reported once, ignored, and replaced by the next change', async (_, text) => {
    // Written in place, as other programs do: without a debounce its empty moment would show.
    world.writeSettings({ debounceMs: 50 });
    const [a] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    for (let index = 0; index < 3; index += 1) {
      writeFileSync(world.paths.broadcast, text);
      await world.untilAlert('broadcast');
    }
    await world.untilHeld(await signIn(a, 'loop'));
    await engine.waitFor('broadcast');
    expect(broadcast()).toMatch(/^\d{10}\.\d{6}$/);
    await world.untilNoAlert();
    const told = engine.events.filter((event) => event.event === 'alert');
    expect(told.map(({ id }) => id)).toEqual(['broadcast']);
  });

  it('is well again with the next timestamp of another program', async () => {
    world.writeSettings({ debounceMs: 50 });
    await world.startEngine();
    writeFileSync(world.paths.broadcast, 'Inf');
    await world.untilAlert('broadcast');
    writeFileSync(world.paths.broadcast, seconds());
    await world.untilNoAlert();
  });

  it('does not keep an engine from starting', async () => {
    writeFileSync(world.paths.broadcast, 'Inf');
    const [a] = world.addMissions('a', 'b');
    await world.startEngine();
    await world.untilAlert('broadcast');
    await editAsClient(a, () => undefined);
    await world.untilHeld(await signIn(a, 'loop'));
    await writeAsClient(world.global, readText(world.global) ?? '');
    await world.untilNoAlert();
  });
});
