import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const MODULE = join(import.meta.dirname, '../../main/system/tidyMemory.ts');

/** Fills the heap, lets go of it, and then does next to nothing, as an engine after a storm. */
const AFTER_A_STORM = `
  import { tidyMemory } from ${JSON.stringify(MODULE)};
  const heapMb = () => process.memoryUsage().heapUsed / 2 ** 20;
  let kept = Array.from({ length: 2_000_000 }, (_, n) => ({ n, text: 'entry ' + n }));
  const full = heapMb();
  kept = null;
  tidyMemory();
  const look = setInterval(() => {
    if (heapMb() > full / 2) return;
    clearInterval(look);
    console.log('given back');
  }, 50);
`;

/** Makes what lives for a moment, as a storm does, for longer than V8 needs to enlarge its young generation. */
const IN_A_STORM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { tidyMemory } from ${JSON.stringify(MODULE)};
  const youngMb = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20;
  if (process.argv[1] === 'tidy') tidyMemory();
  let kept = [];
  let turns = 0;
  const turn = setInterval(() => {
    kept.push(...Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'entry ' + n })));
    if (kept.length > 400_000) kept = kept.slice(200_000);
    turns += 1;
    if (turns < 80) return;
    clearInterval(turn);
    console.log(youngMb());
  }, 1);
`;

it('a storm takes no more than it must for what lives a moment', async () => {
  const young = async (how: string) => {
    const args = ['--input-type=module', '-e', IN_A_STORM, how];
    return Number((await run(process.execPath, args)).stdout);
  };
  expect(await young('as it is')).toBeGreaterThan(64);
  expect(await young('tidy')).toBeLessThanOrEqual(64);
});

it('after a storm the engine does not keep what the storm needed', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', AFTER_A_STORM]);
  expect(stdout).toContain('given back');
});
