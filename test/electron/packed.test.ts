import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractedApp } from '../packaging/support/packedApp.ts';
import { signIn } from '../support/clientWrites.ts';
import { type AppWorld, openAppWorld, untilConnected } from './support/appWorld.ts';
import { isStandIn } from './support/launch.ts';

/* What is in the packed archive runs: nothing that the bundles need was left out of it. */

let packed: ReturnType<typeof extractedApp>;
let world: AppWorld;
beforeAll(async () => {
  packed = extractedApp();
  world = await openAppWorld({
    main: packed.path,
    packaged: true,
    prepare: (w) => void w.addMissions('a', 'b'),
  });
}, 60_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  packed?.[Symbol.dispose]();
});

it.runIf(isStandIn)('the packed app syncs, shows its page and its icons', async () => {
  const page = await world.open();
  expect((await world.app.tray()).image).toMatchObject({ empty: false });
  expect((await world.app.tray()).image.path).toContain(packed.path);
  await untilConnected(world, page);
  await world.world.untilHeld(await signIn(world.world.ref('a'), 'loop'));
  await expect.poll(() => page.getByText('1 server').count()).toBeGreaterThan(0);
  expect(await world.app.evaluate(({ app }) => app.isPackaged)).toBe(true);
});
