import { dirname, join } from 'node:path';
import { missionsFolderOf } from '../missions/mission.ts';
import { linkBelow, refuseLinks } from '../system/ownPlace.ts';
import { findSocket } from '../system/socketPath.ts';

/** The name of a wrapper's control socket in its mission's folder. */
export const SOCKET_FILE = 'wrapper.sock';
/** What the wrapper did, as JSON lines. */
export const WRAPPER_LOG_FILE = 'wrapper.log';
/** What a headless Claude printed. */
export const OUTPUT_FILE = 'claude-output.log';

/** Where a mission's control socket is wanted; see `makeListenPlace` for where it really lies. */
export function wrapperSocket(folder: string): string {
  return join(folder, SOCKET_FILE);
}

/**
 * Where a mission's wrapper listens, as `findSocket` finds it; `null` too where its folder is a link: whoever
 * listens there is another's.
 * @throws UserError if what is there is another user's
 */
export function findWrapper(folder: string): string | null {
  if (linkBelow(folder, missionsFolderOf(folder)) !== null) return null;
  return findSocket(wrapperSocket(folder));
}

/** @throws LinkInTheWay where a link lies in the place of the mission's folder that a file lies in */
export function requireOwnFolder(file: string): void {
  const folder = dirname(file);
  refuseLinks(folder, missionsFolderOf(folder));
}
