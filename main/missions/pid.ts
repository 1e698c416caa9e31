import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../system/errors.ts';
import { readForeignText } from '../system/foreignFile.ts';
import {
  livenessOf,
  type ProcessIdentity,
  processIdentitySchema,
} from '../system/processIdentity.ts';
import { processAge, startFromProc } from '../system/processStart.ts';
import { barFolderOf, missionsFolderOf, PID_FILE } from './mission.ts';
import { notedWrapper } from './runFile.ts';

/** A number, and what a wrapper may write after it. */
const MAX_BYTES = 4_096;
/** Wrappers start, and clocks tick, a little apart. */
const SLACK_MS = 2_000;

/** The process id in a file of a mission's folder, or `null` if there is none, or none yet. */
export function readPid(path: string): number | null {
  // No file: not running. An unreadable one cannot name a process either; the next look tries again.
  const below = missionsFolderOf(dirname(path));
  const text = readForeignText(path, MAX_BYTES, { below })?.trim() ?? '';
  // A wrapper may write more after the number, on lines of its own.
  const match = /^([1-9]\d{0,9})(?:\s|$)/.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Whether a process lives. One that belongs to another user (EPERM) does; one that nobody has buried does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return startFromProc(pid) !== null;
}

/**
 * The process that runs a mission, or `null`: what its `pid` file names, if that process lives and is not a
 * later one of the same number. It says whether the mission runs, never whom a signal may be sent to: the
 * file is the mission's to write (see `runFile.ts`).
 */
export function runningPid(missionFolder: string): number | null {
  const path = join(missionFolder, PID_FILE);
  const pid = readPid(path);
  if (pid === null || !isAlive(pid)) {
    believed.delete(path);
    return null;
  }
  const noted = notedWrapper(missionFolder);
  if (noted?.pid === pid) {
    // Known by its start, whatever the clock has done since.
    if (noted.liveness === 'alive') return pid;
    // The number is that of a process in another container.
    if (noted.liveness === 'elsewhere') return null;
  }
  return !isNobodys(missionFolder, pid) && wasThereWhenWritten(path, pid) ? pid : null;
}

/**
 * Whether a process that runs for ever runs no mission: the system's first one, and ours. A mission that names it would
 * run for ever, too, and could be neither stopped nor removed.
 */
function isNobodys(missionFolder: string, pid: number): boolean {
  if (pid === 1 || pid === process.pid) return true;
  const engine = notedEngine(missionFolder);
  return engine?.pid === pid && livenessOf(engine) === 'alive';
}

/** The lock that was read last, and whom it names: each mission of hundreds asks, at each look. */
let lastLock: { readonly said: string; readonly engine: ProcessIdentity | null } | null = null;

/** As its lock says, which no mission writes. */
function notedEngine(missionFolder: string): ProcessIdentity | null {
  const path = join(barFolderOf(missionFolder), 'engine.lock');
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  const said = `${path} ${stat.ino} ${stat.mtimeMs} ${stat.size}`;
  if (lastLock?.said !== said) lastLock = { said, engine: readEngine(path) };
  return lastLock.engine;
}

function readEngine(path: string): ProcessIdentity | null {
  try {
    const text = readForeignText(path, MAX_BYTES);
    return text === null ? null : processIdentitySchema.parse(JSON.parse(text));
  } catch {
    // Just being written: it names nobody.
    return null;
  }
}

/** The files that were found to name a process that was there before them, and which one. */
const believed = new Map<string, string>();

/**
 * Whether a process is older than the file that names it. What was believed once is believed of that very
 * file for as long as the process lives: the clock may jump.
 */
export function wasThereWhenWritten(path: string, pid: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const said = `${pid} ${startFromProc(pid)} ${stat.ino} ${stat.mtimeMs}`;
  if (believed.get(path) === said) return true;
  const age = processAge(pid);
  if (age !== null && age < Date.now() - stat.mtimeMs - SLACK_MS) return false;
  believed.set(path, said);
  return true;
}
