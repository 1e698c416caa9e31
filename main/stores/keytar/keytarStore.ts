import { accountName, serviceName } from '../serviceName.ts';
import type { CredentialStore, EntryRef, ReadResult, Unavailable, WriteResult } from '../store.ts';
import { createKeychain, type KeychainOptions } from './keychain.ts';

export interface KeytarStoreOptions extends KeychainOptions {
  /** The account of the items; the client's own rule if not given. */
  readonly account?: string;
}

/**
 * The store of a Secret Service (Linux) or the Windows Credential Manager, under the client's service names.
 *
 * It works on macOS too, but is never chosen there by itself: an item that keytar wrote asks the user at
 * every later read by `security`, through which Claude Code goes, and the reverse; "Always Allow" does not
 * last, since each rewrite resets the item's partition list. On macOS it is for items that no client shares.
 *
 * Keychains know no compare-and-swap. Within this process a queue per entry makes one; another program
 * that writes between our look and our write is overwritten.
 */
export function createKeytarStore(options: KeytarStoreOptions = {}): CredentialStore {
  const { account = accountName(), ...rest } = options;
  const keychain = createKeychain(rest);
  const queues = new Map<string, Promise<unknown>>();

  /** Runs `work` after all that was queued before it for the same entry. */
  function inTurn<T>(service: string, work: () => Promise<T>): Promise<T> {
    const turn = (queues.get(service) ?? Promise.resolve()).then(work);
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (queues.get(service) === settled) queues.delete(service);
      });
    queues.set(service, settled);
    return turn;
  }

  async function read(ref: EntryRef): Promise<ReadResult> {
    const result = await keychain.get(serviceName(ref), account);
    return result.status === 'found' ? { ...result, writtenAt: null } : result;
  }

  function replace(
    ref: EntryRef,
    expected: string | null,
    change: (service: string) => Promise<{ status: 'written' } | Unavailable>,
  ): Promise<WriteResult> {
    const service = serviceName(ref);
    return inTurn(service, async () => {
      const now = await read(ref);
      if (now.status === 'unavailable') return now;
      const text = now.status === 'found' ? now.text : null;
      return text === expected ? change(service) : { status: 'moved' };
    });
  }

  return {
    kind: 'keytar',
    read,
    async write(ref, text, expected, go) {
      if (go !== undefined && !(await go)) return { status: 'moved' };
      return replace(ref, expected, (service) => keychain.set(service, account, text));
    },
    remove: (ref, expected) =>
      replace(ref, expected, (service) => keychain.remove(service, account)),

    async stamp() {
      // A keychain says nothing of when an item was written.
      return null;
    },
    watchPath: () => null,
    lockPath: () => null,
    describe: (ref) => `keychain item "${serviceName(ref)}"`,

    async sweep() {
      // An item is replaced as a whole: a killed process leaves nothing beside it.
    },
    async dispose() {
      await Promise.allSettled(queues.values());
    },
  };
}
