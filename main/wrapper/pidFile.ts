import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readPid, runningPid, wasThereWhenWritten } from '../missions/pid.ts';
import { temporaryName } from '../system/atomicFile.ts';
import { errorCode } from '../system/errors.ts';
import { isAccepting } from '../system/socketPath.ts';
import { requireOwnFolder } from './files.ts';

export type PidClaim =
  | { readonly status: 'claimed'; release(): void }
  | { readonly status: 'held'; readonly pid: number };

/** Wrappers start, and clocks tick, a little apart. */
const SLACK_MS = 2_000;
/** Takeovers are synchronous and last microseconds: one that is older was left by a killed wrapper. */
const TAKEOVER_LIMIT_MS = 2_000;
const PAUSE_MS = 20;

/**
 * Makes this process the one wrapper of a mission. The file appears whole (a hard link) and holds the
 * bare number, as AgenC writes it and reads it back; so whether a live process is still the one that was
 * meant has to be told from its age.
 * @param socket the mission's `wrapper.sock`, where a live wrapper listens
 * @throws the system's error if the folder cannot be used; LinkInTheWay
 */
export async function claimPidFile(path: string, socket: string): Promise<PidClaim> {
  requireOwnFolder(path);
  const own = String(process.pid);
  const temporary = temporaryName(path);
  writeFileSync(temporary, own, { mode: 0o600, flag: 'wx' });
  try {
    for (;;) {
      if (link(temporary, path)) break;
      const seen = identityOf(path);
      if (seen === null) continue;
      const pid = readPid(path);
      if (pid !== null && (await isHolder(pid, path, socket))) return { status: 'held', pid };
      if ((pid !== null || !isFresh(path)) && takeOver(path, seen, temporary)) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return {
    status: 'claimed',
    release() {
      // AgenC's own wrapper writes over whatever is there; then it is no longer ours to remove.
      if (readPid(path) === process.pid) rmSync(path, { force: true });
    },
  };
}

/**
 * Whether a process is the wrapper that wrote the file. One that started after the file was written got
 * the number of a dead wrapper, unless somebody listens on the mission's socket: then the wall clock jumped,
 * or the wrapper runs in another container.
 */
async function isHolder(pid: number, path: string, socket: string): Promise<boolean> {
  if (pid === process.pid) return wasThereWhenWritten(path, pid);
  return runningPid(dirname(path)) === pid || (await isAccepting(socket));
}

/** Whether a file was written just now: AgenC's own wrapper may be about to write its number. */
function isFresh(path: string): boolean {
  const written = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return written !== undefined && Math.abs(Date.now() - written) < SLACK_MS;
}

/**
 * Puts our file in the place of a dead wrapper's. Only who creates the marker of that very file may, so
 * that of two newcomers only one does, and never over a newcomer's.
 */
function takeOver(path: string, dead: string, own: string): boolean {
  const marker = `${path}.takeover.${dead}`;
  try {
    writeFileSync(marker, '', { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const since = lstatSync(marker, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > TAKEOVER_LIMIT_MS) {
      rmSync(marker, { force: true });
    }
    return false;
  }
  try {
    if (identityOf(path) !== dead) return false;
    renameSync(own, path);
    return true;
  } finally {
    rmSync(marker, { force: true });
  }
}

/** Of a link its own: one to nowhere would else be there and not be there, for ever. */
function identityOf(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? null : `${stat.ino}-${stat.mtimeNs}`;
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
