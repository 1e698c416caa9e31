import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { EventMessage } from '../../main/service/contract/engine.ts';
import { signIn } from '../support/clientWrites.ts';
import { type AppWorld, openAppWorld, untilConnected } from './support/appWorld.ts';

let world: AppWorld | undefined;
afterEach(() => world?.[Symbol.asyncDispose]());

const LINES = 100_000;

/** As the engine rotates it: the oldest lines in the file with the highest number. */
function writeLongLog(syncLog: string): void {
  const files = 5;
  for (let file = 0; file < files; file += 1) {
    const lines = Array.from({ length: LINES / files }, (_, index) => {
      const event: EventMessage = {
        event: 'sync',
        at: new Date(1_795_000_000_000 + (file * LINES) / files + index).toISOString(),
        direction: index % 2 === 0 ? 'up' : 'down',
        missionId: 'a',
        servers: [index === 777 && file === 0 ? 'needle' : 'loop'],
        hash: 'a'.repeat(64),
        durationMs: 1.5,
      };
      return `${JSON.stringify(event)}\n`;
    });
    const name = file === files - 1 ? syncLog : `${syncLog}.${files - 1 - file}`;
    writeFileSync(name, lines.join(''));
  }
}

it('100,000 lines: the newest are there at once, the oldest are found, and new ones arrive', async () => {
  world = await openAppWorld({
    prepare: ({ paths, addMissions }) => {
      addMissions('a', 'b');
      mkdirSync(paths.bar, { recursive: true, mode: 0o700 });
      writeLongLog(paths.syncLog);
    },
  });
  const page = await world.open();
  await untilConnected(world, page);
  await page.getByRole('tab', { name: 'Log' }).click();
  const log = page.getByRole('tabpanel', { name: 'Log' });
  // Asked for by the line that tells it: the text of all rows would cost as much as reading them does.
  await log.getByText(/100,0\d\d lines/).waitFor({ timeout: 90_000 });
  // What nobody sees is not in the document.
  expect(await page.locator('*').count()).toBeLessThan(1_500);
  await world.world.untilHeld(await signIn(world.world.ref('a'), 'brandnew'));
  await expect.poll(() => log.innerText()).toContain('brandnew');
  await page.getByRole('searchbox').fill('needle');
  await expect.poll(() => log.innerText(), { timeout: 60_000 }).toMatch(/needle/);
}, 180_000);
