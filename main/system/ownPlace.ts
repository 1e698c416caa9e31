import { existsSync, fstatSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * Paths that somebody else can put a link into. A mission writes what it likes into its own folder, so below
 * the folder of all missions no part of a path may be a link: it would lead to another profile of the user's,
 * whose sign-ins would go to everybody. That folder itself and all above it are the user's, links included.
 *
 * Everywhere here, `root` is that folder. A path that does not lie below it may hold links as before; so may
 * any path where no root is given.
 */

/** A link lies where none is followed. */
export class LinkInTheWay extends Error {
  readonly code = 'ELOOP';

  /** @param link the part of the path that is one; `null`: it was one a moment ago */
  constructor(path: string, link: string | null) {
    super(
      link === null ? `${path} was reached through a symbolic link` : `${link} is a symbolic link`,
    );
    this.name = 'LinkInTheWay';
  }
}

/** Where Linux tells what a descriptor was opened at. */
const DESCRIPTORS = '/proc/self/fd';
/** Whether a folder can be had by its descriptor, whatever takes its place meanwhile. */
export const HAS_DESCRIPTORS = existsSync(DESCRIPTORS);

export function descriptorPath(descriptor: number): string {
  return `${DESCRIPTORS}/${descriptor}`;
}

/** Whether a path is one that may hold no link. */
export function isBelow(path: string, root: string | undefined): root is string {
  return root !== undefined && path.startsWith(root + sep);
}

/** The first link on the way from `root` to `path`, the end included; `null` where there is none, or no path. */
export function linkBelow(path: string, root: string | undefined): string | null {
  if (!isBelow(path, root)) return null;
  let at = root;
  try {
    for (const part of partsOf(path, root)) {
      at = join(at, part);
      const stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat === undefined) return null;
      if (stat.isSymbolicLink()) return at;
    }
  } catch {
    // What may not be looked at cannot be opened either.
  }
  return null;
}

/** @throws LinkInTheWay */
export function refuseLinks(path: string, root: string | undefined): void {
  const link = linkBelow(path, root);
  if (link !== null) throw new LinkInTheWay(path, link);
}

/**
 * Whether what was opened lies at its path, and not where a link led to when it was opened: a folder may be
 * swapped for a link and back between any two looks at it.
 */
export function liesAt(descriptor: number, path: string, root: string | undefined): boolean {
  if (!isBelow(path, root)) return true;
  try {
    return HAS_DESCRIPTORS
      ? liesAtByDescriptor(descriptor, path, root)
      : liesAtByName(descriptor, path, root);
  } catch {
    // Its folders have gone since, or may not be looked at any more.
    return false;
  }
}

/** Where the folders of all missions really lie, as last seen. */
const realRoots = new Map<string, string>();

/** One call to the system: it knows where it opened a file, and follows that file's renames. */
export function liesAtByDescriptor(descriptor: number, path: string, root: string): boolean {
  // A file that was replaced since is still the one that lay there.
  const found = readlinkSync(descriptorPath(descriptor)).replace(/ \(deleted\)$/, '');
  const isIt = (real: string | undefined): boolean =>
    real !== undefined && found === join(real, ...partsOf(path, root));
  if (isIt(realRoots.get(root))) return true;
  // The first time; or the user has moved the folder of all missions.
  const real = realpathSync(root);
  realRoots.set(root, real);
  return isIt(real);
}

/**
 * The same on a system that does not tell: what lies at the path is what was opened, and no part of the path
 * is a link before and after that look. Also `false` for a file that was replaced since: open it again.
 */
export function liesAtByName(descriptor: number, path: string, root: string): boolean {
  if (linkBelow(path, root) !== null) return false;
  const there = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  const opened = fstatSync(descriptor, { bigint: true });
  const isSame = there?.ino === opened.ino && there.dev === opened.dev;
  return isSame && linkBelow(path, root) === null;
}

function partsOf(path: string, root: string): string[] {
  return path
    .slice(root.length + 1)
    .split(sep)
    .filter((part) => part !== '');
}
