import { join } from 'node:path';
import { type Entry, type Json, SERVER_MAP } from '../credentials/entry.ts';
import { type FieldId, fieldId, fieldsOf } from '../credentials/fields.ts';
import { isUsable } from '../credentials/serverState.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import { createParser, loadEntry } from '../sync/entryView.ts';
import type { Replaced } from '../sync/outcome.ts';
import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import type { DestinationBook } from '../trust/destinationBook.ts';
import type { Tampering } from '../trust/judge.ts';
import type { TokenEndpoint } from '../trust/signIn.ts';
import type { Endpoint, OAuthRefresher } from './oauthRefresh.ts';
import type { KeptTokens, OpenRefresh, RefreshJournal } from './refreshJournal.ts';
import { type RefreshLocks, refreshLockName } from './refreshLocks.ts';
import {
  type IssuedTokens,
  type RefreshOrder,
  refreshOrder,
  tokenDigest,
  withTokens,
} from './refreshOrder.ts';
import { CLIENT_REFUSALS, type RefreshFailure } from './tokenAnswer.ts';

/** What one refresh by the engine came to. `detail` is for people and holds no secret. */
export type LeaseResult =
  | { readonly status: 'refreshed'; readonly replaced: Replaced }
  /** Refreshed, but by then somebody had signed in or out: that stays. */
  | { readonly status: 'superseded' }
  /** Refreshed and kept in the journal; the entries cannot be written yet. */
  | { readonly status: 'kept'; readonly detail: string }
  /** Not now: a client is at it, a store is not there, or, `atServer`, the network or the server is not. */
  | {
      readonly status: 'later';
      readonly atServer: boolean;
      readonly retryAfterMs: number | null;
      readonly detail: string;
    }
  /** The entry holds another token than before; nothing was sent. */
  | { readonly status: 'changed' }
  /** Nothing more can be done for this token: see oauthRefresh.ts. */
  | {
      readonly status: 'refused' | 'unfit' | 'unsure';
      readonly detail: string;
      readonly value: Json | undefined;
    };

export interface LeaseDeps {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly locks: RefreshLocks;
  readonly journal: RefreshJournal;
  readonly oauth: OAuthRefresher;
  /** Where secrets may be sent; nothing is sent anywhere else. */
  readonly destinations: Pick<DestinationBook, 'judge' | 'pinEndpoint' | 'save'>;
  /** The credential directories of all running missions that have the server. */
  readonly foldersOf: (serverKey: string) => readonly string[];
  /** Whether the lock there is that of another server, which has the same name for it and was known first. */
  readonly isLockOfAnother: (folder: string, serverKey: string) => boolean;
  /** What somebody wrote a moment ago is in the global entry afterwards. */
  readonly takeInAll: (serverKey: string) => Promise<void>;
  /** As the engine's. */
  readonly replace: (
    id: FieldId,
    renew: (value: Json | undefined) => Json | null,
  ) => Promise<Replaced | null>;
  readonly clock: Pick<Clock, 'now'>;
  /** The engine ends: nothing is sent any more. */
  readonly isStopping: () => boolean;
  /** Another engine has taken over: nothing is written any more. */
  readonly isAbandoned: () => boolean;
}

/** The engine's own refreshes. No function rejects. */
export interface Lease {
  /**
   * Refreshes a server's token once, with the refresh locks of all who have it, and carries it everywhere.
   * @param onWait it begins to wait for a server's answer (`true`), or has it (`false`)
   */
  refresh(serverKey: string, onWait: (waits: boolean) => void): Promise<LeaseResult>;
  /** Takes in what an engine before this one left. @returns what is wrong with it, for people */
  recover(): Promise<string[]>;
  /** Servers whose answer is kept and waits for the entries: their token is spent, whatever these say. */
  kept(): readonly OpenRefresh[];
  /** Carries a kept answer. */
  carryKept(open: OpenRefresh): Promise<LeaseResult>;
}

const HELD = 'a client refreshes it just now';
/** Why a token is never sent again. */
const LEFT_OPEN = 'an engine ended while it was refreshed, and nobody knows the answer';

export function createLease(deps: LeaseDeps): Lease {
  const { store, global, locks, journal, oauth } = deps;
  /** What was sent and is not at its end, by the digest of the tokens: nothing of it is ever sent again. */
  const open = new Map<string, OpenRefresh>();
  /** Many servers come due in the same moment, and all are in one text. */
  const parse = createParser();
  /** Answers that the journal could not keep either. */
  const unkept = new Map<string, IssuedTokens>();

  async function readGlobal(): Promise<{ entry: Entry | null; text: string | null } | string> {
    const loaded = await loadEntry(store, global, parse);
    if (loaded.status === 'ok') return { entry: loaded.entry, text: loaded.text };
    return loaded.status === 'malformed' ? `it is ${loaded.reason}` : loaded.detail;
  }

  /**
   * Takes all locks of a server, or none. Where the lock is another server's it is only looked at: a server that
   * hangs would keep that one's clients waiting for as long.
   */
  function takeLocks(serverKey: string): { release(): void } | string {
    const all = [global.configDir, ...deps.foldersOf(serverKey)];
    const folders = all.filter((folder) => !deps.isLockOfAnother(folder, serverKey));
    const name = refreshLockName(serverKey);
    if (all.some((each) => !folders.includes(each) && locks.isClientLock(join(each, name))))
      return HELD;
    const results = locks.takeAll(folders, serverKey, 'lease');
    const taken = folders.filter((_, index) => results[index] === 'taken');
    const release = (): void => locks.releaseAll(taken, serverKey);
    const isUnwritable = folders[0] === global.configDir && results[0] === 'gone';
    if (!isUnwritable && !results.includes('held')) return { release };
    release();
    return results.includes('held') ? HELD : `${global.configDir} cannot be written to`;
  }

  /** A refresh is at its end, or the entry holds other tokens by now. */
  async function close(spent: string): Promise<void> {
    open.delete(spent);
    unkept.delete(spent);
    // What cannot be removed now is looked at once more after the next start.
    await journal.drop(spent).catch(() => undefined);
  }

  /** Forgets what came to nothing, once the entry holds other tokens. */
  async function tidy(entry: Entry | null): Promise<void> {
    for (const one of open.values()) {
      const { serverKey, spent, state } = one;
      if (state === 'answered' || tokenDigest(valueIn(entry, serverKey)) === spent) continue;
      const order = refreshOrder(entry, serverKey);
      if (order === null || !isSent(one, serverKey, order)) await close(spent);
    }
  }

  /** The refresh that was begun with these tokens, or with their refresh token beside an older access token. */
  function openWith(serverKey: string, order: RefreshOrder): OpenRefresh | undefined {
    const others = [...open.values()].filter(({ state }) => state !== 'answered');
    return open.get(order.digest) ?? others.find((one) => isSent(one, serverKey, order));
  }

  async function refresh(
    serverKey: string,
    onWait: (waits: boolean) => void,
  ): Promise<LeaseResult> {
    function waitFor<T>(answer: Promise<T>): Promise<T> {
      onWait(true);
      return answer.finally(() => onWait(false));
    }

    const before = await readGlobal();
    if (typeof before === 'string') return later(before);
    const value = valueIn(before.entry, serverKey);
    const order = refreshOrder(before.entry, serverKey);
    if (order === null) {
      const detail = 'its entry does not say all that a refresh needs';
      return { status: 'unfit', detail, value };
    }
    const trust = deps.destinations.judge(before.entry, serverKey);
    // The engine has not looked at it yet; it does now.
    if (trust === 'unknown') return { status: 'changed' };
    if (trust !== 'known') {
      const detail = isOnlySuperseded(trust)
        ? 'its tokens are older ones that were replaced already'
        : 'its tokens were issued elsewhere than it says';
      return { status: 'unfit', detail, value };
    }
    const left = openWith(serverKey, order);
    if (left?.state === 'answered') return { status: 'kept', detail: 'they wait for the entries' };
    // A client that was refused says nothing against the same token shown by another, or with the right secret.
    const isOpen = left !== undefined && [null, order.clientDigest].includes(left.client);
    if (isOpen && left.state === 'refused')
      return { status: 'refused', detail: 'it was before', value };
    if (isOpen) return { status: 'unsure', detail: LEFT_OPEN, value };
    // A token that cannot be saved must not be refreshed: all of a write but the write.
    const text = before.text ?? '';
    const dryRun = await store.write(global, text, text, Promise.resolve(false));
    if (dryRun.status === 'unavailable') return later(dryRun.detail);

    // Before the locks are taken, so that no client waits for it.
    const endpoint = await waitFor(oauth.discover(order));
    if (endpoint.status === 'failed') return laterThan(endpoint);
    if (endpoint.status !== 'found') return { ...endpoint, value };
    const refusal = await pin(before.entry, serverKey, endpoint);
    if (refusal !== null)
      return refusal.status === 'failed' ? later(refusal.detail) : { ...refusal, value };

    const held = takeLocks(serverKey);
    if (typeof held === 'string') return later(held);
    try {
      // Now that no client can: one may have refreshed it a moment ago, and not have been looked at yet.
      const trouble = await deps.takeInAll(serverKey).then(() => null, errorText);
      if (trouble !== null) return later(trouble);
      const now = await readGlobal();
      if (typeof now === 'string') return later(now);
      await tidy(now.entry);
      const latest = refreshOrder(now.entry, serverKey);
      if (latest === null || !isSameOrder(latest, order)) return { status: 'changed' };
      if (deps.isStopping()) return later('the engine ends or is paused');
      return await send(serverKey, order, () => waitFor(oauth.refresh(order, endpoint)), value);
    } finally {
      held.release();
    }
  }

  /** At the first look at a sign-in's token endpoint this notes where it is; from then on it must be there. */
  async function pin(
    entry: Entry | null,
    serverKey: string,
    { tokenOrigin, authMethod }: Endpoint,
  ): Promise<RefreshFailure | null> {
    const now = { origin: tokenOrigin, authMethod };
    const pinned = deps.destinations.pinEndpoint(entry, serverKey, now);
    if (pinned !== null) {
      const what = pinned.origin === now.origin ? 'wants secrets in another way' : 'has moved';
      const detail = `the token endpoint ${what}: ${placeText(now)} instead of ${placeText(pinned)}; sign in anew if that is right`;
      return { status: 'unfit', detail };
    }
    try {
      await deps.destinations.save();
      return null;
    } catch (error) {
      return { status: 'failed', retryAfterMs: null, detail: errorText(error) };
    }
  }

  /** Note, send, keep, carry, forget: in this order, so that a kill at any point neither loses nor repeats. */
  async function send(
    serverKey: string,
    order: RefreshOrder,
    ask: () => ReturnType<OAuthRefresher['refresh']>,
    value: Json | undefined,
  ): Promise<LeaseResult> {
    const spent = order.digest;
    const { name, clientDigest, refreshDigest, expiresAt } = order;
    const noted = { serverKey, name, spent, refreshDigest, expiresAt };
    const begun: OpenRefresh = { ...noted, state: 'sent', client: null };
    try {
      await journal.intend(begun);
    } catch (error) {
      return later(errorText(error));
    }
    open.set(spent, begun);
    const answer = await ask();
    if (answer.status === 'unsure') return { ...answer, value };
    if (answer.status === 'issued') {
      open.set(spent, { ...begun, state: 'answered' });
      // Where it cannot be kept it is carried all the same: the entries are the better place.
      await journal.keep(begun, answer.tokens).catch(() => unkept.set(spent, answer.tokens));
      return carry(begun, answer.tokens);
    }
    if (answer.status === 'refused') {
      const client = CLIENT_REFUSALS.includes(answer.error) ? clientDigest : null;
      open.set(spent, { ...begun, state: 'refused', client });
      // Unnoted it counts as one without an answer after a restart: it is not sent again either way.
      await journal.refuse(begun, client).catch(() => undefined);
      return { status: 'refused', detail: answer.error, value };
    }
    await close(spent);
    if (answer.status === 'failed') return laterThan(answer);
    return { ...answer, value };
  }

  /** Something older than what was refreshed was put there in this moment: a backup, or a late write. */
  function isSuperseded(serverKey: string, now: Json): boolean {
    const trust = deps.destinations.judge({ [SERVER_MAP]: { [serverKey]: now } }, serverKey);
    return typeof trust === 'object' && isOnlySuperseded(trust);
  }

  /** Puts new tokens into the global entry and all missions, unless somebody signed in or out meanwhile. */
  async function carry(
    { serverKey, spent }: OpenRefresh,
    tokens: IssuedTokens,
  ): Promise<LeaseResult> {
    if (deps.isAbandoned()) return { status: 'kept', detail: 'another engine has taken over' };
    const id = idOf(serverKey);
    try {
      const replaced = await deps.replace(id, (now) => {
        if (now === undefined) return null;
        const isOlder =
          tokenDigest(now) === spent ||
          !isUsable(id, now, deps.clock.now()) ||
          isSuperseded(serverKey, now);
        return isOlder ? withTokens(now, tokens) : null;
      });
      await close(spent);
      return replaced === null ? { status: 'superseded' } : { status: 'refreshed', replaced };
    } catch (error) {
      return { status: 'kept', detail: errorText(error) };
    }
  }

  async function answerOf(refreshed: OpenRefresh): Promise<KeptTokens> {
    const tokens = unkept.get(refreshed.spent);
    if (tokens === undefined) return journal.tokensOf(refreshed.spent);
    await journal.keep(refreshed, tokens).then(
      () => unkept.delete(refreshed.spent),
      () => undefined, // as before
    );
    return { status: 'found', tokens };
  }

  return {
    refresh,
    kept: () => [...open.values()].filter(({ state }) => state === 'answered'),

    async carryKept(refreshed) {
      const answer = await answerOf(refreshed);
      if (answer.status === 'unavailable') {
        if (!answer.lost) return { status: 'kept', detail: answer.detail };
        open.set(refreshed.spent, { ...refreshed, state: 'sent', client: null });
        // Told once: the next engine finds a token that was sent, and no answer to carry.
        await journal.intend(refreshed).catch(() => undefined);
        return { status: 'unsure', detail: answer.detail, value: undefined };
      }
      // With the locks or without: whoever holds one is about to send a token that is spent.
      const held = takeLocks(refreshed.serverKey);
      try {
        return await carry(refreshed, answer.tokens);
      } finally {
        if (typeof held !== 'string') held.release();
      }
    },

    async recover() {
      try {
        const left = await journal.list();
        for (const one of left.open) open.set(one.spent, one);
        const now = await readGlobal();
        if (typeof now !== 'string') await tidy(now.entry);
        return left.damaged.map((path) => `${path} is damaged; delete it once all are signed in.`);
      } catch (error) {
        return [errorText(error)];
      }
    },
  };
}

function placeText({ origin, authMethod }: TokenEndpoint): string {
  return `${origin} (${authMethod})`;
}

export function idOf(serverKey: string): FieldId {
  return fieldId(SERVER_MAP, serverKey);
}

function valueIn(entry: Entry | null, serverKey: string): Json | undefined {
  return fieldsOf(entry).get(idOf(serverKey));
}

/** It would go where it belongs, but others took its place already. */
function isOnlySuperseded({ changes, superseded }: Tampering): boolean {
  return changes.length === 0 && superseded !== null;
}

/**
 * Whether the tokens are those that were sent. The same refresh token beside a later access token is not: somebody has
 * refreshed with it since, and it is still good, or was given anew.
 */
function isSent(one: OpenRefresh, serverKey: string, order: RefreshOrder): boolean {
  if (one.serverKey !== serverKey) return false;
  if (one.spent === order.digest) return true;
  const isLater =
    one.expiresAt === null || order.expiresAt === null || order.expiresAt > one.expiresAt;
  return one.refreshDigest === order.refreshDigest && !isLater;
}

function isSameOrder(a: RefreshOrder, b: RefreshOrder): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function later(detail: string): LeaseResult {
  return { status: 'later', atServer: false, retryAfterMs: null, detail };
}

function laterThan(failure: Extract<RefreshFailure, { status: 'failed' }>): LeaseResult {
  return { ...failure, status: 'later', atServer: true };
}
