import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Handles } from '../double/handles.ts';
import { SETTINGS_VARIABLE, type StandInSettings } from '../double/standInSettings.ts';
import { chromiumEnd, findChromium } from './chromium.ts';
import { folders, type LaunchedApp, type LaunchOptions } from './launchedApp.ts';
import { Pages } from './pages.ts';
import { Talk } from './talk.ts';

const START = join(import.meta.dirname, '../double/start.ts');
const CLOSE_MS = 8_000;
/** Electron's main process outlives a rejection that nobody handles, as of a page that was closed while it loaded. */
const AS_ELECTRON = ['--unhandled-rejections=warn-with-error-code'];

let announced = false;

/** The app's main process in Node, its windows in Chromium. */
export async function launchStandIn(app: string, options: LaunchOptions): Promise<LaunchedApp> {
  const world = folders(options);
  const settings: StandInSettings = {
    app,
    chromium: await findChromium(),
    chromiumFolder: world.chromium,
    headed: process.env.HEADED === '1',
    packaged: options.packaged === true,
    platform: options.platform ?? process.platform,
    media: options.media ?? {},
  };
  const child = spawn(
    process.execPath,
    [...AS_ELECTRON, START, `--user-data-dir=${world.userData}`, app, ...(options.args ?? [])],
    {
      cwd: world.home,
      env: { ...world.env, [SETTINGS_VARIABLE]: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Dates, maps and bytes reach the test as what they are.
      serialization: 'advanced',
    },
  );
  const talk = new Talk(child);
  const pages = new Pages(talk.endpoint);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${process.execPath} cannot be started`);

  async function close(): Promise<void> {
    if (talk.runs) {
      void talk.run('({ app }) => { app.quit(); }').catch(() => undefined);
      await Promise.race([talk.exited, sleep(CLOSE_MS, undefined, { ref: false })]);
    }
    if (talk.runs) child.kill('SIGKILL');
    await talk.exited;
    await pages.close();
    // It ends with the app; as long as it runs it writes to its profile.
    await chromiumEnd(world.chromium);
    await world.remove();
  }

  if (!announced)
    console.log(`end-to-end tests run on: Electron stand-in (Node ${process.version})`);
  announced = true;
  const own: Omit<LaunchedApp, keyof Handles> = {
    home: world.home,
    userData: world.userData,
    pid,
    exited: talk.exited,
    output: () => talk.output,
    evaluate: <R>(run: unknown, arg?: unknown) => talk.run(String(run), arg) as Promise<Awaited<R>>,
    firstWindow: () => pages.first(),
    windows: () => pages.all(),
    close,
    [Symbol.asyncDispose]: close,
  };
  return withHandles(own, (name, args) => talk.handle(name, args));
}

/** Every other member is a handle: its name and arguments cross to the main process. */
function withHandles(
  own: Omit<LaunchedApp, keyof Handles>,
  call: (name: keyof Handles, args: unknown[]) => Promise<unknown>,
): LaunchedApp {
  return new Proxy(own, {
    get(target, key) {
      if (key in target || typeof key === 'symbol' || key === 'then')
        return Reflect.get(target, key);
      return (...args: unknown[]) => call(key as keyof Handles, args);
    },
  }) as LaunchedApp;
}
