import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { processStart } from './processStart.ts';

/**
 * A process as one can recognise it later: its number means something only until the next boot, in its own
 * pid namespace (a container has one of its own), and only together with its start.
 */
export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  start: z.string(),
  /** The boot's id; `null` where the system tells none. */
  boot: z.string().nullable(),
  /** The pid namespace, as Linux names it: `pid:[4026531836]`; `null` on other systems. */
  pidNamespace: z.string().nullable(),
  /** For people: where to look for it. */
  host: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/**
 * - `alive`: that very process lives · `dead`: it does not, a zombie and a reused number included
 * - `elsewhere`: it ran in another pid namespace or on another machine, and nobody here can tell
 */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

/** @returns `null` if there is no such process, or only a zombie */
export function identityOf(pid: number): ProcessIdentity | null {
  const start = processStart(pid);
  if (start === null) return null;
  return { pid, start, boot: bootId(), pidNamespace: pidNamespace(), host: hostname() };
}

/** Whether a process that was noted down lives. */
export function livenessOf(noted: ProcessIdentity): Liveness {
  if (noted.boot !== bootId()) return noted.host === hostname() ? 'dead' : 'elsewhere';
  if (noted.pidNamespace !== pidNamespace()) return 'elsewhere';
  return processStart(noted.pid) === noted.start ? 'alive' : 'dead';
}

let knownBoot: string | null | undefined;

function bootId(): string | null {
  knownBoot ??= bootFromProc() ?? bootFromSysctl();
  return knownBoot;
}

function bootFromProc(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No /proc here (macOS).
    return null;
  }
}

function bootFromSysctl(): string | null {
  const { status, stdout } = spawnSync('sysctl', ['-n', 'kern.bootsessionuuid'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

function pidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one for all.
    return null;
  }
}
