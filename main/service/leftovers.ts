import { lstatSync, rmdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { entryRef } from '../missions/mission.ts';
import type { MissionRegistry } from '../missions/registry.ts';
import type { MissionItems } from '../stores/security/missionItems.ts';
import { serviceName } from '../stores/serviceName.ts';
import type { EntryRef } from '../stores/store.ts';
import { errorCode, errorText } from '../system/errors.ts';
import { namesIn } from '../system/leftovers.ts';
import { inOwnFolder } from '../system/ownFolder.ts';
import { linkBelow } from '../system/ownPlace.ts';
import { UserError } from '../system/userError.ts';
import type { LeftoverMessage } from './contract/missions.ts';

/** What removed missions and dead processes left behind. It is listed, and removed only when somebody asks. */
export interface Leftovers {
  /** `unknown`: why the keychain's items could not be listed, if so. */
  find(): Promise<{ leftovers: LeftoverMessage[]; unknown: string | null }>;
  /** Removes those that are still leftovers by now. @throws UserError that names the first that cannot be removed */
  remove(ids: readonly string[]): Promise<void>;
}

/** The client's locks live for milliseconds, a refresh for seconds. */
const LEFTOVER_MS = 60_000;
const LOCK = /^(\.storage-write\.lock|mcp-refresh-.+\.lock\.lock)$/;

/** @param items the user's keychain; `null` where Claude keeps nothing in one */
export function createLeftovers(
  {
    global,
    registry,
    missionsFolder,
  }: {
    readonly global: EntryRef;
    readonly registry: MissionRegistry;
    /** Below it no link is followed. */
    readonly missionsFolder: string;
  },
  items: MissionItems | null,
  now: () => number,
): Leftovers {
  /** Locks whose heartbeat stopped a minute ago. */
  function locks(): LeftoverMessage[] {
    const folders = [global.configDir, ...registry.all().map(({ mission }) => mission.configDir)];
    const own = folders.filter((folder) => linkBelow(folder, missionsFolder) === null);
    return own.flatMap((folder) =>
      namesIn(folder)
        .filter((name) => LOCK.test(name))
        .map((name) => join(folder, name))
        .filter((path) => {
          const found = lookAt(path);
          return found?.isDirectory() === true && now() - found.mtimeMs > LEFTOVER_MS;
        })
        .map((path) => ({ id: `lock:${path}`, kind: 'lock' as const, what: path })),
    );
  }

  async function orphans(): Promise<{ leftovers: LeftoverMessage[]; unknown: string | null }> {
    if (items === null) return { leftovers: [], unknown: null };
    const listed = await items.list();
    if (listed.status === 'unavailable') {
      return { leftovers: [], unknown: `${listed.reason}: ${listed.detail}` };
    }
    // One without a config directory has no item, but may have had one.
    const owners = registry.all().filter(({ bare }) => !bare);
    const known = new Set(owners.map(({ mission }) => serviceName(entryRef(mission))));
    known.add(serviceName(global));
    const leftovers = listed.services
      .filter((service) => !known.has(service))
      .map((what) => ({ id: `item:${what}`, kind: 'keychain-item' as const, what }));
    return { leftovers, unknown: null };
  }

  async function find() {
    const { leftovers, unknown } = await orphans();
    return { leftovers: [...locks(), ...leftovers], unknown };
  }

  async function removeOne({ kind, what }: LeftoverMessage): Promise<void> {
    if (kind === 'lock') return removeLock(what, missionsFolder);
    const removed = await items?.remove(what);
    if (removed?.status === 'unavailable')
      throw new UserError(`${what} cannot be removed (${removed.reason}): ${removed.detail}.`);
  }

  return {
    find,
    async remove(ids) {
      const { leftovers } = await find();
      for (const leftover of leftovers) if (ids.includes(leftover.id)) await removeOne(leftover);
    },
  };
}

function removeLock(path: string, missionsFolder: string): void {
  try {
    inOwnFolder(path, missionsFolder, rmdirSync);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw new UserError(`${path} cannot be removed: ${errorText(error)}.`);
  }
}

/** What lies there, itself and not what it leads to; `undefined` where that cannot be told. */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // A config directory that may not be entered: it is nobody else's.
    return undefined;
  }
}
