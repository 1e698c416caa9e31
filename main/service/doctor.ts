import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { entryRef } from '../missions/mission.ts';
import { listMissionServices } from '../stores/security/listMissionServices.ts';
import { serviceName } from '../stores/serviceName.ts';
import { engineLockHolder } from '../sync/engineLock.ts';
import { namesIn } from '../system/leftovers.ts';
import type { Parts } from './assemble.ts';

export interface Finding {
  readonly status: 'ok' | 'note' | 'warning' | 'failed';
  readonly message: string;
  /** How to mend it. */
  readonly mend: string | null;
}

/** The client's locks live for milliseconds, a refresh for seconds. */
const LEFTOVER_MS = 60_000;
const LOCK = /^(\.storage-write\.lock|mcp-refresh-.+\.lock\.lock)$/;

/** Looks for what could be wrong; changes nothing. */
export async function examine(parts: Parts, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  return [
    engine(parts),
    await globalEntry(parts),
    ...permissions(parts),
    claude(parts, env),
    ...leftoverLocks(parts),
    ...(await orphanedItems(parts)),
    await journalKey(parts),
  ];
}

function engine({ paths }: Parts): Finding {
  const pid = engineLockHolder(paths.engineLock);
  if (pid !== null) return ok(`An engine runs (process ${pid}).`);
  return note('No engine is running.', 'Start one with "agenc-bar sync".');
}

async function globalEntry({ store, global }: Parts): Promise<Finding> {
  const place = store.describe(global);
  const read = await store.read(global);
  if (read.status === 'found')
    return ok(`The global entry is readable: ${place} (${store.kind} store).`);
  if (read.status === 'absent') {
    return note(
      `There is no global entry yet: ${place}.`,
      'It is made by the first sign-in in any mission.',
    );
  }
  return {
    status: 'failed',
    message: `The global entry is unavailable (${read.reason}): ${read.detail}.`,
    mend: 'See docs/troubleshooting.md.',
  };
}

function permissions({ paths, store, global, registry }: Parts): Finding[] {
  const secret = [paths.oauthToken, paths.lineage];
  if (store.kind === 'file') {
    secret.push(
      store.describe(global),
      ...registry.all().map(({ mission }) => store.describe(entryRef(mission))),
    );
  }
  const open = [...secret, paths.bar].filter((path) => {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    return mode !== undefined && (mode & 0o077) !== 0;
  });
  if (open.length === 0) return [ok('Credentials are readable by you alone.')];
  return open.map((path) => ({
    status: 'warning',
    message: `${path} can be read by other users.`,
    mend: `chmod go-rwx ${JSON.stringify(path)}`,
  }));
}

function claude({ settings }: Parts, env: NodeJS.ProcessEnv): Finding {
  const candidates =
    settings.claudePath === null
      ? (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'claude'))
      : [settings.claudePath];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return ok(`claude is ${found}.`);
  const where = settings.claudePath === null ? 'on PATH' : `at ${settings.claudePath}`;
  return {
    status: 'warning',
    message: `There is no claude ${where}.`,
    mend: 'Install it, or set "claudePath" in bar/settings.json.',
  };
}

function leftoverLocks({ global, registry }: Parts): Finding[] {
  const folders = [global.configDir, ...registry.all().map(({ mission }) => mission.configDir)];
  const leftovers = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => LOCK.test(name))
      .map((name) => join(folder, name))
      .filter(
        (path) =>
          Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) >
          LEFTOVER_MS,
      ),
  );
  if (leftovers.length === 0) return [ok('No lock was left behind.')];
  return leftovers.map((path) => ({
    status: 'warning',
    message: `${path} was left behind by a process that died.`,
    mend: `The next writer takes it over; or: rmdir ${JSON.stringify(path)}`,
  }));
}

async function orphanedItems({ store, registry }: Parts): Promise<Finding[]> {
  if (store.kind !== 'security') return [];
  const listed = await listMissionServices();
  if (listed.status === 'unavailable') {
    return [
      note(`The keychain's items cannot be listed (${listed.reason}): ${listed.detail}.`, null),
    ];
  }
  const known = new Set(registry.all().map(({ mission }) => serviceName(entryRef(mission))));
  const orphans = listed.services.filter((service) => !known.has(service));
  if (orphans.length === 0) return [ok('Every keychain item of a mission has its mission.')];
  return [
    note(
      `${orphans.length} keychain items belong to no mission known here: ${orphans.slice(0, 5).join(', ')}${orphans.length > 5 ? ', …' : ''}.`,
      'They may be of missions removed, or of config directories not attached. security delete-generic-password -s NAME',
    ),
  ];
}

async function journalKey({ paths, journalKeys }: Parts): Promise<Finding> {
  // Looking for the key makes one where there is none.
  if (!existsSync(paths.journal))
    return note('The journal is empty; its key is made when an engine first runs.', null);
  await journalKeys.ready();
  switch (journalKeys.where()) {
    case 'keychain':
      return ok("The journal's key lies in the system's keychain.");
    case 'file':
      return note(
        "The journal's key lies in a file (mode 0600): there is no keychain service here, or it is locked.",
        null,
      );
    default:
      return {
        status: 'warning',
        message: 'The journal has no key: nothing can be replaced or removed.',
        mend: 'Make bar/journal writable.',
      };
  }
}

function ok(message: string): Finding {
  return { status: 'ok', message, mend: null };
}

function note(message: string, mend: string | null): Finding {
  return { status: 'note', message, mend };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not to be run.
    return false;
  }
}
