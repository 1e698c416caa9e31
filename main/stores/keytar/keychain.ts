import pLimit from 'p-limit';
import { errorText } from '../../system/errors.ts';
import { type Absent, type Unavailable, type UnavailableReason, unavailable } from '../store.ts';
import { probeSecretService } from './secretService.ts';

/** The calls of keytar that are used here. Not `findCredentials`: on Linux it can crash the process. */
interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

export type LoadKeytar = () => Promise<Keytar>;

export interface KeychainOptions {
  /** Time limit of each operation as a whole. */
  readonly timeoutMs?: number;
  readonly load?: LoadKeytar;
  /** `null` where a "not found" of keytar can be believed, else why not. */
  readonly probe?: (signal: AbortSignal) => Promise<Unavailable | null>;
}

/** Items of the system's keychain or keyring, through keytar. Every answer is one of its three kinds. */
export interface Keychain {
  get(
    service: string,
    account: string,
  ): Promise<{ status: 'found'; text: string } | Absent | Unavailable>;
  /** Sets an item and reads it back. */
  set(service: string, account: string, text: string): Promise<{ status: 'written' } | Unavailable>;
  /** Removes an item. That there is none is no error. */
  remove(service: string, account: string): Promise<{ status: 'written' } | Unavailable>;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/**
 * keytar's calls block a thread of libuv's pool each, which has four, and with a hung daemon for 25 s.
 * Two at a time leave the file system its threads.
 */
const MAX_CALLS = 2;

/**
 * The traps of keytar on Linux are kept in here:
 * - a locked keyring reads as "not found" (and, on a desktop, asks the user for the password): so the
 *   Secret Service is asked first, over a connection of our own, and again before "not found" is believed;
 * - a hung daemon blocks a thread for 25 s: the question before comes back empty, and no call is made;
 * - the empty text is refused, and any other is cut at its first NUL: neither is let through;
 * - the native part does not load where there is no libsecret: it is loaded when first used.
 */
export function createKeychain(options: KeychainOptions = {}): Keychain {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, load = loadKeytar, probe = probeSystem } = options;
  const limit = pLimit(MAX_CALLS);
  let loading: Promise<Keytar> | null = null;

  async function keytar(): Promise<Keytar | Unavailable> {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = null;
      return unavailable(
        'missing',
        `keytar does not load here (no libsecret?): ${errorText(error)}`,
      );
    }
  }

  /** Runs `work` once the keychain is known to answer, under the time limit. */
  async function guarded<T extends { status: string }>(
    work: (
      call: <R>(use: (keytar: Keytar) => Promise<R>) => Promise<R>,
      signal: AbortSignal,
    ) => Promise<T | Unavailable>,
  ): Promise<T | Unavailable> {
    const control = new AbortController();
    const { promise: late, resolve: giveUp } = Promise.withResolvers<Unavailable>();
    const timer = setTimeout(() => {
      giveUp(unavailable('timeout', `the keychain did not answer within ${timeoutMs} ms`));
      control.abort();
    }, timeoutMs);

    const run = async (): Promise<T | Unavailable> => {
      const trouble = await probe(control.signal);
      if (trouble !== null) return trouble;
      const loaded = await keytar();
      if ('status' in loaded) return loaded;
      try {
        return await work(
          (use) =>
            limit(() => {
              control.signal.throwIfAborted();
              return use(loaded);
            }),
          control.signal,
        );
      } catch (error) {
        return fromKeytar(errorText(error));
      }
    };

    try {
      return await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get: (service, account) =>
      guarded(async (call, signal) => {
        const text = await call((keytar) => keytar.getPassword(service, account));
        if (text !== null) return { status: 'found', text };
        return (await probe(signal)) ?? { status: 'absent' };
      }),

    set: (service, account, text) =>
      guarded(async (call) => {
        const reason = whyUnfit(text);
        if (reason !== null)
          return unavailable('failed', `${reason} cannot be kept in the keychain`);
        await call((keytar) => keytar.setPassword(service, account, text));
        const after = await call((keytar) => keytar.getPassword(service, account));
        if (after === text) return { status: 'written' };
        return unavailable(
          'failed',
          `the keychain item "${service}" did not read back as it was written`,
        );
      }),

    remove: (service, account) =>
      guarded(async (call, signal) => {
        if (await call((keytar) => keytar.deletePassword(service, account)))
          return { status: 'written' };
        return (await probe(signal)) ?? { status: 'written' };
      }),
  };
}

async function loadKeytar(): Promise<Keytar> {
  const { default: keytar } = await import('keytar');
  return keytar;
}

/** macOS and Windows reject where a keychain is locked; only of a Secret Service is "not found" in doubt. */
async function probeSystem(signal: AbortSignal): Promise<Unavailable | null> {
  if (process.platform === 'darwin' || process.platform === 'win32') return null;
  return probeSecretService(process.env, signal);
}

function whyUnfit(text: string): string | null {
  if (text === '') return 'an empty text';
  if (text.includes('\0')) return 'a text with a NUL';
  return text.isWellFormed() ? null : 'a text with half a surrogate pair';
}

/** keytar hands on nothing but the system's message. */
function fromKeytar(message: string): Unavailable {
  // libsecret stays with the bus and the daemon it found first, for as long as the process lives.
  if (/not provided by any|connection is closed/i.test(message)) {
    const hint = 'if the keyring service was restarted, restart AgenC Bar';
    return unavailable('missing', `the keychain says: ${message} (${hint})`);
  }
  return unavailable(reasonOf(message), `the keychain says: ${message}`);
}

function reasonOf(message: string): UnavailableReason {
  if (/locked|interaction is not allowed/i.test(message)) return 'locked';
  if (/cancel|dismissed|denied|authori[sz]ation|passphrase/i.test(message)) return 'denied';
  return /autolaunch|could not connect|no such file/i.test(message) ? 'missing' : 'failed';
}
