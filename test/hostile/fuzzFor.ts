import fc from 'fast-check';
import type { Fuzzer } from './fuzzer.ts';
import { type Step, sequences } from './fuzzSteps.ts';

/** What was done, by kind of step. */
export interface Fuzzed {
  readonly sequences: number;
  readonly steps: ReadonlyMap<Step['do'], number>;
}

const AT_ONCE = 10;

/**
 * Has a fuzzer do random sequences until the time is up. The same seed gives the same sequences.
 * @param onSequence is told after each
 * @throws Error that names the seed and the sequence that did not go well
 */
export async function fuzzFor(
  fuzzer: Fuzzer,
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
  onSequence: () => void = () => undefined,
): Promise<Fuzzed> {
  const deadline = performance.now() + seconds * 1_000;
  const steps = new Map<Step['do'], number>();
  const arbitrary = sequences(fuzzer.origin);
  let count = 0;
  for (let batch = 0; performance.now() < deadline; batch += 1) {
    // No shrinking: the engine remembers, so a shorter sequence would be judged by what the longer one left.
    for (const sequence of fc.sample(arbitrary, { seed: seed + batch, numRuns: AT_ONCE })) {
      if (performance.now() > deadline) break;
      await fuzzer.run(sequence).catch((error: unknown) => {
        const text = `seed ${seed}, sequence ${count}: ${JSON.stringify(sequence)}`;
        throw new Error(`${text}\n${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      });
      count += 1;
      for (const step of sequence) steps.set(step.do, (steps.get(step.do) ?? 0) + 1);
      onSequence();
    }
  }
  return { sequences: count, steps };
}

/** In one line. */
export function fuzzedText({ sequences, steps }: Fuzzed): string {
  const each = [...steps].map(([step, count]) => `${count} ${step}`);
  return `${sequences} sequences of ${each.join(', ')}`;
}
