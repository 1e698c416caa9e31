import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Handles } from '../double/handles.ts';
import type { Media } from '../double/standInSettings.ts';

export interface LaunchOptions {
  /** The app: its folder (default: this project, so `out/electron/main.js`) or a file. */
  readonly main?: string;
  /** Beside PATH, HOME and LANG, which are all that the app otherwise gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Behind the app's path on the command line. */
  readonly args?: readonly string[];
  /** Electron's own folder. Default: one that is removed at the end. */
  readonly userData?: string;
  /** Default: a folder that is removed at the end. */
  readonly home?: string;
  readonly media?: Media;
  /** What `process.platform` says: on the stand-in only. */
  readonly platform?: NodeJS.Platform;
  /** `app.isPackaged`: on the stand-in only. */
  readonly packaged?: boolean;
}

/** The handles, as they are called from a test. */
export type Remote<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

/** A running app: the shape of Playwright's `ElectronApplication`, and what a user does. */
export interface LaunchedApp extends Remote<Handles>, AsyncDisposable {
  readonly home: string;
  readonly userData: string;
  readonly pid: number;
  /** The exit code, when it has ended. `null`: a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it wrote so far, stdout and stderr together. */
  output(): string;
  /** Runs a function in the main process: its text crosses, not its scope. */
  evaluate<R>(run: (electron: typeof Electron) => R): Promise<Awaited<R>>;
  evaluate<R, A>(run: (electron: typeof Electron, arg: A) => R, arg: A): Promise<Awaited<R>>;
  /** The page of the first window that there is, as soon as it is loaded. Waits for main to make one. */
  firstWindow(): Promise<Page>;
  /** The pages of all windows there are. */
  windows(): Promise<Page[]>;
  /** Ends it as a user does; by force if it does not end within a few seconds. */
  close(): Promise<void>;
}

/** The folders that an app writes to, and how to be rid of them. */
export function folders(options: LaunchOptions): {
  home: string;
  userData: string;
  chromium: string;
  env: Record<string, string>;
  remove: () => Promise<void>;
} {
  const made = mkdtempSync(join(tmpdir(), 'agenc-bar-app-'));
  const home = options.home ?? join(made, 'home');
  const userData = options.userData ?? join(made, 'user-data');
  for (const folder of [home, userData]) mkdirSync(folder, { recursive: true });
  return {
    home,
    userData,
    chromium: join(made, 'chromium'),
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: home,
      LANG: 'en_US.UTF-8',
      ...options.env,
    },
    remove: () => rm(made, { recursive: true, force: true, maxRetries: 5 }),
  };
}
