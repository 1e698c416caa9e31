import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  descriptorPath,
  HAS_DESCRIPTORS,
  isBelow,
  LinkInTheWay,
  liesAt,
  liesAtByName,
  linkBelow,
  refuseLinks,
} from './ownPlace.ts';

/** A folder of a mission in which something is made, changed or removed: that very folder, until it is closed. */
export interface OwnFolder {
  /** As people and other programs know it. */
  readonly folder: string;
  /** By which it is reached, whatever is put in its place meanwhile. Elsewhere than on Linux the same as `folder`. */
  readonly path: string;
  /**
   * Elsewhere than on Linux, before and after something is done: no link has taken its place.
   * @param made a file that was just made in it, and is empty
   * @throws LinkInTheWay
   */
  check(made?: { readonly descriptor: number; readonly path: string }): void;
  /** A text with its usual path in it. */
  plain(text: string): string;
  close(): void;
}

/** Only to reach what lies in it, for which no right to list it is needed. Linux's own; not among Node's constants. */
const O_PATH = 0o10000000;

/**
 * Opens a folder below `root` that is reached without any link. One that does not lie below it is taken as
 * it is, links and all.
 * @throws LinkInTheWay; the system's error
 */
export function openOwnFolder(folder: string, root: string | undefined): OwnFolder {
  if (!isBelow(folder, root)) return asItIs(folder, () => undefined);
  if (!HAS_DESCRIPTORS) return openByName(folder, root);
  let descriptor: number;
  try {
    descriptor = openSync(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    refuseLinks(folder, root);
    throw error;
  }
  if (!liesAt(descriptor, folder, root)) {
    closeSync(descriptor);
    throw new LinkInTheWay(folder, linkBelow(folder, root));
  }
  const path = descriptorPath(descriptor);
  return {
    folder,
    path,
    check: () => undefined,
    plain: (text) => text.replaceAll(path, folder),
    close: () => closeSync(descriptor),
  };
}

/** Where folders have no path by their descriptor: looked at before and after. */
export function openByName(folder: string, root: string): OwnFolder {
  refuseLinks(folder, root);
  return asItIs(folder, (made) => {
    refuseLinks(folder, root);
    if (made !== undefined && !liesAtByName(made.descriptor, made.path, root))
      throw new LinkInTheWay(made.path, null);
  });
}

function asItIs(folder: string, check: OwnFolder['check']): OwnFolder {
  return { folder, path: folder, check, plain: (text) => text, close: () => undefined };
}

/**
 * Does something to a file in the folder that it really lies in.
 * @param work is given the file's path to be used meanwhile
 * @throws LinkInTheWay; the system's error
 */
export function inOwnFolder<T>(
  file: string,
  root: string | undefined,
  work: (path: string) => T,
): T {
  const own = openOwnFolder(dirname(file), root);
  try {
    own.check();
    return work(join(own.path, basename(file)));
  } finally {
    own.close();
  }
}

/** Removes a file, if it is there. @throws LinkInTheWay; the system's error */
export function removeOwn(file: string, root: string): void {
  inOwnFolder(file, root, (path) => rmSync(path, { force: true }));
}
