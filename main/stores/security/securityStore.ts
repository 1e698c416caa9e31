import { setTimeout as pause } from 'node:timers/promises';
import { accountName, serviceName } from '../serviceName.ts';
import {
  type CredentialStore,
  type EntryRef,
  type ReadResult,
  unavailable,
  type WriteResult,
} from '../store.ts';
import { asciiJson } from './encoding.ts';
import { DUPLICATE, unavailableFromExit } from './exitCodes.ts';
import { createKeychainFile } from './keychainFile.ts';
import { createKeychainItems } from './keychainItems.ts';
import { createKeyedQueue } from './keyedQueue.ts';
import { createSecurityCli, type SecurityCliOptions } from './securityCli.ts';

export interface SecurityStoreOptions extends SecurityCliOptions {
  /** How long to wait before asking again whether an item is absent. */
  readonly absentRetryMs?: number;
}

/** Longer than somebody's `-U` rewrite, which takes 22–29 ms. */
const ABSENT_RETRY_MS = 80;

/**
 * Claude's items in the macOS keychain, through the `security` program only: an item touched by
 * Security.framework (keytar, Electron) prompts the user at every later read by the client, which goes
 * through `security` too.
 *
 * Reads and writes of one entry are queued in this process. Between processes nothing guards the
 * keychain: the client takes no lock there, so there is none that we could share. A client that
 * writes between our compare and our `-U` (some 25–50 ms) is overwritten; one that writes between our
 * `-U` and our reading back is seen and answered with `moved`.
 *
 * A write is at least three processes: compare, write, read back.
 */
export function createSecurityStore(options: SecurityStoreOptions = {}): CredentialStore {
  const env = options.env ?? process.env;
  const cli = createSecurityCli(options);
  const items = createKeychainItems(cli, accountName(env));
  const file = createKeychainFile(cli, env);
  const queue = createKeyedQueue();
  const waitingReads = new Map<string, Promise<ReadResult>>();
  const closed = unavailable('failed', 'the keychain store is closed');
  let isClosed = false;

  /** While somebody's `-U` rewrites an item, it can be gone for a moment: absent is asked twice. */
  async function find(service: string): Promise<ReadResult> {
    const first = await items.find(service);
    if (first.status !== 'absent') return first;
    await pause(options.absentRetryMs ?? ABSENT_RETRY_MS);
    return items.find(service);
  }

  function inTurn<T>(service: string, task: () => Promise<T>): Promise<T> {
    return queue.run(service, async () => (await Promise.all([task(), file.learn()]))[0]);
  }

  async function write(
    service: string,
    text: string,
    expected: string | null,
  ): Promise<WriteResult> {
    const before = await find(service);
    if (before.status === 'unavailable') return before;
    if (!isExpected(before, expected)) return { status: 'moved' };
    const value = asciiJson(text);
    if (holds(before, value)) return { status: 'written' };

    const put = await items.put(service, value);
    if (put.status === 'unavailable') return put;
    const after = await find(service);
    if (after.status === 'unavailable') return after;
    if (holds(after, value)) return { status: 'written' };
    if (put.status === 'duplicate' && isExpected(after, expected)) {
      return unavailableFromExit('add-generic-password', DUPLICATE);
    }
    return { status: 'moved' };
  }

  async function remove(service: string, expected: string | null): Promise<WriteResult> {
    const before = await find(service);
    if (before.status === 'unavailable') return before;
    if (before.status === 'absent') return { status: 'written' };
    if (!isExpected(before, expected)) return { status: 'moved' };

    const removed = await items.remove(service);
    if (removed.status === 'unavailable') return removed;
    const after = await items.find(service);
    if (after.status === 'unavailable') return after;
    return { status: after.status === 'absent' ? 'written' : 'moved' };
  }

  return {
    kind: 'security',

    read(ref) {
      if (isClosed) return Promise.resolve(closed);
      const service = serviceName(ref);
      // A read whose process has not started yet answers a later caller as well.
      const waiting = waitingReads.get(service);
      if (waiting !== undefined) return waiting;
      const reading = inTurn(service, () => {
        waitingReads.delete(service);
        return find(service);
      });
      waitingReads.set(service, reading);
      return reading;
    },

    async write(ref, text, expected, go) {
      if (go !== undefined && !(await go)) return { status: 'moved' };
      if (isClosed) return closed;
      const service = serviceName(ref);
      return inTurn(service, () => write(service, text, expected));
    },

    async remove(ref, expected) {
      if (isClosed) return closed;
      const service = serviceName(ref);
      return inTurn(service, () => remove(service, expected));
    },

    /** Of the whole keychain: it also moves when other items change. A gate, not an answer. */
    stamp: () => file.stamp(),

    /** Known for sure after the first read or write; until then the login keychain. */
    watchPath: () => file.path(),
    lockPath: () => null,

    describe: (ref: EntryRef) => serviceName(ref),

    /** Nothing: `security` leaves nothing behind, and `-U` never deletes first. */
    sweep: () => Promise.resolve(),

    /** Lets what has begun end: a write cut short would leave its caller without an answer. */
    async dispose() {
      isClosed = true;
      await queue.idle();
    },
  };
}

/** Whether the item still is what the caller read. How its JSON is spelled does not matter. */
function isExpected(now: ReadResult, expected: string | null): boolean {
  if (now.status !== 'found') return expected === null;
  return expected !== null && asciiJson(now.text) === asciiJson(expected);
}

function holds(now: ReadResult, value: string): boolean {
  return now.status === 'found' && now.text === value;
}
