/** Starts the app for a test: under Electron where there is one, else under the stand-in. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { launchElectron } from './launchElectron.ts';
import type { LaunchedApp, LaunchOptions } from './launchedApp.ts';
import { launchStandIn } from './launchStandIn.ts';

export type { LaunchedApp, LaunchOptions } from './launchedApp.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');
/** The electron package's own version is that of its binary. */
const ELECTRON_PROGRAM =
  process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';

const electron = [
  process.env.ELECTRON_OVERRIDE_DIST_PATH,
  join(PROJECT, 'node_modules/electron/dist'),
]
  .filter((folder) => folder !== undefined && folder !== '')
  .map((folder) => join(String(folder), ELECTRON_PROGRAM))
  .find((program) => existsSync(program));

/** Whether tests run on the stand-in. What only it can do, a test skips on Electron: `standInOnly`. */
export const isStandIn = electron === undefined;

/**
 * Skips a test on Electron, visibly: `standInOnly(context, 'clicks the tray icon')`.
 * @param context what Vitest hands to the test
 */
export function standInOnly(context: { skip(note?: string): never }, why: string): void {
  if (!isStandIn) context.skip(`not on Electron: ${why}`);
}

/** Starts the app in a world of its own: a home that is empty, an environment that is explicit. */
export async function launchApp(options: LaunchOptions = {}): Promise<LaunchedApp> {
  const app = resolve(PROJECT, options.main ?? '.');
  return electron === undefined
    ? launchStandIn(app, options)
    : launchElectron(electron, app, options);
}
