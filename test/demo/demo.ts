import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { editAsClient, logOut, type Place, serverIn, signIn } from '../support/clientWrites.ts';
import { createPage } from './page.ts';

/*
 * The main job in ten seconds, on a real engine and real files in a temporary folder: nothing of the
 * user's is touched. What arrives where, and when, is watched here and not taken from the engine's word.
 */

const CLI = join(import.meta.dirname, '../../out/cli.js');
const PAUSE_MS = 1_000;
const PATIENCE_MS = 10_000;
const page = createPage((line) => console.log(line));

const root = mkdtempSync(join(tmpdir(), 'agenc-bar-demo-'));
const agenc = join(root, '.agenc');
const env = {
  PATH: process.env.PATH ?? '',
  HOME: root,
  AGENC_DIRPATH: agenc,
  AGENC_BAR_STORE: 'file',
  AGENC_BAR_JOURNAL_KEY: 'file',
};
const places = {
  'global entry': { configDir: join(root, '.claude') },
  'mission anna': mission('anna'),
  'mission ben': mission('ben'),
  'mission carla': mission('carla'),
} as const;
type PlaceName = keyof typeof places;

function mission(id: string): Place {
  const folder = join(agenc, 'missions', id);
  mkdirSync(join(folder, 'claude-config'), { recursive: true });
  mkdirSync(join(folder, 'agent'));
  // A mission runs for as long as the process in its pid file lives: here, this one.
  writeFileSync(join(folder, 'pid'), `${process.pid}\n`);
  return { configDir: join(folder, 'claude-config') };
}

/** Waits until a server's value in a place is what it should be. @returns when that was seen (monotonic ms) */
function arrival(place: Place, holds: () => boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error('Nothing arrived.'))), PATIENCE_MS);
    const watcher = watch(place.configDir, look);
    function end(then: () => void): void {
      clearTimeout(timer);
      watcher.close();
      then();
    }
    function look(): void {
      if (holds()) end(() => resolve(performance.now()));
    }
    look();
  });
}

/** Makes a change in one place, and shows when every other one has it. */
async function show(
  from: PlaceName,
  what: string,
  change: () => Promise<void>,
  holds: (place: Place) => boolean,
): Promise<void> {
  const others = (Object.keys(places) as PlaceName[]).filter((name) => name !== from);
  let changedAt = 0;
  const arrivals = others.map(async (name) => ({
    name,
    at: await arrival(places[name], () => changedAt > 0 && holds(places[name])),
  }));
  await change();
  changedAt = performance.now();
  for (const { name, at } of await Promise.all(arrivals))
    page.result(name, what, Math.max(0, at - changedAt));
  await sleep(PAUSE_MS);
}

async function startEngine(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CLI, 'sync', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  if (!first.includes('"ready"')) throw new Error(`The engine said: ${first}`);
  child.stdout.resume();
  return child;
}

/** What `agenc-bar` says, as a user would ask it. */
function ask(...args: string[]): string {
  return execFileSync(process.execPath, [CLI, ...args], { env, encoding: 'utf8' });
}

async function main(): Promise<void> {
  mkdirSync(places['global entry'].configDir);
  page.title('AgenC Bar: three Claude Code sessions, one sign-in');
  const engine = await startEngine();
  process.once('exit', () => engine.kill('SIGKILL'));
  page.note('The engine runs on three made-up missions in a temporary folder.');
  await sleep(PAUSE_MS / 2);

  page.step('You sign in to "github" in mission anna.');
  const anna = places['mission anna'];
  await show(
    'mission anna',
    'signed in',
    async () => void (await signIn(anna, 'github')),
    (place) => serverIn(place, 'github') !== undefined,
  );

  page.step('The client in mission ben refreshes that token; the old one is dead now.');
  let fresh = '';
  await show(
    'mission ben',
    'has the new token',
    async () => {
      fresh = String((await signIn(places['mission ben'], 'github')).accessToken);
    },
    (place) => serverIn(place, 'github')?.accessToken === fresh,
  );

  page.step('You sign in to "linear" and "sentry" with a plain claude, outside of any mission.');
  await show(
    'global entry',
    'signed in to both',
    async () => {
      await signIn(places['global entry'], 'linear');
      await signIn(places['global entry'], 'sentry');
    },
    (place) => serverIn(place, 'linear') !== undefined && serverIn(place, 'sentry') !== undefined,
  );

  page.step('You log out of "github" in mission carla: a logout goes everywhere.');
  await show(
    'mission carla',
    'logged out',
    () => logOut(places['mission carla'], 'github'),
    (place) => serverIn(place, 'github') === undefined,
  );

  page.step('Mission anna loses all its servers at once. No logout looks like that.');
  await editAsClient(anna, (blob) => {
    blob.mcpOAuth = {};
  });
  await sleep(PAUSE_MS / 2);
  for (const name of ['global entry', 'mission ben', 'mission carla'] as const) {
    const kept = ['linear', 'sentry'].filter(
      (server) => serverIn(places[name], server) !== undefined,
    );
    page.result(name, `keeps ${kept.join(' and ')}`);
  }
  const [alert = ''] = ask('alerts').split('\n');
  const [id = ''] = alert.split(': ');
  page.note(alert);
  ask('resolve', id, 'restore');
  page.result('mission anna', 'restored, on your word');

  engine.kill('SIGTERM');
  await once(engine, 'exit');
  page.note(
    'That was a real engine on real files, and nothing of yours was touched. README.md says how to run it on your own missions: npm start.',
  );
  console.log();
}

process.once('exit', () => rmSync(root, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
await main();
