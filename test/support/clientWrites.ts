import { randomBytes } from 'node:crypto';
import {
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeServer, fakeServer, serverKey } from './fake.ts';

/** A folder with an entry in it: all that the client's protocol needs to know. */
export interface Place {
  readonly configDir: string;
}

/** An entry as a test looks at it. */
export type Blob = { mcpOAuth?: Record<string, FakeServer> } & Record<string, unknown>;

/** The client gives up after this, says that all is well, and has saved nothing. */
const PATIENCE_MS = 7_500;
const RETRY_MS = 5;

export const entryFile = ({ configDir }: Place): string => join(configDir, '.credentials.json');
export const lockFolder = ({ configDir }: Place): string => join(configDir, '.storage-write.lock');

/** The entry's text; `null` where there is none. */
export function readText(place: Place): string | null {
  try {
    return readFileSync(entryFile(place), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The entry; `{}` where there is none. @throws SyntaxError if it is damaged */
export function readBlob(place: Place): Blob {
  return JSON.parse(readText(place) ?? '{}') as Blob;
}

/** The value of a server in an entry, found by its name. */
export function serverIn(place: Place, name: string): FakeServer | undefined {
  return readBlob(place).mcpOAuth?.[serverKey(name)];
}

/** Writes an entry exactly as the client does it. */
export function writeAsClient(place: Place, text: string): Promise<void> {
  return rewriteAsClient(place, () => text);
}

/** Changes an entry exactly as the client does it: lock, read, temporary file, rename, unlock. */
export async function editAsClient(place: Place, edit: (blob: Blob) => void): Promise<void> {
  await rewriteAsClient(place, (text) => {
    const blob = JSON.parse(text ?? '{}') as Blob;
    edit(blob);
    return JSON.stringify(blob);
  });
}

/** Signs in to a server, as a session in that config directory. @returns the value it now holds */
export async function signIn(
  place: Place,
  name: string,
  overrides: Record<string, unknown> = {},
): Promise<FakeServer> {
  const server = fakeServer(name, overrides);
  await editAsClient(place, (blob) => {
    blob.mcpOAuth = { ...blob.mcpOAuth, [serverKey(name)]: server };
  });
  return server;
}

/** `claude mcp logout NAME`: the key goes, the map stays. */
export async function logOut(place: Place, name: string): Promise<void> {
  await editAsClient(place, (blob) => {
    delete blob.mcpOAuth?.[serverKey(name)];
  });
}

/** Takes the lock of an entry as the client does, which waits for whoever has it. @returns its folder */
export async function takeLock(place: Place): Promise<string> {
  const lock = lockFolder(place);
  const deadline = performance.now() + PATIENCE_MS;
  while (!tryLock(lock)) {
    if (performance.now() > deadline)
      throw new Error(`the client waited ${PATIENCE_MS} ms for ${lock}, and lost its write`);
    await sleep(RETRY_MS);
  }
  return lock;
}

/** What the client makes of a server whose refresh was rejected. */
export async function invalidate(place: Place, name: string): Promise<void> {
  await editAsClient(place, (blob) => {
    const server = blob.mcpOAuth?.[serverKey(name)];
    if (server === undefined) throw new Error(`${name} is not in ${place.configDir}`);
    const { refreshToken: _, ...rest } = server;
    blob.mcpOAuth = {
      ...blob.mcpOAuth,
      [serverKey(name)]: { ...rest, accessToken: '', expiresAt: 0 } as FakeServer,
    };
  });
}

async function rewriteAsClient(
  place: Place,
  change: (text: string | null) => string,
): Promise<void> {
  const lock = await takeLock(place);
  const temporary = `${entryFile(place)}.tmp.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, change(readText(place)), { mode: 0o600, flag: 'wx' });
    // A test that runs as root stands in for the folder's owner.
    const { uid, gid } = statSync(place.configDir);
    if (process.getuid?.() === 0) chownSync(temporary, uid, gid);
    renameSync(temporary, entryFile(place));
  } finally {
    rmSync(temporary, { force: true });
    rmdirSync(lock);
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
