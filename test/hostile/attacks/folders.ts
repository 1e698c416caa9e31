import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { signIn } from '../../support/clientWrites.ts';
import type { Attack } from '../attack.ts';
import type { Intruder } from '../scene.ts';

type Change = 'file' | 'link to itself' | 'nothing' | 'folder that nobody may write to';
/** The moment between the engine's read and its write is short; in so many rounds it is met some times. */
const ROUNDS = 16;

/** Swaps the mission's config folder for something else and back, at odd moments, while others sign in. */
async function swap({ scene, config, id }: Intruder, change: Change): Promise<void> {
  const aside = `${config}.aside`;
  let over = false;
  const swapping = (async () => {
    for (let round = 0; !over; round += 1) {
      renameSync(config, aside);
      if (change === 'file') writeFileSync(config, '');
      if (change === 'link to itself') symlinkSync('claude-config', config);
      if (change === 'folder that nobody may write to') mkdirSync(config, { mode: 0o500 });
      await sleep(round % 4);
      rmSync(config, { recursive: true, force: true });
      renameSync(aside, config);
      await sleep((round * 7) % 12);
    }
  })();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      // In turns: one that does so many times a second would be taken for restless itself.
      const place = scene.honest[round % scene.honest.length] ?? scene.world.global;
      const value = await signIn(place, `swap-${id}`);
      await scene.world.untilHeld(value, scene.everyone);
    }
  } finally {
    over = true;
    await swapping;
  }
}

export const folderAttacks: readonly Attack[] = (
  ['file', 'link to itself', 'nothing', 'folder that nobody may write to'] as const
).map((change) => ({
  id: `swap-${change.replaceAll(/\W+/g, '-')}`,
  title: `A mission swaps its config folder for ${change === 'nothing' ? change : `a ${change}`} and back while others are synced`,
  told: [],
  async launch(intruder) {
    await swap(intruder, change);
    return {};
  },
}));
