import type { Digest, Digester } from '../credentials/digest.ts';
import type { Entry } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField } from '../credentials/fields.ts';
import { isUsable } from '../credentials/serverState.ts';
import { namesOf } from './outcome.ts';

/** Which servers became usable in the global entry, for the missions whose Claude uses that one itself. */
export interface SharedNotes {
  /**
   * @param entry the global entry as it is now, whoever wrote it
   * @returns the config directories, and the names of the servers that became usable since the last look
   */
  look(entry: Entry | null): { readonly configDirs: readonly string[]; readonly names: string[] };
}

/**
 * @param configDirs those of the missions that run on the shared store
 * @param now ms since the epoch
 */
export function createSharedNotes(
  digester: Digester,
  configDirs: () => readonly string[],
  now: () => number,
): SharedNotes {
  let before: ReadonlyMap<FieldId, Digest> = new Map();

  return {
    look(entry) {
      const dirs = configDirs();
      // The first one that starts is then told of all that can be used.
      const usable = dirs.length === 0 ? new Map<FieldId, Digest>() : usableIn(entry);
      const changed = [...usable].filter(([id, digest]) => before.get(id) !== digest);
      before = usable;
      return {
        configDirs: dirs,
        names: namesOf(
          changed.map(([id]) => id),
          entry,
        ),
      };
    },
  };

  function usableIn(entry: Entry | null): Map<FieldId, Digest> {
    return new Map(
      [...fieldsOf(entry)]
        .filter(([id, value]) => isServerField(id) && isUsable(id, value, now()))
        .map(([id, value]) => [id, digester.field(id, value)]),
    );
  }
}
