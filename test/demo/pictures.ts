import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { type AppWorld, openAppWorld, untilConnected } from '../electron/support/appWorld.ts';
import { launchChromium } from '../electron/support/chromium.ts';
import { editAsClient, invalidate, signIn } from '../support/clientWrites.ts';
import type { World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

/*
 * `npm run pictures`: the README's pictures, taken of the app with a real engine on real files in a
 * temporary folder. Nothing of the user's is touched.
 */

const IMAGES = join(import.meta.dirname, '../../docs/images');
const MINUTE = 60_000;
const [WIDTH, HEIGHT] = [380, 560] as const;

const MISSIONS = [
  ['fix-login', 'fix login', 'github.com/acme/web'],
  ['api-rewrite', 'api rewrite', 'github.com/acme/api'],
  ['billing', 'billing spike', 'github.com/acme/billing'],
  ['docs', 'docs pass', 'github.com/acme/docs'],
  ['flaky', 'flaky tests', 'github.com/acme/web'],
  ['upgrade', 'react upgrade', 'github.com/acme/web'],
] as const;

const SERVERS = [
  ['linear', 38 * MINUTE],
  ['notion', 6 * 60 * MINUTE],
  ['sentry', 4 * MINUTE + 30_000],
  ['figma', 3 * 24 * 60 * MINUTE],
] as const;

function prepare(world: World): void {
  for (const [id, name, repo] of MISSIONS) {
    world.addMission(id, { running: id !== 'upgrade' });
    const note = { name, repo: `https://${repo}`, kind: 'github', created: '2026-11-25T09:00:00Z' };
    mkdirSync(world.paths.missionNotes, { recursive: true, mode: 0o700 });
    writeFileSync(join(world.paths.missionNotes, `${id}.json`), JSON.stringify(note));
  }
}

async function stage(dark: boolean): Promise<{ world: AppWorld; page: Page }> {
  const world = await openAppWorld({ prepare, media: { dark } });
  const page = await world.open();
  await untilConnected(world, page);
  const session = await page.context().newCDPSession(page);
  const metrics = { width: WIDTH, height: HEIGHT, deviceScaleFactor: 2, mobile: false };
  await session.send('Emulation.setDeviceMetricsOverride', metrics);
  for (const [name, left] of SERVERS) {
    const server = await signIn(world.world.ref('fix-login'), name, {
      expiresAt: Date.now() + left + 20_000,
    });
    await world.world.untilHeld(server, [world.world.global]);
  }
  await until('all is in sync', async () => {
    const { snapshot } = await world.state(page);
    return snapshot?.missions.every(({ inSync, state }) => inSync || state === 'stopped') === true;
  });
  return { world, page };
}

async function shoot(page: Page, tab?: string): Promise<string> {
  if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
  await page.mouse.move(WIDTH / 2, HEIGHT - 4);
  await sleep(800);
  return (await page.screenshot()).toString('base64');
}

/** The form of a new mission, as somebody fills it in. */
async function shootForm(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'New mission…' }).click();
  const dialog = page.getByRole('dialog', { name: 'New mission' });
  await dialog.getByLabel('Name').fill('retry payments');
  await dialog.getByRole('combobox').fill('acme/billing');
  await dialog.getByLabel('Prompt').fill('Payments are not retried after a timeout. Find out why.');
  return shoot(page);
}

/** Shots side by side, each as a window on a quiet ground. */
async function compose(browser: Browser, shots: readonly string[], path: string): Promise<void> {
  const page = await browser.newPage({ deviceScaleFactor: 2 });
  const [gap, edge] = [28, 40];
  const width = shots.length * WIDTH + (shots.length - 1) * gap + 2 * edge;
  await page.setViewportSize({ width, height: HEIGHT + 2 * edge });
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot}">`).join('');
  await page.setContent(`<style>
    body { margin: 0; padding: ${edge}px; display: flex; gap: ${gap}px; background: linear-gradient(120deg, #dfe7f5, #efe3ee); }
    img { width: ${WIDTH}px; height: ${HEIGHT}px; border-radius: 12px; box-shadow: 0 10px 32px rgb(20 20 50 / 28%); }
  </style>${images}`);
  // JPEG: a third of the size, and nobody zooms in.
  await page.screenshot({ path, type: 'jpeg', quality: 88 });
  await page.close();
}

mkdirSync(IMAGES, { recursive: true });
const browser = await launchChromium();
const light = await stage(false);
const calm = [await shoot(light.page), await shootForm(light.page)];
await light.world[Symbol.asyncDispose]();

const dark = await stage(true);
// One is rejected in one mission, and another loses two at once.
await invalidate(dark.world.world.ref('billing'), 'linear');
await editAsClient(dark.world.world.ref('docs'), (blob) => {
  const [first, second] = Object.keys(blob.mcpOAuth ?? {});
  for (const key of [first, second]) if (key !== undefined) delete blob.mcpOAuth?.[key];
});
await until('it is told', async () => {
  return ((await dark.world.state(dark.page)).snapshot?.alerts.length ?? 0) > 0;
});
const troubled = [await shoot(dark.page, 'Servers'), await shoot(dark.page, 'Log')];
await dark.world[Symbol.asyncDispose]();

await compose(browser, [...calm, ...troubled], join(IMAGES, 'app.jpg'));
await browser.close();
console.log(`Written: ${join(IMAGES, 'app.jpg')}`);
