import { existsSync, statSync } from 'node:fs';
import { entryRef } from '../missions/mission.ts';
import { engineLockHolder } from '../sync/engineLock.ts';
import { errorText } from '../system/errors.ts';
import { mountsAmong } from '../system/mounts.ts';
import { linkBelow } from '../system/ownPlace.ts';
import { UserError } from '../system/userError.ts';
import { findClaude } from '../wrapper/findProgram.ts';
import type { Parts } from './assemble.ts';
import { decideSharing } from './sharedStore.ts';

export interface Finding {
  readonly status: 'ok' | 'note' | 'warning' | 'failed';
  readonly message: string;
  /** How to mend it. */
  readonly mend: string | null;
}

/** Looks for what could be wrong; changes nothing. */
export async function examine(parts: Parts, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  return [
    await engine(parts),
    await globalEntry(parts),
    ...permissions(parts),
    ...mounts(parts),
    claude(parts, env),
    ...(await sharing(parts, env)),
    ...(await leftBehind(parts)),
    await journalKey(parts),
  ];
}

async function engine({ paths }: Parts): Promise<Finding> {
  const holder = await engineLockHolder(paths.engineLock);
  if (holder !== null) return ok(`An engine runs (${holder.who}).`);
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

/** The files of all entries; none where they lie in a keychain. */
function entryFiles({ paths, store, global, registry }: Parts): string[] {
  if (store.kind !== 'file') return [];
  const missions = registry.all().map(({ mission }) => store.describe(entryRef(mission)));
  return [
    store.describe(global),
    ...missions.filter((path) => linkBelow(path, paths.missions) === null),
  ];
}

/** As in a container that was given the file alone. */
function mounts(parts: Parts): Finding[] {
  return mountsAmong(entryFiles(parts)).map((path) =>
    note(
      `${path} is a mount of its own: it is overwritten rather than replaced, and what is put in its place outside is not seen here.`,
      'Mount its folder instead.',
    ),
  );
}

function permissions(parts: Parts): Finding[] {
  const { paths } = parts;
  const secret = [paths.oauthToken, paths.lineage, ...entryFiles(parts)];
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
  try {
    return ok(`claude is ${findClaude(settings.claudePath, env)}.`);
  } catch (error) {
    return { status: 'warning', message: errorText(error), mend: null };
  }
}

/** Nothing where there is no claude: that is told already. */
async function sharing({ paths, settings }: Parts, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  try {
    const path = findClaude(settings.claudePath, env);
    const found = await decideSharing({ paths, env }, settings, path, false);
    if (found.status === 'shared')
      return [ok(`Missions that are launched here use the entry of ${found.dir} itself.`)];
    return [note(`Missions keep entries of their own, which are synced: ${found.why}.`, null)];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

async function leftBehind({ leftovers }: Parts): Promise<Finding[]> {
  const { leftovers: found, unknown } = await leftovers.find();
  const items = found.filter(({ kind }) => kind === 'keychain-item');
  const locks = found.filter(({ kind }) => kind === 'lock');
  const findings = locks.map(
    ({ what }): Finding => ({
      status: 'warning',
      message: `${what} was left behind by a process that died.`,
      mend: 'The next writer takes it over; or: agenc-bar doctor --remove-leftovers',
    }),
  );
  if (locks.length === 0) findings.push(ok('No lock was left behind.'));
  if (unknown !== null)
    findings.push(note(`The keychain's items cannot be listed (${unknown}).`, null));
  if (items.length > 0) {
    const named = items.slice(0, 5).map(({ what }) => what);
    const more = items.length > named.length ? ', …' : '';
    findings.push(
      note(
        `${items.length} keychain items belong to no mission known here: ${named.join(', ')}${more}.`,
        'They may be of missions removed, or of config directories not attached. If of none that you use: agenc-bar doctor --remove-leftovers',
      ),
    );
  }
  return findings;
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
