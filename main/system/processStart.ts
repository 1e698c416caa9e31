import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc: the kernel's own unit is not shown to programs, USER_HZ is 100 everywhere. */
const TICKS_PER_SECOND = 100;

/** How long ago a process started, in ms; `null` if there is no such process or nobody can tell. */
export function processAge(pid: number): number | null {
  return ageFromProc(pid) ?? ageFromPs(pid);
}

/**
 * A mark of when a process started, which no later process of the same number has. `null` if there is no
 * such process any more, or nobody can tell.
 */
export function processStart(pid: number): string | null {
  const start = startFromProc(pid);
  return start === undefined ? startFromPs(pid) : start;
}

/**
 * The same where it costs next to nothing: `null` for a zombie, `undefined` where there is no /proc to
 * tell, or no such process.
 */
export function startFromProc(pid: number): string | null | undefined {
  try {
    const [state, ...rest] = statFields(pid);
    return isDead(state) ? null : rest[18];
  } catch {
    return undefined;
  }
}

/** Dead, but perhaps not yet looked at by its parent. */
function isDead(state: string | undefined): boolean {
  return state === 'Z' || state === 'X';
}

/** What `/proc/<pid>/stat` says after the command's name, which stands in parentheses and may hold spaces. */
function statFields(pid: number): string[] {
  // Our own by its other name: this /proc may be that of an outer pid namespace.
  const stat = readFileSync(`/proc/${pid === process.pid ? 'self' : pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function startFromPs(pid: number): string | null {
  const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options);
  const [, state, start] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(stdout ?? '') ?? [];
  if (status !== 0 || state === undefined || state.startsWith('Z')) return null;
  return start?.replaceAll(/\s+/g, '_') ?? null;
}

function ageFromProc(pid: number): number | null {
  try {
    // Field 22 of all, in ticks since boot.
    const ticks = Number(statFields(pid)[19]);
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
