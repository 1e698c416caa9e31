import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const OUTPUT = pathToFileURL(new URL('../../main/cli/output.ts', import.meta.url).pathname);

/** As the engine does with its events: prints for as long as somebody reads. Then says on stderr how much it was. */
const PROGRAM = `
import { isUnread, print } from '${OUTPUT}';
let printed = 0;
while (!isUnread()) { print('x'.repeat(9_999)); printed += 10_000; }
process.stderr.write(printed + ' unread\\n');
process.stdout.once('drain', () => process.stderr.write(isUnread() ? 'still unread' : 'read'));
`;

it('what an engine prints into a pipe that nobody reads fills no memory, and goes on once it is read', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM]);
  const said = text(child.stderr);
  child.stdout.pause();
  await new Promise((resolve) => child.stderr.once('data', resolve));
  child.stdout.resume();
  const [, bytes, then] = /^(\d+) unread\n(.*)$/.exec(await said) ?? [];
  expect(then).toBe('read');
  expect(Number(bytes)).toBeGreaterThan(4 * 1024 * 1024);
  expect(Number(bytes)).toBeLessThan(5 * 1024 * 1024);
});
