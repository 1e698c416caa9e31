/**
 * Where credential entries live. One interface, three implementations
 * (`file`, `security`, `keytar`), one conformance suite that all of them pass.
 *
 * "Locked", "unreadable" and "absent" are three different answers: a store that cannot be read
 * says `unavailable` with a reason, never `absent`.
 */

/** Names one entry. `global` is the entry of a plain `claude`; every other one belongs to a config directory. */
export interface EntryRef {
  readonly scope: 'global' | 'mission';
  /** The exact `CLAUDE_CONFIG_DIR` string (not resolved: the keychain service name hashes it as it is). */
  readonly configDir: string;
}

export type UnavailableReason =
  | 'locked' // the keychain or keyring is locked, or may not be shown a prompt (36)
  | 'denied' // EACCES, authorisation failed (51), cancelled by the user (128)
  | 'read-only' // EROFS, or a folder without write permission
  | 'full' // ENOSPC, EDQUOT
  | 'busy' // another process holds the client's lock just now; nothing waits for it inside a write
  | 'timeout' // the store did not answer within its time limit
  | 'missing' // no such store here: no Secret Service, no `security` on PATH, config directory gone
  | 'too-large' // larger than any real entry
  | 'overflow' // a part of it lies where only a newer client reads it
  | 'link' // a symbolic link in a mission's folder, or in its place, which is not followed
  | 'failed'; // anything else; see `detail`

/** The store could not answer. `detail` is for people, names paths and codes, and never holds a value. */
export interface Unavailable {
  readonly status: 'unavailable';
  readonly reason: UnavailableReason;
  readonly detail: string;
}

export interface Found {
  readonly status: 'found';
  /** The entry's raw text, as stored. Secret: never log it. */
  readonly text: string;
  /** When it was last written, ms since the epoch, where the store knows (the file's mtime). */
  readonly writtenAt: number | null;
}

export interface Absent {
  readonly status: 'absent';
}

export type ReadResult = Found | Absent | Unavailable;

/**
 * - `written`: the entry now holds the text; it was read back and is the same. `stamp` is what
 *   {@link CredentialStore.stamp} says of just this write, where the store can know it for certain.
 * - `moved`: the entry was no longer what the caller had read; nothing was written. Read and merge again.
 */
export type WriteResult =
  | { readonly status: 'written'; readonly stamp?: string }
  | { readonly status: 'moved' }
  | Unavailable;

export type StoreKind = 'file' | 'security' | 'keytar';

export interface CredentialStore {
  readonly kind: StoreKind;

  read(ref: EntryRef): Promise<ReadResult>;

  /**
   * Replaces the entry's text, if it still is what the caller read.
   * @param expected the text the caller read, or `null` if it was absent
   * @param go what to wait for before the entry is touched, so that a store can get ready meanwhile;
   *   `false`: do not write after all, the answer is then `moved`
   */
  write(
    ref: EntryRef,
    text: string,
    expected: string | null,
    go?: Promise<boolean>,
  ): Promise<WriteResult>;

  /** Deletes the entry, if it still is what the caller read. Deleting an absent entry is `written`. */
  remove(ref: EntryRef, expected: string | null): Promise<WriteResult>;

  /**
   * A cheap token that changes whenever the entry may have changed, so that a poll need not read it.
   * `null`: cannot tell, read it. Never spawns a process.
   */
  stamp(ref: EntryRef): Promise<string | null>;

  /** The file whose change means "look at this entry now", or `null` where there is none (keytar). */
  watchPath(ref: EntryRef): string | null;

  /** What appears while a client keeps an entry locked and goes when it lets go; `null` where there is none. */
  lockPath(ref: EntryRef): string | null;

  /** Names the place for people: a path, or a service name. */
  describe(ref: EntryRef): string;

  /** Removes what an earlier process of ours, killed in the middle of a write, left beside the entry. */
  sweep(ref: EntryRef): Promise<void>;

  dispose(): Promise<void>;
}

/** Shorthand for an {@link Unavailable}. */
export function unavailable(reason: UnavailableReason, detail: string): Unavailable {
  return { status: 'unavailable', reason, detail };
}
