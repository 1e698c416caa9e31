import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { KeyProvider } from '../journal/journalKey.ts';
import { openJson, sealedShape, sealJson } from '../journal/seal.ts';
import { syncFolder } from '../journal/syncFolder.ts';
import { makePrivateFolder, writeFileAtomic } from '../system/atomicFile.ts';
import { errorCode } from '../system/errors.ts';
import { readForeignText } from '../system/foreignFile.ts';
import { isoTime } from '../system/isoTime.ts';
import type { IssuedTokens } from './refreshOrder.ts';
import { clampMoment, isCarriable } from './tokenAnswer.ts';

/** A refresh that was begun, and is not known to have come to its end. No secrets. */
export interface OpenRefresh {
  readonly serverKey: string;
  /** The server's name, for people. */
  readonly name: string;
  /** The digest of the tokens that the refresh is to replace. */
  readonly spent: string;
  /** As in the order. `null`: noted by an earlier version. */
  readonly refreshDigest: string | null;
  /** As in the order. */
  readonly expiresAt: number | null;
  /**
   * - `sent`, or about to be: without an answer nobody knows whether the token still is of use
   * - `answered`: the new tokens are kept · `refused`: for good
   */
  readonly state: 'sent' | 'answered' | 'refused';
  /** Of a refusal of the client: the digest of that client with these tokens. Else `null`: whoever shows them. */
  readonly client: string | null;
}

export type Refreshing = Omit<OpenRefresh, 'state' | 'client'>;

export type KeptTokens =
  | { readonly status: 'found'; readonly tokens: IssuedTokens }
  /** `lost`: they will never be of use. Otherwise it may work later: a locked keychain. */
  | { readonly status: 'unavailable'; readonly lost: boolean; readonly detail: string };

/**
 * What the engine must know of its own refreshes after a kill: one file for each refresh token from before
 * it is sent until the new tokens lie in the global entry. What resolves is on the disk.
 */
export interface RefreshJournal {
  /** Notes that a refresh token is about to be sent. @throws Error if that cannot be kept, nor an answer */
  intend(refresh: Refreshing): Promise<void>;
  /** Keeps the answer, encrypted. @throws the system's error */
  keep(refresh: Refreshing, tokens: IssuedTokens): Promise<void>;
  /** Notes that the token was refused, or, with `client`, only that client. @throws the system's error */
  refuse(refresh: Refreshing, client: string | null): Promise<void>;
  /** All that are open, and the paths of files that cannot be read. @throws the system's error */
  list(): Promise<{ readonly open: readonly OpenRefresh[]; readonly damaged: readonly string[] }>;
  tokensOf(spent: string): Promise<KeptTokens>;
  /** The refresh came to its end. @throws the system's error */
  drop(spent: string): Promise<void>;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const recordSchema = z.object({
  v: z.literal(1),
  serverKey: z.string(),
  name: z.string(),
  spent: digest,
  refreshDigest: digest.nullable().default(null),
  expiresAt: z.number().nullable().default(null),
  at: z.iso.datetime(),
  refused: z.boolean(),
  // Before there was this, a refusal counted for whoever shows the token.
  client: digest.nullable().default(null),
  answer: z.object(sealedShape).nullable(),
});
type RefreshRecord = z.output<typeof recordSchema>;

const tokensSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresAt: z.number().transform(clampMoment).nullable(),
  scope: z.string().nullable(),
});

const RECORD = /^[0-9a-f]{32}\.json$/;
/** An answer of a token endpoint is far smaller. */
const MAX_BYTES = 4 * 1024 * 1024;

/** @param options.dir `bar/refresh` · `keys`: those of the journal of values */
export function createRefreshJournal(options: {
  readonly dir: string;
  readonly keys: KeyProvider;
  /** ms since the epoch. */
  readonly now: () => number;
}): RefreshJournal {
  const { dir, keys } = options;
  const pathOf = (spent: string): string => join(dir, `${spent.slice(0, 32)}.json`);

  async function write(record: RefreshRecord): Promise<void> {
    await makePrivateFolder(dir);
    const text = `${JSON.stringify(record)}\n`;
    await writeFileAtomic(pathOf(record.spent), text, { mode: 0o600, durable: true });
    await syncFolder(dir);
  }

  function blank(refresh: Refreshing): RefreshRecord {
    const { serverKey, name, spent, refreshDigest, expiresAt } = refresh;
    const at = isoTime(options.now());
    const begun = { v: 1, serverKey, name, spent, refreshDigest, expiresAt, at } as const;
    return { ...begun, refused: false, client: null, answer: null };
  }

  async function key() {
    const current = await keys.current();
    if (current.status === 'found') return current.key;
    throw new Error(`The journal has no key: ${current.detail}`);
  }

  return {
    async intend(refresh) {
      // The answer will want it, and then it is too late to learn that there is none.
      await key();
      await write(blank(refresh));
    },

    async keep(refresh, tokens) {
      const record = blank(refresh);
      await write({ ...record, answer: sealJson(tokens, authenticated(record), await key()) });
    },

    refuse: (refresh, client) => write({ ...blank(refresh), refused: true, client }),

    async list() {
      const open: OpenRefresh[] = [];
      const damaged: string[] = [];
      for (const name of await namesIn(dir)) {
        const record = readRecord(join(dir, name));
        if (record === null) damaged.push(join(dir, name));
        else {
          const { v: _v, at: _at, refused, answer, ...begun } = record;
          const state = answer !== null ? 'answered' : refused ? 'refused' : 'sent';
          open.push({ ...begun, state });
        }
      }
      return { open, damaged };
    },

    async tokensOf(spent) {
      const record = readRecord(pathOf(spent));
      if (record?.answer == null) return lost(`${pathOf(spent)} holds no answer`);
      const found = await keys.byId(record.answer.key);
      if (found.status === 'absent') return lost(`journal key ${record.answer.key} is gone`);
      if (found.status === 'unavailable')
        return { status: 'unavailable', lost: false, detail: found.detail };
      const opened = openJson(record.answer, authenticated(record), found.key);
      const parsed = tokensSchema.safeParse(opened?.value);
      if (!parsed.success) return lost(`${pathOf(spent)} is not what was written`);
      const { accessToken, refreshToken } = parsed.data;
      if (isCarriable(accessToken) && isCarriable(refreshToken))
        return { status: 'found', tokens: parsed.data };
      return lost('the server issued tokens that no entry can hold; sign in again');
    },

    async drop(spent) {
      await rm(pathOf(spent), { force: true });
    },
  };
}

function lost(detail: string): KeptTokens {
  return { status: 'unavailable', lost: true, detail };
}

function authenticated({ v, serverKey, name, spent, at }: RefreshRecord): unknown[] {
  return [v, serverKey, name, spent, at];
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter((name) => RECORD.test(name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function readRecord(path: string): RefreshRecord | null {
  const text = readForeignText(path, MAX_BYTES);
  try {
    return text === null ? null : (recordSchema.safeParse(JSON.parse(text)).data ?? null);
  } catch {
    // Gone, not to be read, or not JSON: no record either way. Its text is not quoted: it may be secret.
    return null;
  }
}
