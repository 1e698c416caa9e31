import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc: the kernel's own unit is not shown to programs, USER_HZ is 100 everywhere. */
const TICKS_PER_SECOND = 100;

/** How long ago a process started, in ms; `null` if there is no such process or nobody can tell. */
export function processAge(pid: number): number | null {
  return ageFromProc(pid) ?? ageFromPs(pid);
}

function ageFromProc(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may hold spaces. The start is field 22, in ticks since boot.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const age = (uptime - ticks / TICKS_PER_SECOND) * 1000;
    return Number.isFinite(age) ? Math.max(0, age) : null;
  } catch {
    // No /proc here (macOS), or the process is gone.
    return null;
  }
}

/** `ps` knows it on every system; `etime` is `[[dd-]hh:]mm:ss`. */
function ageFromPs(pid: number): number | null {
  const { status, stdout } = spawnSync('ps', ['-o', 'etime=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const match = /^\s*(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)\s*$/.exec(stdout ?? '');
  if (status !== 0 || match === null) return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
