import { expect, it } from 'vitest';
import { chooseSeed } from '../support/random.ts';
import { createFuzzer } from './fuzzer.ts';
import { fuzzedText, fuzzFor } from './fuzzFor.ts';
import { harmTo } from './invariants.ts';
import { makeScene } from './scene.ts';

/*
 * Random sequences of everything that a mission, a program of this user, a wrapper or an authorization server can
 * put in an engine's way, for `HOSTILE_FUZZ_SECONDS` (20). `TEST_SEED` repeats a run; a failure names its seed.
 */
const seconds = Number(process.env.HOSTILE_FUZZ_SECONDS ?? 20);
const seed = chooseSeed();

it('Whatever a mission, a server or a program of this user puts in its way, the engine goes on for the others', {
  timeout: seconds * 1_000 + 180_000,
}, async () => {
  console.info(`fuzzing for ${seconds} s with TEST_SEED=${seed}`);
  const scene = await makeScene();
  const fuzzer = await createFuzzer(scene);
  try {
    const done = await fuzzFor(fuzzer, { seconds, seed });
    console.info(fuzzedText(done));
    expect(done.sequences).toBeGreaterThan(0);
    expect(await harmTo(scene, [fuzzer.folder])).toEqual([]);
  } finally {
    await fuzzer.close();
    await scene.close();
  }
});
