import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { runDetached } from '../../main/terminals/start.ts';

/* What outlives whoever started it, and is watched until it could have failed. */

const options = { cwd: tmpdir(), env: process.env };
const sh = (script: string) => ({ argv: ['sh', '-c', script] });

it('tells why it failed, however long it took to come so far', async () => {
  // Longer than what is up from its start is watched.
  const slow = sh('sleep 2.5; echo "Invalid API key"; exit 3');
  const failed = await runDetached(slow, options, async () => false);
  expect(failed).toEqual({ failure: 'exit code 3', said: 'Invalid API key\n' });
});

it('is watched for a moment once it is up', async () => {
  let asked = 0;
  const up = runDetached(sh('sleep 0.3; exit 4'), options, async () => {
    asked += 1;
    if (asked === 1) throw new Error('nobody answers yet');
    return true;
  });
  expect(await up).toMatchObject({ failure: 'exit code 4' });
});
