import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

const LOOK_MS = 200;
/** The client's two locks on credentials, by whomever they are held. */
const LOCK = /^(mcp-refresh-.*\.lock|\.storage-write)\.lock$/;

export interface LockWatch {
  /** The longest that any one lock has been seen, in ms. */
  longestMs(): number;
  /** Where that lock was and who made it; empty if there was none. */
  longestText(): string;
  dispose(): void;
}

/** Looks all the time how long locks stay in credential directories. A lock that is made anew is another one. */
export function watchLocks(folders: readonly string[]): LockWatch {
  let seen = new Map<string, number>();
  let longest = { ms: 0, text: '' };
  const timer = setInterval(() => {
    const now = performance.now();
    const still = new Map<string, number>();
    for (const path of folders.flatMap(locksIn)) {
      // Gone between the two looks: it was let go in time.
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const identity = `${path} ${stat.ino} ${stat.birthtimeMs}`;
      const since = seen.get(identity) ?? now;
      still.set(identity, since);
      if (now - since > longest.ms) longest = { ms: now - since, text: `${path}, ${maker(stat)}` };
    }
    seen = still;
  }, LOOK_MS);
  return {
    longestMs: () => longest.ms,
    longestText: () => longest.text,
    dispose: () => clearInterval(timer),
  };
}

/** The engine makes its refresh locks without the owner's right to write, which no client leaves out. */
function maker({ mode }: Stats): string {
  return (mode & 0o200) === 0 ? "the engine's" : "a client's";
}

function locksIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => LOCK.test(name))
    .map((name) => join(folder, name));
}
