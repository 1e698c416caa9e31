import fc from 'fast-check';
import { expect, it } from 'vitest';
import { progressReader } from '../../main/missions/cloneRepository.ts';
import { lastWords } from '../../main/missions/git.ts';

const STDERR = [
  "Cloning into 'agent'...\n",
  'remote: Enumerating objects: 120, done.        \n',
  'remote: Counting objects:  50% (60/120)        \rremote: Counting objects: 100% (120/120), done.        \n',
  'Receiving objects:   0% (1/120)\rReceiving objects:  50% (60/120), 1.20 MiB | 2.00 MiB/s\r',
  'Receiving objects: 100% (120/120), done.\nResolving deltas: 100% (40/40), done.\n',
  'Updating files:  50% (1/2)\rUpdating files: 100% (2/2), done.\n',
].join('');

it("reads git's progress in whatever pieces it comes, and never goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
      const seen: [string, number][] = [];
      const read = progressReader((detail, fraction) => seen.push([detail, fraction]));
      for (let at = 0, turn = 0; at < STDERR.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        read(STDERR.slice(at, at + size));
        at += size;
      }
      expect(seen.map(([detail]) => detail)).toEqual([
        'Counting objects 50 %',
        'Counting objects 100 %',
        'Receiving objects 0 %',
        'Receiving objects 50 %',
        'Receiving objects 100 %',
        'Resolving deltas 100 %',
        'Updating files 50 %',
        'Updating files 100 %',
      ]);
      const fractions = seen.map(([, fraction]) => fraction);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      expect(fractions.at(-1)).toBe(1);
    }),
  );
});

it.each([
  ['', ''],
  [
    `${STDERR}fatal: early EOF\r\nfatal: index-pack failed\n`,
    'fatal: early EOF fatal: index-pack failed',
  ],
  ['fatal: \u001b[31mred\u001b[0m\u0007\n', 'fatal:  [31mred [0m'],
  [
    "fatal: unable to access 'https://ada:FAKE-SECRET-1@example.test/app/': no\n",
    "fatal: unable to access 'https://example.test/app/': no",
  ],
])('tells what git said last: %j', (stderr, words) => {
  expect(lastWords(stderr)).toBe(words);
});
