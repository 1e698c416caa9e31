import { type CredentialStore, type EntryRef, unavailable } from '../../main/stores/store.ts';

/** A store in memory, for histories of thousands of steps. Passes the conformance suite like the real ones. */
export interface MemoryStore extends CredentialStore {
  readonly texts: Map<string, string>;
  /** Called right before a write compares and replaces: where a client's write can slip in between. */
  beforeWrite: (configDir: string) => void;
  /** Called with each replacement that is about to happen. */
  onWrite: (configDir: string, before: string | null, after: string) => void;
  /** Config directories that cannot be read or written just now. */
  readonly locked: Set<string>;
}

export function createMemoryStore(): MemoryStore {
  const texts = new Map<string, string>();
  const locked = new Set<string>();
  const current = (ref: EntryRef): string | null => texts.get(ref.configDir) ?? null;
  const isLocked = (ref: EntryRef) => locked.has(ref.configDir);
  const store: MemoryStore = {
    kind: 'file',
    texts,
    locked,
    beforeWrite: () => undefined,
    onWrite: () => undefined,
    async read(ref) {
      if (isLocked(ref)) return unavailable('locked', 'locked for the test');
      const text = current(ref);
      return text === null ? { status: 'absent' } : { status: 'found', text, writtenAt: null };
    },
    async write(ref, text, expected, go) {
      if (go !== undefined && !(await go)) return { status: 'moved' };
      if (isLocked(ref)) return unavailable('locked', 'locked for the test');
      store.beforeWrite(ref.configDir);
      if (current(ref) !== expected) return { status: 'moved' };
      store.onWrite(ref.configDir, expected, text);
      texts.set(ref.configDir, text);
      return { status: 'written' };
    },
    async remove(ref, expected) {
      if (current(ref) !== expected) return { status: 'moved' };
      texts.delete(ref.configDir);
      return { status: 'written' };
    },
    stamp: async (ref) => current(ref) ?? 'absent',
    watchPath: () => null,
    lockPath: () => null,
    describe: (ref) => ref.configDir,
    sweep: async () => undefined,
    dispose: async () => undefined,
  };
  return store;
}
