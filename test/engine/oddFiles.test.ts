import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';

/* What a mission's Claude can put into its own folder, and what the user's own folder may hold. */

let world: World;
let a: EntryRef;
let b: EntryRef;
beforeEach(() => {
  world = makeWorld();
  [a, b] = world.addMissions('a', 'b');
  world.addMission('odd');
});
afterEach(() => world.cleanup());

const KINDS: readonly (readonly [string, (path: string) => void])[] = [
  ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a link to endless zeros', (path) => symlinkSync('/dev/zero', path)],
  ['a link to itself', (path) => symlinkSync(path, path)],
  ['a folder', (path) => mkdirSync(path)],
  [
    'two gigabytes of nothing',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 2 ** 31);
    },
  ],
];
/** Those beside the entry that are read while syncing, for `status` and when missions are looked for. */
const FILES = ['mission.json', 'pid', 'shared-store', 'claude-config/mcp-needs-auth-cache.json'];

describe('a mission whose own files are odd', () => {
  it.each(KINDS)('(%s) costs the others nothing, and no engine its start', async (_, make) => {
    const odd = join(world.paths.missions, 'odd');
    for (const name of FILES) {
      rmSync(join(odd, name), { force: true });
      if (name !== 'pid') make(join(odd, name));
    }
    // It runs, so that all of them are read.
    world.setRunning('odd');
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'));
    rmSync(join(odd, 'pid'));
    make(join(odd, 'pid'));
    await world.untilHeld(await signIn(b, 'mail'), [world.global, a, b]);
    expect((await world.status()).missions.map(({ id }) => id)).toEqual(['a', 'b', 'odd']);
    await world.killAll();
    await world.startEngine();
    await world.untilHeld(await signIn(a, 'loop'), [world.global, a, b]);
    const { code, stdout } = await world.run(['status']);
    expect([code, stdout.includes('odd')]).toEqual([0, true]);
  });
});

it('a link to itself among the missions keeps no engine from its start, and none of the others from being found', async () => {
  symlinkSync('circle', join(world.paths.missions, 'circle'));
  await world.startEngine();
  expect(await world.untilAlert('missions-odd')).toMatchObject({
    kind: 'hostile',
    message: expect.stringContaining('"circle"'),
  });
  await world.untilHeld(await signIn(a, 'loop'));
  world.addMission('late');
  await world.untilHeld(await signIn(b, 'mail'));
  const { code, stdout } = await world.run(['status']);
  expect([code, stdout.includes('late')]).toEqual([0, true]);
  rmSync(join(world.paths.missions, 'circle'));
  await world.untilNoAlert();
});
