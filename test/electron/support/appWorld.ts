import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { AppState } from '../../../main/service/contract/app.ts';
import { makeWorld, type World } from '../../support/engineHarness.ts';
import { MARK } from '../../support/fake.ts';
import { until } from '../../support/until.ts';
import { type LaunchedApp, type LaunchOptions, launchApp } from './launch.ts';

/** The app on a temporary AGENC_DIRPATH and HOME of its own, with real files and the real engine. */
export interface AppWorld extends AsyncDisposable {
  readonly world: World;
  readonly app: LaunchedApp;
  /** Opens the popover as a user does, and gives its page. */
  open(): Promise<Page>;
  /** What main tells the page. */
  state(page: Page): Promise<AppState>;
}

export interface AppWorldOptions extends LaunchOptions {
  /** What is there before the app starts. */
  readonly prepare?: (world: World) => void | Promise<void>;
  /** What the browser complains of is meant: the test provokes it. */
  readonly provokes?: boolean;
  /** The user has not seen the app yet: nothing is synced before the first start's consent. */
  readonly firstStart?: boolean;
}

/** Everything is removed, and looked through for secrets, when it is disposed. */
export async function openAppWorld(options: AppWorldOptions = {}): Promise<AppWorld> {
  const { prepare, firstStart = false, provokes = false, ...launch } = options;
  const world = makeWorld();
  await prepare?.(world);
  if (!firstStart) welcome(world);
  const app = await launchApp({
    home: world.env.HOME,
    ...launch,
    env: { ...world.env, ...launch.env },
  });

  async function open(): Promise<Page> {
    await until('the icon has its menu', async () => (await app.tray()).menu !== null);
    await app.clickTray();
    const page = await app.firstWindow();
    // It is shown when its page is there; a click before that would be another one's.
    await until('the window is seen', async () => {
      return (await app.windowStates()).some(({ visible }) => visible);
    });
    return page;
  }

  return {
    world,
    app,
    open,
    state: (page) => ask(page, 'state', {}) as Promise<AppState>,
    async [Symbol.asyncDispose]() {
      const complaints = provokes ? [] : await complaintsOf(app);
      const output = app.output();
      await app.close();
      await world.cleanup();
      if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join('; ')}`);
      if (output.includes(MARK)) throw new Error('A marked token is in what the app printed.');
    },
  };
}

/** Errors of the page, and what the content security policy refused. */
async function complaintsOf(app: LaunchedApp): Promise<string[]> {
  // Tests may have ended it.
  const calls = await app.calls().catch(() => []);
  return calls
    .filter(
      ([what, level]) => what === 'page error' || (what === 'page console' && level === 'error'),
    )
    .map((call) => call.join(' '));
}

/** The user has read what will happen, some time ago. */
function welcome({ paths }: World): void {
  mkdirSync(paths.bar, { recursive: true, mode: 0o700 });
  writeFileSync(paths.app, JSON.stringify({ welcomed: true }), { mode: 0o600 });
}

/** Has main carry out a command, as the page's own code does. */
export async function ask(page: Page, name: string, params: object): Promise<unknown> {
  const answer = await page.evaluate(
    ([command, given]) =>
      window.agencBar.invoke(command as 'state', given as Record<string, never>),
    [name, params] as const,
  );
  if (answer.ok) return answer.value;
  throw new Error(answer.message);
}

/** Waits until the engine runs, in this app or in another process. */
export async function untilConnected({ state }: AppWorld, page: Page, how = 'own'): Promise<void> {
  await until(`the connection is "${how}"`, async () => {
    return (await state(page)).connection.status === how;
  });
}
