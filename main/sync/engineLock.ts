import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive } from '../missions/pid.ts';
import { makePrivateFolder } from '../system/atomicFile.ts';
import { errorCode } from '../system/errors.ts';
import { processStart } from '../system/processStart.ts';

export type EngineLock =
  | {
      readonly status: 'acquired';
      /** The engine before this one was killed: it may have left locks and temporary files. */
      readonly afterCrash: boolean;
      /** Whether it still is: somebody may have removed the file, or the whole folder. */
      isOurs(): boolean;
      release(): void;
    }
  | { readonly status: 'held'; readonly pid: number };

/**
 * Takes `bar/engine.lock`, so that one engine works on one AGENC_DIRPATH. The file holds the owner's pid
 * and appears whole (a hard link), so nobody ever reads half of it; the lock of a dead owner is moved
 * away before it is replaced, so that of two newcomers only one gets it.
 * @throws the system's error if the folder cannot be used
 */
export async function acquireEngineLock(path: string): Promise<EngineLock> {
  await makePrivateFolder(dirname(path));
  const own = `${process.pid} ${processStart(process.pid) ?? ''} ${randomBytes(8).toString('hex')}\n`;
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, own, { mode: 0o600 });
  let afterCrash = false;
  try {
    while (!link(temporary, path)) {
      const holder = read(path);
      if (holder === null) continue;
      const pid = ownerOf(holder);
      if (pid !== null) return { status: 'held', pid };
      afterCrash = moveAway(path, holder) || afterCrash;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return {
    status: 'acquired',
    afterCrash,
    isOurs: () => read(path) === own,
    release() {
      if (read(path) === own) rmSync(path, { force: true });
    },
  };
}

/** The pid of the engine that holds the lock now, or `null`. */
export function engineLockHolder(path: string): number | null {
  const holder = read(path);
  return holder === null ? null : ownerOf(holder);
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

/** Removes a dead owner's lock, unless a newcomer's took its place meanwhile: that one is put back. */
function moveAway(path: string, dead: string): boolean {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  const wasDead = read(aside) === dead;
  if (!wasDead) link(aside, path);
  rmSync(aside, { force: true });
  return wasDead;
}

/** The owner's pid if that very process lives. A pid that was given to another process since is dead. */
function ownerOf(text: string): number | null {
  const [pid, start] = text.trim().split(' ');
  const owner = Number(pid);
  if (!Number.isInteger(owner) || owner <= 0 || !isAlive(owner)) return null;
  const now = processStart(owner);
  return start && now !== null && now !== start ? null : owner;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
