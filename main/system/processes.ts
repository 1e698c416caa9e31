import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The children of a process, as of now. */
export function childrenOf(parent: number): number[] {
  return childrenIn(parentages(), parent);
}

/** The children of a process, theirs, and so on, as of now. */
export function descendantsOf(parent: number): number[] {
  const all = parentages();
  const below = (pid: number): number[] =>
    childrenIn(all, pid).flatMap((child) => [child, ...below(child)]);
  return below(parent);
}

/**
 * Sends a signal to a process, or with a negative number to its group, if it still is there and ours. To
 * whole crowds (0, -1), to this process and to what is no number, nothing is sent.
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  if (!Number.isSafeInteger(pid) || pid === 0 || pid === -1 || pid === process.pid) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile; one that is not ours to end shows by living on.
  }
}

type Parentage = readonly [pid: number, parent: number];

function childrenIn(all: readonly Parentage[], parent: number): number[] {
  return all.filter(([, itsParent]) => itsParent === parent).map(([pid]) => pid);
}

function parentages(): Parentage[] {
  return parentsFromProc() ?? parentsFromPs();
}

function parentsFromProc(): Parentage[] | null {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
          // After the command's name, in parentheses, come its state and its parent.
          return [
            [Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])],
          ] as const;
        } catch {
          // It ended meanwhile.
          return [];
        }
      });
  } catch {
    // No /proc here (macOS).
    return null;
  }
}

function parentsFromPs(): Parentage[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined ? [] : [[pid, parent] as const];
  });
}
