import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { aWhile } from '../support/aWhile.ts';
import { invalidate, serverIn, signIn } from '../support/clientWrites.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { until } from '../support/until.ts';
import { type AppWorld, ask, openAppWorld, untilConnected } from './support/appWorld.ts';
import { launchApp } from './support/launch.ts';

let world: AppWorld;
beforeEach(async () => {
  world = await openAppWorld({ prepare: (w) => void w.addMissions('a', 'b') });
});
afterEach(() => world[Symbol.asyncDispose]());

const visible = async () => (await world.app.windowStates()).map((window) => window.visible);
const menuLabels = async () => (await world.app.tray()).menu?.map(({ label }) => label) ?? [];

describe('the tray', () => {
  it('is there without a window, with a menu, and says how it stands', async () => {
    await until('all is in sync', async () => {
      return (await world.app.tray()).toolTip === 'AgenC Bar: All 2 missions in sync';
    });
    expect(await visible()).toEqual([]);
    const { image } = await world.app.tray();
    expect(image.path).toMatch(/trayInSync/);
    expect(image.empty).toBe(false);
    expect(await menuLabels()).toEqual(
      expect.arrayContaining(['Force Resync', 'Pause Syncing', 'Quit AgenC Bar']),
    );
  });

  it('syncs without any window ever being made', async () => {
    const server = await signIn(world.world.ref('a'), 'loop');
    await world.world.untilHeld(server);
    expect(await world.app.calls('new BrowserWindow')).toEqual([]);
  });

  it('opens and closes the popover with a click; a click elsewhere closes it too', async () => {
    await world.open();
    await expect.poll(visible).toEqual([true]);
    await world.app.clickTray();
    await expect.poll(visible).toEqual([false]);
    await world.app.clickTray();
    await expect.poll(visible).toEqual([true]);
    await world.app.blurWindow();
    await expect.poll(visible).toEqual([false]);
  });

  it('pauses and resumes', async () => {
    const page = await world.open();
    await untilConnected(world, page);
    await world.app.clickMenu('Pause Syncing');
    await until('it is shown', async () =>
      /trayPaused/.test((await world.app.tray()).image.path ?? ''),
    );
    const server = await signIn(world.world.ref('a'), 'loop');
    await aWhile();
    expect(serverIn(world.world.ref('b'), 'loop')).toBe(undefined);
    await world.app.clickMenu('Pause Syncing');
    await world.world.untilHeld(server);
  });
});

describe('a second start', () => {
  it('opens the window of the first, and ends', async () => {
    await world.open();
    await world.app.clickTray();
    await expect.poll(visible).toEqual([false]);
    const second = await launchApp({
      home: world.world.env.HOME,
      env: world.world.env,
      userData: world.app.userData,
    });
    expect(await second.exited).toBe(0);
    await expect.poll(visible).toEqual([true]);
  });
});

describe('quit', () => {
  it('writes every running mission back, and leaves no lock and no socket', async () => {
    const page = await world.open();
    await untilConnected(world, page);
    const server = await signIn(world.world.ref('a'), 'last');
    await ask(page, 'quit', {}).catch(() => undefined);
    expect(await world.app.exited).toBe(0);
    await world.world.untilHeld(server, [world.world.ref('a'), world.world.global]);
    const { engineLock, engineSocket, syncLog } = world.world.paths;
    expect([existsSync(engineLock), existsSync(engineSocket)]).toEqual([false, false]);
    expect(readFileSync(syncLog, 'utf8')).toContain('"stopped"');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s is one too', async (signal) => {
    const page = await world.open();
    await untilConnected(world, page);
    process.kill(world.app.pid, signal);
    expect(await world.app.exited).toBe(0);
    expect(existsSync(world.world.paths.engineLock)).toBe(false);
  });
});

describe('a refresh that was sent to a slow server', () => {
  let oauth: OAuthMcpServer;
  beforeEach(async () => {
    oauth = await startOAuthMcpServer();
    // As long as the client would wait, and longer than a quit takes.
    oauth.setAnswerDelay(11_000);
  });
  afterEach(() => oauth.close());

  it('costs nobody the sign-in when the app quits: its answer is waited for, and is in every entry', async () => {
    const places = [world.world.global, world.world.ref('a'), world.world.ref('b')];
    await until('the engine runs', () => existsSync(world.world.paths.engineSocket));
    const due = signedInAt(oauth, 'slow', { expiresAt: Date.now() + 120_000 });
    await putServer(world.world.ref('a'), due);
    await until('the token is sent', () => oauth.tokenRequests.length === 1);
    process.kill(world.app.pid, 'SIGTERM');
    expect(await world.app.exited).toBe(0);
    expect(places.map((place) => serialIn(oauth, place, 'slow'))).toEqual([2, 2, 2]);
  });
}, 60_000);

describe('the window', () => {
  it('survives a crash of its page: the next click makes a new one', async () => {
    await world.open();
    await world.app.crashWindow();
    await expect.poll(visible).toEqual([]);
    const server = await signIn(world.world.ref('a'), 'loop');
    await world.world.untilHeld(server);
    await world.app.clickTray();
    await expect.poll(visible).toEqual([true]);
  });

  it('can be a normal window, stays one, and remembers its size', async () => {
    const page = await world.open();
    // The page that asks goes with its popover, before it has its answer.
    await ask(page, 'present', { as: 'window' }).catch(() => undefined);
    await expect.poll(visible).toEqual([true]);
    const [shape] = await world.app.windowStates();
    expect(shape?.options).not.toMatchObject({ frame: false });
    await world.app.resizeWindow(500, 640);
    await world.app.closeWindow();
    await until('it is remembered', () => {
      const remembered = JSON.parse(readFileSync(world.world.paths.app, 'utf8'));
      return remembered.presentation === 'window' && remembered.size?.[0] === 500;
    });
    await world.app.clickTray();
    await expect.poll(visible).toEqual([true]);
    const [again] = await world.app.windowStates();
    expect(again).toMatchObject({ bounds: { width: 500, height: 640 } });
  });
});

describe('with an engine of another process', () => {
  it('shows that one, and takes over when it is killed', async () => {
    const engineWorld = await openAppWorld({
      prepare: async (w) => {
        w.addMissions('a', 'b');
        await w.startEngine();
      },
    });
    try {
      const page = await engineWorld.open();
      await untilConnected(engineWorld, page, 'other');
      const server = await signIn(engineWorld.world.ref('a'), 'loop');
      await until('its sync is shown', async () => {
        const { snapshot } = await engineWorld.state(page);
        return snapshot?.missions.every(({ servers }) => servers[0]?.name === 'loop') === true;
      });
      await engineWorld.world.untilHeld(server);
      await engineWorld.world.killAll();
      await untilConnected(engineWorld, page, 'own');
      await engineWorld.world.untilHeld(await signIn(engineWorld.world.ref('b'), 'after'));
    } finally {
      await engineWorld[Symbol.asyncDispose]();
    }
  });
});

it('after sleep everything is looked at once more, and no rejected token is pushed back', async () => {
  const page = await world.open();
  await untilConnected(world, page);
  const [a, b] = [world.world.ref('a'), world.world.ref('b')];
  await world.world.untilHeld(await signIn(a, 'loop'));
  await invalidate(b, 'loop');
  const statusOfB = async () => {
    const { snapshot } = await world.state(page);
    return snapshot?.missions.find(({ id }) => id === 'b');
  };
  await until('it is shown', async () => (await statusOfB())?.servers[0]?.status === 'invalidated');
  const seenAt = (await statusOfB())?.seenAt;
  for (const event of ['suspend', 'resume', 'unlock-screen'] as const) await world.app.power(event);
  await until('it was looked at again', async () => (await statusOfB())?.seenAt !== seenAt);
  expect(serverIn(b, 'loop')).toMatchObject({ accessToken: '' });
});
