import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refreshLockName } from '../../main/refresh/refreshLocks.ts';
import { editAsClient, invalidate, type Place, serverIn } from './clientWrites.ts';
import { type FakeServer, fakeServer, serverKey } from './fake.ts';

/** What came of a client's look at a token that runs out. */
export type Refreshed = 'refreshed' | 'found-fresh' | 'rejected' | 'gave-up';

/** With less than this left a client refreshes. */
const WINDOW_MS = 300_000;
/** The client takes a lock over that nobody touched for so long. */
const STALE_MS = 60_000;
/** The client asks five times, each one to two seconds after the last; a test need not wait so long. */
const TRIES = 200;
const RETRY_MS = 25;

/** An authorization server with single-use refresh tokens, that answers when the test lets it. */
export interface TokenServer {
  /** How many refresh tokens came that had been used already. */
  readonly rejections: () => number;
  readonly refreshes: () => number;
  /** From now on, every answer waits for {@link answer} or {@link answerNext}. */
  hold(): void;
  /** Gives the answer that has waited longest. */
  answerNext(): void;
  /** Gives the answers that wait, and all later ones at once. */
  answer(): void;
  /** @returns the new value; `null`: the token was used already */
  refresh(value: FakeServer): Promise<FakeServer | null>;
}

export function createTokenServer(lifeMs = 3_600_000): TokenServer {
  const used = new Set<unknown>();
  const waiting: (() => void)[] = [];
  let rejections = 0;
  let isHeld = false;
  return {
    rejections: () => rejections,
    refreshes: () => used.size,
    hold() {
      isHeld = true;
    },
    answerNext: () => waiting.shift()?.(),
    answer() {
      isHeld = false;
      for (const go of waiting.splice(0)) go();
    },
    async refresh(value) {
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
      if (used.has(value.refreshToken)) {
        rejections += 1;
        return null;
      }
      used.add(value.refreshToken);
      return fakeServer(value.serverName, { expiresAt: Date.now() + lifeMs });
    },
  };
}

export const refreshLock = ({ configDir }: Place, name: string): string =>
  join(configDir, refreshLockName(serverKey(name)));

/** Refreshes a token as a client does, if it runs out: lock, read again, ask, write, unlock. */
export async function refreshAsClient(
  place: Place,
  name: string,
  server: TokenServer,
): Promise<Refreshed> {
  const lock = refreshLock(place, name);
  for (let tries = 1; !tryLock(lock); tries += 1) {
    if (tries === TRIES) return 'gave-up';
    await sleep(RETRY_MS);
  }
  try {
    const value = serverIn(place, name);
    if (value === undefined) throw new Error(`${name} is not in ${place.configDir}`);
    if (isFresh(value)) return 'found-fresh';
    const fresh = await server.refresh(value);
    // What another one got meanwhile will do, if it lasts.
    if (fresh === null && isFresh(serverIn(place, name))) return 'found-fresh';
    if (fresh === null) {
      await invalidate(place, name);
      return 'rejected';
    }
    await editAsClient(place, (blob) => {
      blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(name)]: fresh };
    });
    return 'refreshed';
  } finally {
    rmdirSync(lock);
  }
}

function isFresh(value: FakeServer | undefined): boolean {
  return Number(value?.expiresAt) - Date.now() > WINDOW_MS;
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const stat = statSync(lock, { throwIfNoEntry: false });
  if (stat === undefined || Date.now() - stat.mtimeMs < STALE_MS) return false;
  rmdirSync(lock);
  mkdirSync(lock);
  return true;
}
