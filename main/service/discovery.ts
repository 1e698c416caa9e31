import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseEntry } from '../credentials/entry.ts';
import { summariseServers } from '../credentials/serverState.ts';
import { isActive } from '../missions/registry.ts';
import type { EntryRef } from '../stores/store.ts';
import { errorText } from '../system/errors.ts';
import { assemble, type ServiceOptions } from './assemble.ts';
import type { Discovery } from './contract/app.ts';

/** Folders of the home that may be config directories of Claude Code. */
const LOOKS_LIKE_CONFIG = /^\.claude[-_.]\w/;
/** What the client keeps in a config directory. */
const SIGNS = ['.credentials.json', '.claude.json', 'projects'];

/** What is there before anything is synced: for the first start. Reads, and changes nothing. */
export async function discover(
  options: ServiceOptions,
  home: string = homedir(),
): Promise<Discovery> {
  const parts = assemble(options, () => undefined);
  try {
    parts.registry.rescan();
  } catch (error) {
    // What cannot be listed is not shown; the engine will say why.
    process.emitWarning(errorText(error));
  }
  const { store, global, registry, paths } = parts;
  const missions = registry.all();
  const read = await store.read(global);
  const attached = new Set(missions.map(({ mission }) => mission.configDir));
  try {
    return {
      agencDir: paths.root,
      agencDirExists: existsSync(paths.root),
      missions: missions.length,
      running: missions.filter(isActive).length,
      globalConfigDir: global.configDir,
      globalEntry: read.status,
      globalDetail: read.status === 'unavailable' ? read.detail : null,
      servers: read.status === 'found' ? serversIn(read.text).map(({ name }) => name) : [],
      store: store.kind,
      storePlace: store.describe(global),
      candidates: await Promise.all(
        candidates(home)
          .filter((folder) => folder !== global.configDir)
          .map(async (folder, index) => ({
            id: `candidate-${index}`,
            folder,
            servers: await countServers(folder),
            attached: attached.has(folder),
          })),
      ),
    };
  } finally {
    await parts.journal.dispose();
    await parts.engine.dispose();
  }

  async function countServers(folder: string): Promise<number> {
    const ref: EntryRef = { scope: 'mission', configDir: folder };
    const entry = await store.read(ref);
    return entry.status === 'found' ? serversIn(entry.text).length : 0;
  }
}

function serversIn(text: string) {
  const parsed = parseEntry(text);
  return parsed.status === 'malformed' ? [] : summariseServers(parsed.entry);
}

function candidates(home: string): string[] {
  try {
    return readdirSync(home, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && LOOKS_LIKE_CONFIG.test(entry.name))
      .map(({ name }) => join(home, name))
      .filter((folder) => SIGNS.some((sign) => existsSync(join(folder, sign))))
      .sort();
  } catch {
    // A home that cannot be listed has nothing to offer; a folder can still be chosen.
    return [];
  }
}
