import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makePrivateFolder } from '../system/atomicFile.ts';
import { errorCode } from '../system/errors.ts';
import { type TryKernelLock, tryKernelLock } from '../system/kernelLock.ts';
import {
  identityOf,
  livenessOf,
  type ProcessIdentity,
  processIdentitySchema,
} from '../system/processIdentity.ts';
import { isAccepting } from '../system/socketPath.ts';
import { UserError } from '../system/userError.ts';

/** Who holds a lock. */
export interface LockHolder {
  /** `null`: its number means nothing here, or is not known yet. */
  readonly pid: number | null;
  /** In words, as part of a sentence. */
  readonly who: string;
}

export type EngineLock =
  | {
      readonly status: 'acquired';
      /** The engine before this one was killed: it may have left locks and temporary files. */
      readonly afterCrash: boolean;
      /** Why no kernel keeps it, so that it is less sure; `null` where one does. */
      readonly weakness: string | null;
      /** Whether it still is: somebody may have removed the file, or the whole folder. Never throws. */
      isOurs(): boolean;
      /** @param how `leave`: as a killed engine would, so that the next one knows of it */
      release(how?: 'remove' | 'leave'): void;
    }
  | ({ readonly status: 'held' } & LockHolder);

export interface LockOptions {
  /** Where the holder answers. While somebody accepts there the lock is held, whatever its file says. */
  readonly socket?: string;
  readonly tryLock?: TryKernelLock;
}

const OPEN_FLAGS = constants.O_NONBLOCK | constants.O_NOFOLLOW;
const MAX_BYTES = 4_096;
/** A holder that names nobody alive is about to write its name, or about to be gone, or looks for who holds it. */
const ATTEMPTS = 10;
const PAUSE_MS = 20;
/** Without a kernel's lock: of two that start at once the later name stays. */
const SETTLE_MS = 200;

/**
 * Takes `bar/engine.lock`, so that one engine works on one AGENC_DIRPATH. The lock is the kernel's, on the
 * open file: it ends with its process, and holds across pid namespaces. What the file says is for people,
 * and tells the next engine whether this one came to its end.
 * @throws UserError if something stands in its place · the system's error if the folder cannot be used
 */
export async function acquireEngineLock(
  path: string,
  options: LockOptions = {},
): Promise<EngineLock> {
  const { socket, tryLock = tryKernelLock } = options;
  await makePrivateFolder(dirname(path));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await sleep(PAUSE_MS);
    const descriptor = openLock(path);
    if (descriptor === null) continue;
    let isKept = false;
    try {
      const result = await tryLock(descriptor, 'exclusive');
      const before = ownerIn(descriptor);
      if (result.status === 'unsupported') {
        return await takeWithoutKernel(path, before, result.detail, socket);
      }
      if (result.status === 'held') {
        const holder = holderOf(before.owner);
        if (holder !== null && (holder.pid !== null || attempt === ATTEMPTS))
          return { status: 'held', ...holder };
        continue;
      }
      // Removed meanwhile, perhaps by a holder at its end: a lock on a file that nobody finds is none.
      if (!leadsTo(path, descriptor)) continue;
      if (socket !== undefined && (await isAccepting(socket))) {
        // Its lock's file was taken away, and it has not noticed yet; or it keeps none of the kernel's.
        return { status: 'held', pid: null, who: 'it answers on its socket' };
      }
      try {
        writeOwner(descriptor);
      } catch {
        // A full disk: the lock is the kernel's, and this is for people.
      }
      isKept = true;
      return acquired(path, descriptor, before.text !== '', null);
    } finally {
      if (!isKept) closeSync(descriptor);
    }
  }
  return { status: 'held', pid: null, who: 'one that is just starting or ending' };
}

/** Who holds the lock now; `null`: nobody. @throws the system's error if the file cannot be opened */
export async function engineLockHolder(path: string): Promise<LockHolder | null> {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | OPEN_FLAGS);
  } catch (error) {
    // Nothing, or what is no lock; whoever wants to take it says more.
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errorCode(error))) return null;
    throw error;
  }
  try {
    if (!fstatSync(descriptor).isFile()) return null;
    // Shared, so that two that only look do not take each other for a holder.
    const { status } = await tryKernelLock(descriptor, 'shared');
    const { owner } = ownerIn(descriptor);
    if (status === 'taken') return null;
    if (status === 'held') return holderOf(owner) ?? { pid: null, who: 'one that just starts' };
    return owner !== null && livenessOf(owner) === 'alive' ? holderOf(owner) : null;
  } finally {
    closeSync(descriptor);
  }
}

/** Opens the lock's file, made if need be. @returns `null`: look again */
function openLock(path: string): number | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | OPEN_FLAGS, 0o600);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EISDIR') throw new UserError(`${path} is a folder; remove it, then start again.`);
    // A link, a socket, a pipe or device that nobody has open: never a lock of ours.
    if (['ELOOP', 'ENXIO', 'ENODEV', 'EMLINK'].includes(code)) return removeOdd(path);
    throw error;
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  return removeOdd(path);
}

function removeOdd(path: string): null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) rmSync(path, { force: true });
  return null;
}

/**
 * Where the file system keeps no locks: by what the file says, and by whether somebody answers. Two that
 * start within a moment on two machines or in two containers are not told apart by this, which is said.
 */
async function takeWithoutKernel(
  path: string,
  { owner, text }: Owner,
  detail: string,
  socket: string | undefined,
): Promise<EngineLock> {
  const holder = holderOf(owner);
  if (holder !== null && owner !== null && livenessOf(owner) === 'alive')
    return { status: 'held', ...holder };
  if (socket !== undefined && (await isAccepting(socket)))
    return { status: 'held', pid: null, who: holder?.who ?? 'it answers on its socket' };
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  const descriptor = openSync(temporary, 'wx+', 0o600);
  try {
    writeOwner(descriptor);
    renameSync(temporary, path);
  } catch (error) {
    closeSync(descriptor);
    rmSync(temporary, { force: true });
    throw error;
  }
  await sleep(SETTLE_MS);
  if (!leadsTo(path, descriptor)) {
    closeSync(descriptor);
    return { status: 'held', pid: null, who: 'one that started at the same moment' };
  }
  const weakness = `No lock can be kept on ${path} (${detail}): do not start a second engine on this folder in another container or on another machine.`;
  return acquired(path, descriptor, text !== '', weakness);
}

function acquired(
  path: string,
  descriptor: number,
  afterCrash: boolean,
  weakness: string | null,
): EngineLock {
  let isOpen = true;
  return {
    status: 'acquired',
    afterCrash,
    weakness,
    isOurs: () => isOpen && leadsTo(path, descriptor),
    release(how = 'remove') {
      if (!isOpen) return;
      // While the lock is held, so that whoever gets it next on this very file sees that it is gone.
      if (how === 'remove' && leadsTo(path, descriptor)) rmSync(path, { force: true });
      isOpen = false;
      closeSync(descriptor);
    },
  };
}

/** Whether a path leads to an open file. Where nobody can tell just now, it did before. */
function leadsTo(path: string, descriptor: number): boolean {
  try {
    const there = lstatSync(path, { bigint: true });
    const ours = fstatSync(descriptor, { bigint: true });
    return there.ino === ours.ino && there.dev === ours.dev;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error));
  }
}

interface Owner {
  readonly text: string;
  /** `null`: nobody who can be recognised. */
  readonly owner: ProcessIdentity | null;
}

function ownerIn(descriptor: number): Owner {
  const bytes = Buffer.alloc(MAX_BYTES);
  const text = bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, MAX_BYTES, 0));
  try {
    return { text, owner: processIdentitySchema.safeParse(JSON.parse(text)).data ?? null };
  } catch {
    // Empty, or not ours: it names nobody.
    return { text, owner: null };
  }
}

function writeOwner(descriptor: number): void {
  ftruncateSync(descriptor);
  writeSync(descriptor, `${JSON.stringify(identityOf(process.pid))}\n`, 0);
}

function holderOf(owner: ProcessIdentity | null): LockHolder | null {
  if (owner === null) return null;
  const { pid, host } = owner;
  switch (livenessOf(owner)) {
    case 'alive':
      return { pid, who: `process ${pid}` };
    case 'elsewhere':
      return {
        pid: null,
        who: `in another container or on another machine: process ${pid} of ${host}`,
      };
    default:
      return null;
  }
}
