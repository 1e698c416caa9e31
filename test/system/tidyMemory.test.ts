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

it('after a storm the engine does not keep what the storm needed', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', AFTER_A_STORM]);
  expect(stdout).toContain('given back');
});
