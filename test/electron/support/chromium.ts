/**
 * The browser that stands for Electron's renderer: the system's own Chromium, found or installed.
 * Tests of the page alone (`test/renderer`) use it too.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Browser, type BrowserServer, chromium } from 'playwright-core';

const run = promisify(execFile);

/** Without windows it starts in a third of the processor time, and draws in half of it. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** For root, in a container, without a network: nothing here weakens what a page may do to a page. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Two processes less to start: a third of what a start costs.
  '--in-process-gpu',
  '--enable-features=NetworkServiceInProcess2',
  // A page lives for a second here: to optimise its code costs more than it gains.
  '--js-flags=--no-opt --no-maglev',
];

const END_MS = 5_000;
const LOOK_MS = 10;
const INSTALL_MS = 10 * 60_000;
const LOCK = join(tmpdir(), 'agenc-bar-install-chromium.lock');

let found: Promise<string> | undefined;

/**
 * The program to start: `CHROMIUM_PATH`, one that is installed, or one that is installed now.
 * Playwright's own download is the last resort, as it needs the network.
 */
export function findChromium(): Promise<string> {
  found ??= installed() ?? once(install);
  return found;
}

/** A browser with a fresh profile; `close()` ends it and removes the profile. */
export async function launchChromium(): Promise<Browser> {
  const options = await launchOptions();
  const browser = await chromium.launch(options);
  browser.once('disconnected', options.remove);
  return browser;
}

/** The same for several processes, which each `chromium.connect()` to it. */
export async function launchChromiumServer(): Promise<BrowserServer> {
  const options = await launchOptions();
  const server = await chromium.launchServer(options);
  server.once('close', options.remove);
  return server;
}

async function launchOptions() {
  // Chromium and Debian's start script look for files there: none of the user's.
  const home = mkdtempSync(join(tmpdir(), 'agenc-bar-chromium-'));
  return {
    executablePath: await findChromium(),
    headless: true,
    args: [...CHROMIUM_FLAGS],
    env: chromiumEnvironment(home),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** What Chromium needs of the environment, and nothing that could lead it to the user's own things. */
export function chromiumEnvironment(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, LANG: 'en_US.UTF-8' };
}

/** Waits until no Chromium uses this profile; one that does not end is killed. */
export async function chromiumEnd(profile: string): Promise<void> {
  const deadline = performance.now() + END_MS;
  for (let pids = await usersOf(profile); pids.length > 0; pids = await usersOf(profile)) {
    if (performance.now() > deadline) for (const pid of pids) process.kill(pid, 'SIGKILL');
    await sleep(LOOK_MS);
  }
}

/** By the profile in their arguments: the folder is a test's own. */
async function usersOf(profile: string): Promise<number[]> {
  const isIts = (args: string) => args.includes(`--user-data-dir=${profile}`);
  if (existsSync('/proc/self/cmdline'))
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isIts(argumentsOf(name)))
      .map(Number);
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,args=']);
  return stdout
    .split('\n')
    .filter(isIts)
    .map((line) => Number.parseInt(line, 10));
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

function installed(): Promise<string> | undefined {
  const asked = process.env.CHROMIUM_PATH;
  if (asked !== undefined && asked !== '') {
    if (!existsSync(asked)) throw new Error(`CHROMIUM_PATH names ${asked}, which does not exist.`);
    return Promise.resolve(asked);
  }
  const shell = process.env.HEADED === '1' ? [] : [HEADLESS_SHELL];
  const place = [...shell, ...PLACES, chromium.executablePath()].find((path) => existsSync(path));
  return place === undefined ? undefined : Promise.resolve(place);
}

async function install(): Promise<string> {
  const failures: string[] = [];
  for (const [command, ...args] of installers()) {
    try {
      await run(command, args, { timeout: INSTALL_MS, maxBuffer: 64 * 2 ** 20 });
    } catch (error) {
      failures.push(`${command} ${args.join(' ')}: ${error}`);
    }
    const path = installed();
    if (path !== undefined) return path;
  }
  throw new Error(
    'These tests need Chromium. Install it (Debian: apt-get install chromium) or name it in ' +
      `CHROMIUM_PATH. What was tried:\n${failures.join('\n')}`,
  );
}

function installers(): [string, ...string[]][] {
  const playwright = join(import.meta.dirname, '../../../node_modules/playwright-core/cli.js');
  const download: [string, ...string[]] = [process.execPath, playwright, 'install', 'chromium'];
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return [download];
  const apt = ['apt-get', '-y', '-qq', '-o', 'Dpkg::Use-Pty=0'] as const;
  const quietly = ['env', 'DEBIAN_FRONTEND=noninteractive'] as const;
  return [
    [...quietly, ...apt, 'install', '--no-install-recommends', 'chromium-headless-shell'],
    // The package lists may be old or absent.
    [...quietly, ...apt, 'update'],
    [...quietly, ...apt, 'install', '--no-install-recommends', 'chromium-headless-shell'],
    [...quietly, ...apt, 'install', '--no-install-recommends', 'chromium'],
    download,
  ];
}

/** Test files run in several processes: one installs, the others wait for it. */
async function once(work: () => Promise<string>): Promise<string> {
  const deadline = Date.now() + INSTALL_MS;
  while (!taken()) {
    if (Date.now() > deadline) throw new Error(`Another process installs Chromium: see ${LOCK}`);
    await sleep(500);
  }
  try {
    return await (installed() ?? work());
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function taken(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    // One who was killed leaves the lock behind.
    const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > INSTALL_MS) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}
