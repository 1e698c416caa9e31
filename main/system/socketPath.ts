import { hash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { errorCode } from './errors.ts';
import { UserError } from './userError.ts';

/** The shortest limit among the systems we run on (macOS: 104 bytes with the closing NUL). */
const MAX_BYTES = 103;
const PATIENCE_MS = 2_000;

/** Where a server is to listen. */
export interface ListenPlace {
  readonly path: string;
  /** After the socket is closed. */
  remove(): void;
}

/**
 * Makes way for a control socket; what lies there from a dead server goes. Where a path is too long for a
 * socket, a link in its place leads to one in a private folder elsewhere, so that both sides find the
 * same whatever their environments say, and nobody else can put his own in between.
 * @throws the system's error
 */
export function makeListenPlace(wanted: string, env: NodeJS.ProcessEnv = process.env): ListenPlace {
  rmSync(wanted, { force: true });
  if (!isTooLong(wanted)) return { path: wanted, remove: () => undefined };
  const { folder, isShared } = elsewhere(env);
  const path = join(folder, nameElsewhere(wanted));
  rmSync(path, { force: true });
  symlinkSync(path, wanted);
  return {
    path,
    remove() {
      rmSync(wanted, { force: true });
      // Others of ours may be in the shared one, or come to it just now.
      if (!isShared) removeIfEmpty(folder);
    },
  };
}

/**
 * Where a client finds the socket that a server wanted at a path; `null` if there is none of this user's.
 * @throws UserError if what is there belongs, or is open, to somebody else
 */
export function findSocket(wanted: string): string | null {
  const path = isTooLong(wanted) ? targetOf(wanted) : wanted;
  if (path === null) return null;
  if (path !== wanted) requirePrivate(dirname(path));
  const stat = lstatOf(path);
  if (stat === null || !stat.isSocket()) return null;
  if (!isOurs(stat) && process.getuid?.() !== 0) {
    throw new UserError(`${path} is another user's socket: nothing is sent to it. Remove it.`);
  }
  return path;
}

/** Whether a server of this user's accepts at a path. One that is held still does; one in doubt does. */
export async function isAccepting(wanted: string): Promise<boolean> {
  let path: string | null;
  try {
    path = findSocket(wanted);
  } catch {
    // Another user's: not who is looked for.
    return false;
  }
  if (path === null) return false;
  return new Promise((resolve) => {
    const connection = connect(path);
    const done = (accepts: boolean) => {
      connection.destroy();
      resolve(accepts);
    };
    connection.setTimeout(PATIENCE_MS, () => done(true));
    connection.on('connect', () => done(true));
    connection.on('error', (error) => {
      done(!['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'].includes(errorCode(error)));
    });
  });
}

/** Makes sure that a folder is this user's own and nobody else's to enter. @throws UserError */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = statSync(folder);
  if (isOurs(stat) && (stat.mode & 0o077) === 0) return;
  throw new UserError(
    `${folder} is open to other users; make it yours alone (chmod 700) and start again.`,
  );
}

/** The same of one that is there, and lies where others may have put it. @throws UserError */
function requirePrivate(folder: string): void {
  if (lstatOf(folder) === null || isPrivate(folder)) return;
  throw new UserError(
    `${folder} belongs or is open to another user: nothing that listens in it is asked. End what made it.`,
  );
}

function isPrivate(folder: string): boolean {
  const stat = lstatOf(folder);
  return stat?.isDirectory() === true && isOurs(stat) && (stat.mode & 0o077) === 0;
}

function isOurs({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > MAX_BYTES;
}

/** One that leads to it from nowhere else: a mission may have laid the link, and must not lead us astray. */
function nameElsewhere(wanted: string): string {
  return `${hash('sha256', wanted).slice(0, 16)}.sock`;
}

function targetOf(link: string): string | null {
  try {
    const target = readlinkSync(link);
    return isAbsolute(target) && basename(target) === nameElsewhere(link) ? target : null;
  } catch {
    // Nothing, or no link.
    return null;
  }
}

/** The session's own folder, else one of ours in the temporary one; another's is passed by. */
function elsewhere({ XDG_RUNTIME_DIR: session }: NodeJS.ProcessEnv): {
  folder: string;
  isShared: boolean;
} {
  const shared = [
    ...(session && isAbsolute(session) && isPrivate(session) ? [join(session, 'agenc-bar')] : []),
    join(tmpdir(), `agenc-bar-${process.getuid?.() ?? 0}`),
  ];
  for (const folder of shared) {
    if (Buffer.byteLength(join(folder, nameElsewhere(''))) > MAX_BYTES) continue;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (isPrivate(folder)) return { folder, isShared: true };
    } catch {
      // Something else stands there.
    }
  }
  return { folder: mkdtempSync(join(tmpdir(), 'agenc-bar-')), isShared: false };
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A file in it, or no folder any more.
  }
}

function lstatOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    // Not there, or not for us to see.
    return null;
  }
}
