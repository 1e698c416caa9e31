import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where everything lies under AGENC_DIRPATH (docs/files.md). */
export interface AgencPaths {
  readonly root: string;
  readonly missions: string;
  readonly broadcast: string;
  readonly oauthToken: string;
  readonly bar: string;
  readonly engineLock: string;
  readonly engineSocket: string;
  readonly lineage: string;
  readonly settings: string;
  readonly attached: string;
  /** What was decided when missions were made, a file each. */
  readonly missionNotes: string;
  readonly syncLog: string;
  /** Where each sign-in's secrets may be sent. */
  readonly destinations: string;
  /** The refresh locks that the engine holds. */
  readonly refreshLocks: string;
  /** Refreshes by the engine that are not at their end. */
  readonly refresh: string;
  readonly journal: string;
  /** Which client versions can share an entry. */
  readonly sharedStore: string;
  /** What the app remembers of itself: window, first start. */
  readonly app: string;
}

/** @param root AGENC_DIRPATH, absolute */
export function agencPaths(root: string): AgencPaths {
  const bar = join(root, 'bar');
  return {
    root,
    missions: join(root, 'missions'),
    broadcast: join(root, 'global-credentials-expiry'),
    oauthToken: join(root, 'cache', 'oauth-token'),
    bar,
    engineLock: join(bar, 'engine.lock'),
    engineSocket: join(bar, 'engine.sock'),
    lineage: join(bar, 'lineage.json'),
    settings: join(bar, 'settings.json'),
    attached: join(bar, 'attached.json'),
    missionNotes: join(bar, 'missions'),
    syncLog: join(bar, 'sync.log'),
    destinations: join(bar, 'destinations.json'),
    refreshLocks: join(bar, 'refresh-locks.json'),
    refresh: join(bar, 'refresh'),
    journal: join(bar, 'journal'),
    sharedStore: join(bar, 'shared-store.json'),
    app: join(bar, 'app.json'),
  };
}

/** The folder to work on: the command line, else AGENC_DIRPATH, else `~/.agenc`. */
export function agencRoot(
  fromCommandLine: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string {
  return resolve(expandHome(fromCommandLine || env.AGENC_DIRPATH || join(homedir(), '.agenc')));
}

/** `~` and `~/…` to the user's home folder; anything else as it is. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
