import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJournalKeys } from '../../main/journal/journalKey.ts';
import { createRefreshJournal, type RefreshJournal } from '../../main/refresh/refreshJournal.ts';
import { fakeToken, MARK } from '../support/fake.ts';

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-refresh-'));
  dir = join(root, 'refresh');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A new one each time, as after a restart. */
const open = (keysIn = 'journal'): RefreshJournal =>
  createRefreshJournal({
    dir,
    keys: createJournalKeys({ dir: join(root, keysIn), mode: 'file' }),
    now: () => 1_795_000_000_000,
  });

const spentOf = (digit: number): string => digit.toString(16).repeat(64);
const refreshOf = (digit: number) => ({
  serverKey: 'loop|0123456789abcdef',
  name: 'loop',
  spent: spentOf(digit),
  refreshDigest: spentOf(digit + 8),
  expiresAt: 1_795_000_060_000,
});
const tokens = () => ({
  accessToken: fakeToken('access'),
  refreshToken: fakeToken('refresh'),
  expiresAt: 1_795_003_600_000.5,
  scope: null,
});

describe('the journal of refreshes', () => {
  it('knows after a restart what was sent, answered and refused', async () => {
    await open().intend(refreshOf(1));
    await open().intend(refreshOf(2));
    const kept = tokens();
    await open().keep(refreshOf(2), kept);
    await open().refuse(refreshOf(3), null);
    await open().refuse(refreshOf(4), spentOf(5));
    const { open: left } = await open().list();
    expect(new Map(left.map(({ spent, state, client }) => [spent, [state, client]]))).toEqual(
      new Map([
        [spentOf(1), ['sent', null]],
        [spentOf(2), ['answered', null]],
        [spentOf(3), ['refused', null]],
        [spentOf(4), ['refused', spentOf(5)]],
      ]),
    );
    expect(await open().tokensOf(spentOf(2))).toEqual({ status: 'found', tokens: kept });
  });

  it('holds no token in the clear, in files of this user alone', async () => {
    await open().keep(refreshOf(1), tokens());
    const [name = ''] = readdirSync(dir);
    expect(readFileSync(join(dir, name), 'utf8')).not.toContain(MARK);
  });

  it('gives nothing of an answer that was tampered with, and says that it is lost', async () => {
    await open().keep(refreshOf(1), tokens());
    const path = join(dir, readdirSync(dir)[0] ?? '');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"name":"loop"', '"name":"other"'));
    expect(await open().tokensOf(spentOf(1))).toMatchObject({ status: 'unavailable', lost: true });
  });

  it('names files that are damaged, and reads the others', async () => {
    await open().intend(refreshOf(1));
    writeFileSync(join(dir, `${'f'.repeat(32)}.json`), '{"v":1');
    const { open: left, damaged } = await open().list();
    expect(left).toHaveLength(1);
    expect(damaged).toHaveLength(1);
  });

  it('begins nothing where the answer could not be kept: no key, no refresh', async () => {
    writeFileSync(join(root, 'no-folder'), '');
    await expect(open('no-folder').intend(refreshOf(1))).rejects.toThrow('no key');
    expect((await open().list()).open).toEqual([]);
  });

  it('is, after any history and restarts in between, what the last step of each refresh was', async () => {
    const step = fc.record({
      digit: fc.integer({ min: 0, max: 3 }),
      what: fc.constantFrom('intend', 'keep', 'refuse', 'drop'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        rmSync(dir, { recursive: true, force: true });
        const expected = new Map<string, string>();
        for (const { digit, what } of steps) {
          const spent = spentOf(digit);
          if (what === 'intend') await open().intend(refreshOf(digit));
          if (what === 'keep') await open().keep(refreshOf(digit), tokens());
          if (what === 'refuse') await open().refuse(refreshOf(digit), null);
          if (what === 'drop') await open().drop(spent);
          if (what === 'drop') expected.delete(spent);
          else expected.set(spent, { intend: 'sent', keep: 'answered', refuse: 'refused' }[what]);
        }
        const { open: left } = await open().list();
        expect(new Map(left.map(({ spent, state }) => [spent, state]))).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});
