import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The children of a process, as of now. */
export function childrenOf(parent: number): number[] {
  return (parentsFromProc() ?? parentsFromPs())
    .filter(([, itsParent]) => itsParent === parent)
    .map(([pid]) => pid);
}

type Parentage = readonly [pid: number, parent: number];

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
