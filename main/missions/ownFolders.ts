import { join } from 'node:path';
import { linkBelow } from '../system/ownPlace.ts';
import { UserError } from '../system/userError.ts';
import { CONFIG_FOLDER, missionsFolderOf, WORK_FOLDER } from './mission.ts';

/**
 * Makes sure that nothing of a mission's folder is a link before something is started in it: its Claude would
 * use another profile's sign-ins, or work in a folder that nobody gave it.
 * @param folder `missions/<id>`
 * @throws UserError that names the link and says what to do
 */
export function requireOwnFolders(folder: string): void {
  for (const name of [CONFIG_FOLDER, WORK_FOLDER]) {
    const link = linkBelow(join(folder, name), missionsFolderOf(folder));
    if (link !== null)
      throw new UserError(
        `${link} is a symbolic link, and none is followed in a mission, which can have made it: put the folder itself in its place. To keep missions elsewhere, link the whole missions folder.`,
      );
  }
}
