import { parseArgs } from 'node:util';
import { createFuzzer } from '../../hostile/fuzzer.ts';
import { fuzzedText, fuzzFor } from '../../hostile/fuzzFor.ts';
import { harmTo, MEMORY_LIMIT_MB } from '../../hostile/invariants.ts';
import { descriptorsOf, memoryOf } from '../../hostile/processFacts.ts';
import { makeScene } from '../../hostile/scene.ts';
import { chooseSeed } from '../../support/random.ts';
import { machineText } from '../report.ts';
import { type ChurnReport, churn } from './churn.ts';

/*
 * `npm run soak:hostile`: what `test/hostile/fuzz.test.ts` does for a minute, for as long as one likes; then the
 * churn: many missions that write without a pause, while the engine is killed again and again. Options:
 *   --minutes 10 (of fuzzing)   --seed N (of a run to repeat)
 *   --churn 5 (minutes)   --missions 200   --rate 100 (writes a second)   --up 25 (s that an engine lives in the mean)
 * Exit code 1: something is as it must not be.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    churn: { type: 'string', default: '5' },
    missions: { type: 'string', default: '200' },
    rate: { type: 'string', default: '100' },
    up: { type: 'string', default: '25' },
  },
});
const seed = chooseSeed(values.seed);
// Ctrl-C goes through the exit handlers.
process.once('SIGINT', () => process.exit(130));

console.log(`${machineText()} · seed ${seed}`);
const violations: string[] = [];
if (Number(values.minutes) > 0) violations.push(...(await fuzz(Number(values.minutes))));
if (Number(values.churn) > 0) violations.push(...(await churnAndTell()));
for (const violation of violations) console.log(`FAILED: ${violation}`);
console.log(violations.length === 0 ? 'Nothing failed.' : `${violations.length} failed.`);
process.exit(violations.length === 0 ? 0 : 1);

async function fuzz(minutes: number): Promise<string[]> {
  const scene = await makeScene();
  const fuzzer = await createFuzzer(scene);
  const base = { memory: memoryOf(scene.engine.pid).now, descriptors: scene.descriptors };
  const highest = { ...base };
  let said = 'it ended early';
  const found: string[] = [];
  try {
    const done = await fuzzFor(fuzzer, { seconds: minutes * 60, seed }, () => {
      highest.memory = Math.max(highest.memory, memoryOf(scene.engine.pid).peak);
      highest.descriptors = Math.max(highest.descriptors, descriptorsOf(scene.engine.pid));
    });
    said = fuzzedText(done);
    found.push(...(await harmTo(scene, [fuzzer.folder])));
  } catch (error) {
    found.push(error instanceof Error ? error.message : String(error));
  }
  const { pid } = scene.engine;
  console.log(
    [
      `fuzzed for ${minutes} minutes: ${said}`,
      `memory ${mb(base.memory)} at first, at most ${mb(highest.memory)}, ${mb(memoryOf(pid).now)} in the end`,
      `descriptors ${base.descriptors} at first, at most ${highest.descriptors}, ${descriptorsOf(pid)} in the end`,
    ].join('\n'),
  );
  await fuzzer.close();
  await scene.close().catch((error: unknown) => found.push(String(error)));
  return found;
}

async function churnAndTell(): Promise<readonly string[]> {
  const report: ChurnReport = await churn({
    missions: Number(values.missions),
    writesPerSecond: Number(values.rate),
    seconds: Number(values.churn) * 60,
    upSeconds: Number(values.up),
    seed,
  });
  const { writes, kills, readyMs, memory, descriptors, settleMs } = report;
  console.log(
    [
      `churn of ${values.missions} missions for ${values.churn} minutes: ${writes} writes, ${kills} kills; a new engine ` +
        `was ready after ${readyMs.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ')}`,
      `memory ${mb(memory.base)} at first, at most ${mb(memory.max)}, ${mb(memory.after)} afterwards`,
      `descriptors ${descriptors.base} at first, at most ${descriptors.max}, ${descriptors.after} afterwards`,
      `all in step ${(settleMs / 1_000).toFixed(1)} s after the last write`,
    ].join('\n'),
  );
  const { after } = memory;
  const kept = after > MEMORY_LIMIT_MB ? [`${mb(after)} were kept afterwards`] : [];
  return [...report.violations, ...kept];
}

function mb(megabytes: number): string {
  return `${Math.round(megabytes)} MB`;
}
