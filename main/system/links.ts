import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from './errors.ts';

/** As the kernel has it. */
const MAX_LINKS = 40;

/**
 * Where a file really lies: the end of the links that start at `path`, whether or not there is a file.
 * A path that is no link is given back as it is.
 * @throws the system's error if the links lead in a circle, or where one may not look
 */
export function linkTarget(path: string): string {
  let target = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const next = readLink(target);
    if (next === null) return target;
    // `..` is meant from where the link really lies.
    target = resolve(realpathSync(dirname(target)), next);
  }
  throw Object.assign(new Error(`ELOOP: too many symbolic links, '${path}'`), { code: 'ELOOP' });
}

/** The one path of a file, whatever links its folders and itself are reached by. @throws as {@link linkTarget} */
export function realPlace(path: string): string {
  const target = linkTarget(path);
  return join(realpathSync(dirname(target)), basename(target));
}

/** Where a path really leads; the path itself where nothing is there, or one may not look. */
export function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    // EINVAL: a file that is no link.
    if (['EINVAL', 'ENOENT', 'UNKNOWN'].includes(errorCode(error))) return null;
    throw error;
  }
}
