import { hash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from '../system/jsonFile.ts';
import { realPathOr } from '../system/links.ts';
import { updateJsonFile } from '../system/updateJsonFile.ts';
import { UserError } from '../system/userError.ts';
import type { Mission } from './mission.ts';

const attachedEntry = z.object({ id: z.string(), name: z.string(), configDir: z.string() });
const attachedFile = z.object({ attached: z.array(attachedEntry) });
type AttachedEntry = z.infer<typeof attachedEntry>;

/** The config directories that the user attached: `bar/attached.json`. Unreadable content is an error, not "none". */
export interface AttachedMissions {
  /** @throws UserError if the file is there but cannot be used */
  list(): Mission[];
  /** @throws UserError if the folder cannot be attached; says why and what to do */
  attach(folder: string, name?: string): Promise<Mission>;
  /** Forgets an attached directory; nothing in it is touched. @returns whether it was attached */
  detach(id: string): Promise<boolean>;
}

/** @param taken folders that are synced already: the global config directory and the missions folder */
export function createAttachedMissions(
  path: string,
  taken: { global: string; missions: string },
): AttachedMissions {
  // A list that the user keeps elsewhere is still the user's.
  const links = 'follow';
  const missionOf = (entry: AttachedEntry): Mission => ({
    ...entry,
    kind: 'attached',
    folder: null,
    repo: null,
  });

  return {
    list: () => (readJsonFile(path, attachedFile, { links })?.attached ?? []).map(missionOf),

    async attach(folder, name) {
      // The keychain's name for an entry hashes the exact string, so an absolute path stays as it is.
      const configDir = isAbsolute(folder) ? folder : resolve(folder);
      const real = realFolder(configDir);
      if (sameFolder(taken.global, real)) {
        throw new UserError(
          `${configDir} is the global config directory; it is always in step. Attach another one.`,
        );
      }
      const missions = realPathOr(taken.missions);
      if (real === missions || real.startsWith(`${missions}/`)) {
        const where = real === missions ? 'is the missions folder' : 'lies in the missions folder';
        throw new UserError(`${configDir} ${where}; missions are found by themselves.`);
      }
      const label = name ?? (basename(configDir).replace(/^\.+/, '') || 'config');
      const id = `${label.replaceAll(/[^\w-]+/g, '-')}-${hash('sha256', configDir).slice(0, 8)}`;
      const entry = { id, name: label, configDir };
      await updateJsonFile(
        path,
        attachedFile,
        (now) => {
          const attached = now?.attached ?? [];
          const twin = attached.find(
            (each) => each.configDir === configDir || sameFolder(each.configDir, real),
          );
          if (twin !== undefined)
            throw new UserError(`${configDir} is attached already, as ${twin.id}.`);
          return { attached: [...attached, entry] };
        },
        { links },
      );
      return missionOf(entry);
    },

    async detach(id) {
      let wasAttached = false;
      await updateJsonFile(
        path,
        attachedFile,
        (now) => {
          const rest = now?.attached.filter((entry) => entry.id !== id);
          wasAttached = now !== null && rest?.length !== now.attached.length;
          return wasAttached ? { attached: rest } : undefined;
        },
        { links },
      );
      return wasAttached;
    },
  };
}

function realFolder(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UserError(`${path} does not exist; create it or name another folder.`);
  if (!stat.isDirectory())
    throw new UserError(`${path} is not a folder; name a CLAUDE_CONFIG_DIR.`);
  const real = realpathSync(path);
  if (real === '/')
    throw new UserError('/ is the root of all folders; name a CLAUDE_CONFIG_DIR below it.');
  if (sameFolder(homedir(), real))
    throw new UserError(`${path} is your home folder itself; name a CLAUDE_CONFIG_DIR in it.`);
  const user = process.getuid?.();
  if (user !== undefined && user !== stat.uid)
    throw new UserError(`${path} belongs to another user; name a CLAUDE_CONFIG_DIR of your own.`);
  return real;
}

function sameFolder(path: string, real: string): boolean {
  return realPathOr(path) === real;
}
