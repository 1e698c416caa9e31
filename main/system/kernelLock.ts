/// <reference path="./fs-native-extensions.d.ts" />
import { errorCode, errorText } from './errors.ts';

/** The calls of fs-native-extensions that are used here. */
interface NativeLocks {
  /** @returns whether it was got · @throws the system's error if the file system keeps no locks */
  tryLock(descriptor: number, options: { readonly shared: boolean }): boolean;
}

/**
 * - `taken`: it is this descriptor's until that is closed, also by a kill
 * - `held`: another descriptor, of whatever process, has it
 * - `unsupported`: no locks here; `detail` says why
 */
export type KernelLockResult =
  | { readonly status: 'taken' | 'held' }
  | { readonly status: 'unsupported'; readonly detail: string };

export type TryKernelLock = (
  descriptor: number,
  how: 'exclusive' | 'shared',
) => Promise<KernelLockResult>;

/**
 * Asks the kernel for a lock on an open file, without waiting: an OFD lock on Linux, flock on macOS. Such
 * a lock needs no proof that its holder lives: it ends with the process, for all pid namespaces alike.
 */
export const tryKernelLock: TryKernelLock = async (descriptor, how) => {
  let native: NativeLocks;
  try {
    native = await loadNativeLocks();
  } catch (error) {
    const [firstLine = ''] = errorText(error).split('\n');
    return { status: 'unsupported', detail: `fs-native-extensions does not load: ${firstLine}` };
  }
  try {
    const isTaken = native.tryLock(descriptor, { shared: how === 'shared' });
    return { status: isTaken ? 'taken' : 'held' };
  } catch (error) {
    // EACCES is what some systems say instead of EAGAIN.
    if (['EAGAIN', 'EWOULDBLOCK', 'EACCES'].includes(errorCode(error))) return { status: 'held' };
    return { status: 'unsupported', detail: errorCode(error) || errorText(error) };
  }
};

async function loadNativeLocks(): Promise<NativeLocks> {
  const { default: native } = await import('fs-native-extensions');
  return native;
}
