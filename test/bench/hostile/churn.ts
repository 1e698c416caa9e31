import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { descriptorsOf, memoryOf } from '../../hostile/processFacts.ts';
import { editAsClient, readBlob } from '../../support/clientWrites.ts';
import { makeWorld, type World } from '../../support/engineHarness.ts';
import type { EngineProcess } from '../../support/engineProcess.ts';
import { fakeEntry, fakeServer, serverKey } from '../../support/fake.ts';
import { createRandom, type Random } from '../../support/random.ts';
import { until } from '../../support/until.ts';

export interface ChurnOptions {
  readonly missions: number;
  /** In all missions together. */
  readonly writesPerSecond: number;
  readonly seconds: number;
  /** How long an engine lives in the mean; 0: it is never killed. */
  readonly upSeconds: number;
  readonly seed: number;
}

export interface ChurnReport {
  readonly writes: number;
  readonly kills: number;
  /** From starting a new engine in the middle of it to its "ready", ms. */
  readonly readyMs: readonly number[];
  /** MB, of whichever engine ran. */
  readonly memory: { readonly base: number; readonly max: number; readonly after: number };
  readonly descriptors: { readonly base: number; readonly max: number; readonly after: number };
  /** From the last write until all hold the newest version of everything, ms. */
  readonly settleMs: number;
  readonly violations: readonly string[];
}

const WRITERS = 20;
/** Each writer signs in to so many servers, again and again. */
const SERVERS_EACH = 3;
const SAMPLE_MS = 250;
/** Longer than any engine takes to let go of what the storm left in its queues. */
const AFTERWARDS_MS = 15_000;
const SETTLE_LIMIT_MS = 90_000;

/**
 * Many missions whose clients write without a pause, others that come and go, and an engine that is killed again
 * and again. In the end everybody must hold the newest version of every server.
 */
export async function churn(options: ChurnOptions): Promise<ChurnReport> {
  const world = makeWorld();
  const random = createRandom(options.seed);
  const over = new AbortController();
  const names = Array.from({ length: options.missions }, (_, index) => `m${index}`);
  const base = fakeEntry(['base-0', 'base-1', 'base-2', 'base-3', 'base-4']);
  for (const name of names) world.addMission(name, { entry: base });
  let engine = await world.startEngine();
  const atFirst = { memory: memoryOf(engine.pid).now, descriptors: descriptorsOf(engine.pid) };
  const highest = { ...atFirst };
  const sampling = setInterval(() => {
    highest.memory = Math.max(highest.memory, memoryOf(engine.pid).now);
    highest.descriptors = Math.max(highest.descriptors, descriptorsOf(engine.pid));
  }, SAMPLE_MS);

  const newest = new Map<string, string>();
  const readyMs: number[] = [];
  const violations: string[] = [];
  let writes = 0;
  let kills = 0;

  async function write(writer: number): Promise<void> {
    const place = world.ref(`m${writer % names.length}`);
    const everyMs = (1_000 * WRITERS) / options.writesPerSecond;
    for (let version = 1; !over.signal.aborted; version += 1) {
      const from = performance.now();
      const server = fakeServer(`w${writer}-${version % SERVERS_EACH}`, {
        expiresAt: Date.now() + 3_600_000 + version,
      });
      await editAsClient(place, (blob) => {
        blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(server.serverName)]: server };
      });
      newest.set(server.serverName, String(server.accessToken));
      writes += 1;
      await pause(everyMs - (performance.now() - from), over.signal);
    }
  }

  async function killAgainAndAgain(): Promise<void> {
    while (options.upSeconds > 0) {
      await pause(options.upSeconds * 1_000 * (0.2 + random.next() * 1.6), over.signal);
      if (over.signal.aborted) return;
      if (!engine.alive()) throw new Error(`the engine ended by itself. ${engine.stderr()}`);
      await engine.kill('SIGKILL');
      kills += 1;
      const from = performance.now();
      engine = await world.startEngine();
      readyMs.push(performance.now() - from);
    }
  }

  const jobs = [
    ...Array.from({ length: WRITERS }, (_, index) => write(index)),
    comeAndGo(world, names.slice(WRITERS), base, random, over.signal),
    killAgainAndAgain(),
  ];
  for (const job of jobs)
    job.catch((error: unknown) => {
      violations.push(String(error));
      over.abort();
    });
  await pause(options.seconds * 1_000, over.signal);
  over.abort();
  await Promise.allSettled(jobs);

  for (const name of names) ensure(world, name, base);
  const from = performance.now();
  const behind = (): string[] =>
    [world.global, ...names.map(world.ref)]
      .filter(({ configDir }) => isBehind(configDir, newest))
      .map(({ configDir }) => configDir);
  await until(
    'all hold the newest of everything',
    () => behind().length === 0,
    SETTLE_LIMIT_MS,
  ).catch(() =>
    violations.push(`behind: ${behind().slice(0, 5).join(', ')}. ${lastWords(engine)}`),
  );
  const settleMs = performance.now() - from;
  await sleep(AFTERWARDS_MS);
  clearInterval(sampling);
  const after = { memory: memoryOf(engine.pid).now, descriptors: descriptorsOf(engine.pid) };
  if (!engine.alive()) violations.push(`the engine ended. ${engine.stderr()}`);
  const left = world.leftovers();
  violations.push(...left.slice(0, 5).map((path) => `left behind: ${path}`));
  await world.cleanup().catch((error: unknown) => violations.push(String(error)));
  return {
    writes,
    kills,
    readyMs,
    memory: { base: atFirst.memory, max: highest.memory, after: after.memory },
    descriptors: { base: atFirst.descriptors, max: highest.descriptors, after: after.descriptors },
    settleMs,
    violations,
  };
}

/** Missions that are removed, made, stopped and started. */
async function comeAndGo(
  world: World,
  names: readonly string[],
  base: string,
  random: Random,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted && names.length > 0) {
    const name = random.pick(names);
    switch (random.below(4)) {
      case 0:
        rmSync(join(world.paths.missions, name), { recursive: true, force: true, maxRetries: 5 });
        break;
      case 1:
        world.setStopped(name);
        break;
      default:
        ensure(world, name, base);
    }
    await pause(50 + random.below(100), over);
  }
}

/** The mission is there, and runs. */
function ensure(world: World, name: string, base: string): void {
  const isThere = readable(join(world.paths.missions, name, 'claude-config'));
  mkdirSync(join(world.paths.missions, name), { recursive: true });
  if (isThere) world.setRunning(name);
  else world.addMission(name, { entry: base });
}

function readable(configDir: string): boolean {
  try {
    return readBlob({ configDir }).mcpOAuth !== undefined;
  } catch {
    return false;
  }
}

function isBehind(configDir: string, newest: ReadonlyMap<string, string>): boolean {
  const servers = readBlob({ configDir }).mcpOAuth ?? {};
  return [...newest].some(([name, token]) => servers[serverKey(name)]?.accessToken !== token);
}

function lastWords(engine: EngineProcess): string {
  return engine.events
    .slice(-5)
    .map((event) => JSON.stringify(event))
    .join('\n');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Ending early is what the signal is for.
  await sleep(Math.max(1, ms), undefined, { signal }).catch(() => undefined);
}
