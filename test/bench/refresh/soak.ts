import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { available } from '../../claude/install.ts';
import { statusIn } from '../../claude/scene.ts';
import type { EngineProcess } from '../../support/engineProcess.ts';
import { chooseSeed, createRandom, type Random } from '../../support/random.ts';
import { until } from '../../support/until.ts';
import { machineText } from '../report.ts';
import { clientVersion } from './clientVersion.ts';
import { type Clones, createClones } from './clones.ts';
import { watchLocks } from './lockWatch.ts';

/*
 * `npm run soak:refresh`: missions whose tokens live 20 s, so that the real client refreshes at each look,
 * at random moments; the engine is killed and started again all the while. In the end no mission may be
 * unusable, and no lock may ever have been left for more than 15 s. Options:
 *   --minutes 10   --missions 8   --life 20 (s)   --answer 0 (ms that the server takes to answer)
 *   --up 10 (s that an engine lives in the mean; 0: it is never killed)   --seed N (of a run to repeat)
 * While a server takes its time, a kill may lose an answer that nobody else will ever get: with
 * `--answer` above 0 the soak can fail by that alone, and says so. Exit code 1: something is as it must not be.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    missions: { type: 'string', default: '8' },
    life: { type: 'string', default: '20' },
    answer: { type: 'string', default: '0' },
    up: { type: 'string', default: '10' },
    seed: { type: 'string' },
  },
});
const lifeSeconds = Number(values.life);
const upMs = Number(values.up) * 1000;
const seed = chooseSeed(values.seed);
const settings = {
  refreshFence: true,
  refreshAhead: true,
  refreshAheadMs: (lifeSeconds * 1000) / 2,
};
const LOCK_LIMIT_MS = 15_000;
const LONG_MS = 86_400_000;

const found = await available();
if (!found.ok) {
  console.error(found.reason);
  process.exit(1);
}
console.log(`${machineText()} · Claude Code ${clientVersion(found.claudePath)} · seed ${seed}`);
const over = new AbortController();
// Ctrl-C ends it early; what has been seen until then is told all the same.
process.once('SIGINT', () => over.abort());

const clones = await createClones(found.claudePath, Number(values.missions));
const locks = watchLocks(clones.places);
const { server } = clones.scene;
const complaints: string[] = [];
try {
  server.setAccessLife(lifeSeconds);
  server.setAnswerDelay(Number(values.answer));
  clones.setLeft(lifeSeconds);
  clones.world.writeSettings(settings);
  const deadline = setTimeout(() => over.abort(), Number(values.minutes) * 60_000);
  const said = new Map<string, number>();
  const killing = killAgainAndAgain(clones);
  const looking = clones.missions.map((mission, index) =>
    // Each has numbers of its own, so that it repeats its pauses whatever the others do.
    lookAgainAndAgain(mission, said, createRandom(seed + 1 + index)),
  );
  // If one fails, all others end too before the folders go.
  for (const one of [killing, ...looking]) one.catch(() => over.abort());
  await Promise.allSettled([killing, ...looking]);
  clearTimeout(deadline);
  await Promise.all(looking);
  const { engine, kills, refusedAlone } = await killing;
  await settle(clones, engine);
  console.log(
    [
      `${clones.missions.length} missions, ${values.minutes} minutes, tokens of ${lifeSeconds} s, a server ` +
        `that answers after ${values.answer} ms`,
      `engine killed ${kills} times; refreshed ${server.of('refreshed').length} times, refused ` +
        `${server.of('refresh-rejected').length} times (${refusedAlone} while no engine ran); ` +
        'the clients said: ' +
        [...said].map(([status, times]) => `${status} ${times}`).join(', '),
      `longest life of a lock: ${(locks.longestMs() / 1000).toFixed(1)} s, ${locks.longestText()}`,
    ].join('\n'),
  );
  complaints.push(...judge(clones));
} catch (error) {
  complaints.push(error instanceof Error ? error.message : String(error));
} finally {
  locks.dispose();
  await clones.dispose().catch((error: unknown) => complaints.push(String(error)));
}
for (const complaint of complaints) console.log(`FAILED: ${complaint}`);
process.exit(complaints.length === 0 ? 0 : 1);

/** What must not be in the end. */
function judge({ places, unusable, world }: Clones): string[] {
  const bad = unusable(places);
  const left = world.leftovers().filter((path) => !path.endsWith('.claude.json.lock'));
  return [
    ...(bad.length === places.length
      ? ['nobody holds the newest token: its answer was lost with a process that was killed']
      : bad.map((place) => `unusable: ${place}`)),
    ...(locks.longestMs() > LOCK_LIMIT_MS ? [`a lock stayed: ${locks.longestText()}`] : []),
    ...left.map((path) => `left behind: ${path}`),
  ];
}

interface Kills {
  /** The one that runs in the end. */
  readonly engine: EngineProcess;
  readonly kills: number;
  /** Refusals between a kill and the next engine's "ready": nobody could have prevented them. */
  readonly refusedAlone: number;
}

/** The last engine is left alone: the clients that still run have somebody to look after them. */
async function killAgainAndAgain({ world }: Clones): Promise<Kills> {
  const refused = () => server.of('refresh-rejected').length;
  const random = createRandom(seed);
  let [kills, refusedAlone] = [0, 0];
  for (;;) {
    const before = refused();
    const engine = await world.startEngine();
    refusedAlone += refused() - before;
    await pause(upMs === 0 ? LONG_MS : upMs * (0.2 + random.next() * 1.6));
    if (over.signal.aborted) return { engine, kills, refusedAlone };
    const atKill = refused();
    await engine.kill('SIGKILL');
    kills += 1;
    await pause(random.next() * 2_000);
    refusedAlone += refused() - atKill;
  }
}

/** A client that looks at the server now and then: about one of eight starts each second. */
async function lookAgainAndAgain(
  mission: string,
  said: Map<string, number>,
  random: Random,
): Promise<void> {
  while (!over.signal.aborted) {
    await pause(2_000 + random.next() * 12_000);
    const status = (await statusIn(clones.scene, mission)) ?? 'nothing';
    said.set(status, (said.get(status) ?? 0) + 1);
  }
}

/** Everything comes into step; then the engine ends as at Ctrl-C. */
async function settle({ world }: Clones, engine: EngineProcess): Promise<void> {
  await until('all missions in sync in the end', async () => {
    const { activity, missions } = await world.status();
    return !activity.busy && missions.every(({ inSync }) => inSync);
  });
  const { code, signal } = await engine.kill('SIGINT');
  if (code !== 0) complaints.push(`the engine ended with ${signal ?? code}`);
}

async function pause(ms: number): Promise<void> {
  // Ending early is what the signal is for.
  await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
}
