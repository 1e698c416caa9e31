import { join } from 'node:path';

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
