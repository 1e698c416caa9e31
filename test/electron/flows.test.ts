import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aWhile } from '../support/aWhile.ts';
import {
  entryFile,
  invalidate,
  logOut,
  serverIn,
  signIn,
  writeAsClient,
} from '../support/clientWrites.ts';
import { until } from '../support/until.ts';
import {
  type AppWorld,
  type AppWorldOptions,
  openAppWorld,
  untilConnected,
} from './support/appWorld.ts';

/* Whole flows through the window, on real files and the real engine, as a user has them. */

async function start(options: AppWorldOptions = {}): Promise<{ world: AppWorld; page: Page }> {
  const world = await openAppWorld({
    prepare: (w) => void w.addMissions('a', 'b', 'c'),
    ...options,
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const page = await world.open();
  if (options.firstStart !== true) await untilConnected(world, page);
  return { world, page };
}

const row = (page: Page, mission: string) =>
  page.getByRole('row').filter({ has: page.getByText(mission, { exact: true }) });
const alerts = (page: Page) => page.getByRole('region', { name: 'Alerts' });
/** Something that is announced may be in the page twice, once unseen. */
const sees = (page: Page, text: string | RegExp) =>
  expect
    .poll(() => page.getByText(text).filter({ visible: true }).count(), { timeout: 15_000 })
    .toBeGreaterThan(0);

describe('missions', () => {
  it('a sign-in in one is seen in the rows of all, with one hash', async () => {
    const { world, page } = await start();
    await sees(page, 'All 3 missions in sync');
    const server = await signIn(world.world.ref('b'), 'linear', {
      expiresAt: Date.now() + 38.5 * 60_000,
    });
    await world.world.untilHeld(server);
    for (const id of ['a', 'b', 'c']) {
      await expect.poll(() => row(page, id).innerText()).toMatch(/1 server/);
      expect(await row(page, id).innerText()).toMatch(/38 min/);
    }
    const hashes = await page.getByRole('button', { name: /Copy hash/ }).allInnerTexts();
    expect(new Set(hashes.map((text) => text.trim())).size).toBe(1);
    await page
      .getByRole('button', { name: /Copy hash/ })
      .first()
      .click();
    const { snapshot } = await world.state(page);
    expect(await world.app.evaluate(({ clipboard }) => clipboard.readText())).toBe(
      snapshot?.global.hash,
    );
  });

  it('come, start, stop and go as they do on the disk', async () => {
    const { world, page } = await start();
    world.world.addMission('late');
    await expect.poll(() => row(page, 'late').count()).toBe(1);
    world.world.setStopped('late');
    await sees(page, 'brought up to date at its next launch');
    rmSync(join(world.world.paths.missions, 'late'), { recursive: true });
    await expect.poll(() => row(page, 'late').count()).toBe(0);
  });

  it('any other folder can be attached and detached', async () => {
    const { world, page } = await start();
    const folder = join(world.world.env.HOME, '.claude-work');
    mkdirSync(folder);
    const server = await signIn({ configDir: folder }, 'notion');
    await world.app.answerDialog({ canceled: false, filePaths: [folder] });
    await page.getByRole('button', { name: /Attach a config directory/ }).click();
    await world.world.untilHeld(server);
    await sees(page, 'Attached');
    await page.getByRole('button', { name: 'Actions for claude-work' }).click();
    await page.getByRole('menuitem', { name: /Detach/ }).click();
    await page.getByRole('button', { name: 'Detach' }).click();
    await expect.poll(() => row(page, 'claude-work').count()).toBe(0);
    expect(serverIn({ configDir: folder }, 'notion')).toEqual(server);
  });

  it('a cancelled dialog changes nothing, a wrong folder is told in words', async () => {
    const { world, page } = await start();
    const attach = page.getByRole('button', { name: /Attach a config directory/ });
    // In their order: the first is cancelled, the second names a folder that cannot be.
    await world.app.answerDialog({ canceled: true });
    await world.app.answerDialog({ canceled: false, filePaths: [world.world.global.configDir] });
    await until('a second dialog was opened', async () => {
      await attach.click();
      return (await world.app.calls('dialog.showOpenDialog')).length >= 2;
    });
    await sees(page, /always in step/);
  });
});

it('force resync heals what was rejected, and says what it did', async () => {
  const { world, page } = await start();
  const server = await signIn(world.world.ref('a'), 'loop');
  await world.world.untilHeld(server);
  await invalidate(world.world.ref('c'), 'loop');
  await sees(page, '1 mission needs attention');
  expect(await row(page, 'c').innerText()).toContain('loop');
  await page.keyboard.press('Control+r');
  await world.world.untilHeld(server);
  await sees(page, 'All 3 missions in sync');
  await sees(page, /loop/);
});

describe('a wipe', () => {
  async function wiped() {
    const { world, page } = await start();
    const b = world.world.ref('b');
    const servers = [await signIn(b, 'linear'), await signIn(b, 'notion')];
    for (const server of servers) await world.world.untilHeld(server);
    await writeAsClient(b, '{"mcpOAuth":{}}');
    await sees(page, /2 servers vanished from “b”/);
    return { world, page, servers };
  }

  it('is told once, and "Restore" puts everything back', async () => {
    const { world, page, servers } = await wiped();
    await until('one notification', async () => (await world.app.notifications()).length === 1);
    await alerts(page).getByRole('button', { name: 'Restore' }).click();
    for (const server of servers) await world.world.untilHeld(server);
    await expect.poll(() => alerts(page).innerText()).toBe('');
    await sees(page, 'All 3 missions in sync');
    expect((await world.app.notifications()).map(({ open }) => open)).toEqual([false]);
  });

  it('"Remove everywhere" asks first, then signs out everywhere; the journal keeps it', async () => {
    const { world, page } = await wiped();
    await alerts(page)
      .getByRole('button', { name: /Remove everywhere/ })
      .click();
    const dialog = page.getByRole('alertdialog');
    expect(await dialog.innerText()).toMatch(/linear.*notion|notion.*linear/s);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await world.world.untilHeld({ ...mustHave(world, 'linear') }, [world.world.ref('a')]);
    await alerts(page)
      .getByRole('button', { name: /Remove everywhere/ })
      .click();
    await dialog.getByRole('button', { name: /^Remove everywhere/ }).click();
    await world.world.untilGone('linear');
    await world.world.untilGone('notion');
    const { items } = await world.world.ask('journal', {});
    expect(items.map(({ name }) => name).sort()).toEqual(
      expect.arrayContaining(['linear', 'notion']),
    );
  });

  function mustHave({ world }: AppWorld, name: string) {
    const server = serverIn(world.global, name);
    if (server === undefined) throw new Error(`${name} is gone`);
    return server;
  }
});

it('a notification opens the place that it is about', async () => {
  const { world, page } = await start();
  await world.world.untilHeld(await signIn(world.world.ref('a'), 'loop'));
  await invalidate(world.world.ref('b'), 'loop');
  await until('it is told', async () => (await world.app.notifications()).length === 1);
  expect((await world.app.notifications())[0]?.title).toBe('loop needs a sign-in');
  await world.app.clickTray();
  await world.app.clickNotification();
  await expect
    .poll(() => page.getByRole('tab', { name: 'Servers' }).getAttribute('aria-selected'))
    .toBe('true');
  // One cause, one notification, whoever else is rejected.
  await invalidate(world.world.ref('c'), 'loop');
  await sees(page, '2 missions need attention');
  expect(await world.app.notifications()).toHaveLength(1);
});

it('an entry that cannot be read is said to be so, keeps its last state on show, and comes back', async () => {
  const { world, page } = await start();
  await world.world.untilHeld(await signIn(world.world.ref('a'), 'loop'));
  await expect.poll(() => row(page, 'b').innerText()).toMatch(/1 server/);
  const file = entryFile(world.world.ref('b'));
  const kept = `${file}.kept`;
  copyFileSync(file, kept);
  // A link to itself, in one step: root is bound by no mode, and a file that is gone would be another thing.
  symlinkSync(basename(file), `${file}.loop`);
  renameSync(`${file}.loop`, file);
  await sees(page, '1 mission needs attention');
  await sees(page, /“b” does what no Claude does/);
  await expect.poll(() => row(page, 'b').innerText()).toMatch(/1 server/);
  expect(await row(page, 'b').innerText()).toMatch(/cannot be read/);
  renameSync(kept, file);
  await sees(page, 'All 3 missions in sync');
});

describe('the first start', () => {
  it('says what is there and what will happen, and syncs nothing before it may', async () => {
    const { world, page } = await start({
      firstStart: true,
      prepare: async (w) => {
        w.addMissions('a', 'b');
        await signIn(w.ref('a'), 'loop');
      },
    });
    await sees(page, 'What happens then');
    await sees(page, /2 missions/);
    await aWhile();
    expect(serverIn(world.world.ref('b'), 'loop')).toBe(undefined);
    expect(existsSync(world.world.paths.engineLock)).toBe(false);
    await page.getByRole('button', { name: 'Start syncing' }).click();
    await sees(page, 'All 2 missions in sync');
    expect(serverIn(world.world.ref('b'), 'loop')).toBeDefined();
  });

  it('is no dead end with nothing there at all', async () => {
    const { page } = await start({ firstStart: true, prepare: () => undefined });
    await page.getByRole('button', { name: 'Start syncing' }).click();
    await sees(page, 'No missions yet');
  });
});

describe('settings', () => {
  it('are written to the file, keep what they do not know, and apply', async () => {
    const { world, page } = await start({
      prepare: (w) => {
        w.addMissions('a', 'b', 'c');
        w.writeSettings({ mine: 1 });
      },
    });
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByRole('switch', { name: 'Notifications' }).press('Space');
    await page.getByRole('switch', { name: 'Launch at login' }).press('Space');
    const { settings } = world.world.paths;
    await until('they are written', () => {
      const written = JSON.parse(readFileSync(settings, 'utf8'));
      return (
        written.notifications === false && written.launchAtLogin === true && written.mine === 1
      );
    });
    const desktop = join(world.world.env.HOME, '.config/autostart/agenc-bar.desktop');
    await until('the system starts it', () => existsSync(desktop));
    // Told by nobody now.
    await world.world.untilHeld(await signIn(world.world.ref('a'), 'loop'));
    await invalidate(world.world.ref('b'), 'loop');
    await sees(page, '1 mission needs attention');
    expect(await world.app.notifications()).toEqual([]);
  });

  it('another global entry is taken up at once', async () => {
    const { world, page } = await start();
    const other = join(world.world.env.HOME, '.claude-other');
    mkdirSync(other);
    const server = await signIn({ configDir: other }, 'there');
    await page.getByRole('tab', { name: 'Settings' }).click();
    await world.app.answerDialog({ canceled: false, filePaths: [other] });
    await page.getByRole('button', { name: /Choose global config directory/i }).click();
    await world.world.untilHeld(server, [world.world.ref('a')]);
  });

  it('a damaged file is said to be so, and left alone', async () => {
    const { world, page } = await start();
    world.world.writeSettings('{ damaged');
    await page.getByRole('tab', { name: 'Settings' }).click();
    await sees(page, /not valid JSON/);
    await page.getByRole('switch', { name: 'Notifications' }).press('Space');
    await sees(page, /not valid JSON|Mend it/);
    expect(readFileSync(world.world.paths.settings, 'utf8')).toBe('{ damaged');
  });
});

describe('the log', () => {
  it('shows what happens as it happens, and is exported', async () => {
    const { world, page } = await start();
    await page.getByRole('tab', { name: 'Log' }).click();
    await world.world.untilHeld(await signIn(world.world.ref('a'), 'loop'));
    await sees(page, /loop went up to all/);
    await logOut(world.world.ref('a'), 'loop');
    await world.world.untilGone('loop');
    const file = join(world.world.env.HOME, 'export.log');
    await world.app.answerDialog({ canceled: false, filePath: file });
    await page.getByRole('button', { name: /Export/ }).click();
    await until('it is written', () => {
      return /↑ {2}a: loop went up to all/.test(readFileSync(file, 'utf8'));
    });
  });
});

it('200 missions: a sign-in is seen, and the last of them is found', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `mission-${index}`);
  const { world, page } = await start({ prepare: (w) => void w.addMissions(...ids) });
  await sees(page, 'All 200 missions in sync');
  await world.world.untilHeld(await signIn(world.world.ref('mission-7'), 'loop'));
  await page.getByRole('searchbox').fill('mission-199');
  await expect.poll(() => row(page, 'mission-199').innerText()).toMatch(/1 server/);
  expect(await page.getByRole('row').count()).toBeLessThan(5);
}, 60_000);
