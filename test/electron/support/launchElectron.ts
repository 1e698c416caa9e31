import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { _electron } from 'playwright-core';
import { type ElectronHandles, electronHandles } from './electronHandles.ts';
import { folders, type LaunchedApp, type LaunchOptions } from './launchedApp.ts';

const CLOSE_MS = 8_000;
const PACKAGE = join(import.meta.dirname, '../../../node_modules/electron/package.json');

let announced = false;

/** The app under the real Electron, by Playwright. */
export async function launchElectron(
  program: string,
  app: string,
  options: LaunchOptions,
): Promise<LaunchedApp> {
  const world = folders(options);
  const electron = await _electron.launch({
    executablePath: program,
    args: [`--user-data-dir=${world.userData}`, app, ...(options.args ?? [])],
    cwd: world.home,
    env: world.env,
    colorScheme: null,
    // Electron's sandbox does not work for root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const child = electron.process();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text) => {
      output += text;
    });
  }
  let runs = true;
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      runs = false;
      resolve(code);
    });
  });
  async function close(): Promise<void> {
    const ended = electron.close().catch(() => undefined);
    await Promise.race([ended, sleep(CLOSE_MS, undefined, { ref: false })]);
    if (runs) child.kill('SIGKILL');
    await exited;
    await world.remove();
  }

  if (!announced) {
    const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
    console.log(`end-to-end tests run on: Electron ${version}`);
  }
  announced = true;
  const evaluate = electron.evaluate.bind(electron) as LaunchedApp['evaluate'];
  const handles: Partial<ElectronHandles> = electronHandles(evaluate);
  const own = {
    home: world.home,
    userData: world.userData,
    pid: child.pid,
    exited,
    output: () => output,
    evaluate,
    firstWindow: () => electron.firstWindow(),
    windows: async () => electron.windows(),
    close,
    [Symbol.asyncDispose]: close,
    ...handles,
  };
  return new Proxy(own, {
    get(target, key) {
      if (key in target || typeof key === 'symbol' || key === 'then')
        return Reflect.get(target, key);
      throw new Error(`${key} is only on the stand-in: the test needs standInOnly()`);
    },
  }) as unknown as LaunchedApp;
}
