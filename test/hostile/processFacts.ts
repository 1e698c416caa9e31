import { readdirSync, readFileSync } from 'node:fs';

/** How many descriptors a process has open; 0 where the system does not tell (macOS). */
export function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Resident memory in MB, now and at its highest; 0 where the system does not tell. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const line = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
    return { now: line('VmRSS'), peak: line('VmHWM') };
  } catch {
    return { now: 0, peak: 0 };
  }
}

/** The arguments of every process that runs now. */
export function allArguments(): string {
  let all = '';
  for (const name of readdirOrNothing('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      all += `${readFileSync(`/proc/${name}/cmdline`, 'latin1')}\n`;
    } catch {
      // It ended between two looks.
    }
  }
  return all;
}

function readdirOrNothing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
