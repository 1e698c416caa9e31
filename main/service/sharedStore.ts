import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createStore, storeKind } from '../stores/chooseStore.ts';
import type { StoreKind } from '../stores/store.ts';
import { readJsonFile } from '../system/jsonFile.ts';
import { updateJsonFile } from '../system/updateJsonFile.ts';
import { UserError } from '../system/userError.ts';
import type { MissionHost } from './missionHost.ts';
import type { Settings } from './settings.ts';
import { claudeVersion, type ProbeResult, probeSharedStore } from './sharedProbe.ts';

/** Whether missions that are launched here use the global entry itself, and if not, why not. */
export type Sharing =
  /** `dir`: the global config directory, for `CLAUDE_SECURESTORAGE_CONFIG_DIR`. */
  | { readonly status: 'shared'; readonly dir: string }
  /** `certain`: whether it would be the same at the next launch. */
  | { readonly status: 'own'; readonly why: string; readonly certain: boolean };

type Remembered = Readonly<Record<string, 'works' | 'does-not'>>;

const UNPROBED: ProbeResult = { status: 'unknown', why: 'the next launch finds it out' };
const remembered = z.record(z.string(), z.enum(['works', 'does-not']));

/**
 * Decides how a mission is launched. A client version that was not met before is probed, which takes it
 * a second; what came of it is kept in `bar/shared-store.json`.
 * @param claude from `findClaude`
 * @param mayProbe `false`: only says what the next launch comes to, as far as that is known
 */
export async function decideSharing(
  { paths, env }: Pick<MissionHost, 'paths' | 'env'>,
  settings: Settings,
  claude: string,
  mayProbe = true,
): Promise<Sharing> {
  const kind = storeKind(settings.store);
  const refusal = whyNotShared(settings, kind);
  if (refusal !== null) return { status: 'own', why: refusal, certain: true };
  const version = await claudeVersion(claude, env);
  const known = version === null ? undefined : recall(paths.sharedStore)[keyOf(version, kind)];
  if (known !== undefined) return sharingOf({ status: known }, settings, version);
  if (!mayProbe) return sharingOf(UNPROBED, settings, version);
  const result = await probe(claude, kind, env);
  if (version !== null && result.status !== 'unknown') {
    await remember(paths.sharedStore, keyOf(version, kind), result.status);
  }
  return sharingOf(result, settings, version);
}

/** Why missions cannot use the global entry itself, whatever the client can; `null` if they may. */
export function whyNotShared(settings: Settings, kind: StoreKind): string | null {
  if (settings.shareStore === 'off') return 'the setting "shareStore" is "off"';
  if (kind === 'keytar') return 'the client itself never uses the keytar store';
  // A value that is not empty is hashed, and would name another item than a plain claude's.
  if (kind === 'security' && settings.globalConfigDir === join(homedir(), '.claude'))
    return 'in the keychain, the item of a plain claude cannot be named for it';
  return null;
}

function sharingOf(result: ProbeResult, settings: Settings, version: string | null): Sharing {
  const client = `claude ${version ?? '(of an unknown version)'}`;
  switch (result.status) {
    case 'works':
      return { status: 'shared', dir: settings.globalConfigDir };
    case 'does-not':
      return { status: 'own', why: `${client} cannot share an entry`, certain: true };
    case 'unknown':
      return {
        status: 'own',
        why: `whether ${client} can share an entry is not known: ${result.why}`,
        certain: false,
      };
  }
}

async function probe(
  claude: string,
  kind: StoreKind,
  env: NodeJS.ProcessEnv,
): Promise<ProbeResult> {
  const store = createStore(kind);
  try {
    return await probeSharedStore({ claude, store, env });
  } finally {
    await store.dispose();
  }
}

/** Where the entry lies is the store's matter: what holds for a file says nothing of a keychain. */
function keyOf(version: string, kind: StoreKind): string {
  return `${version} ${kind}`;
}

function recall(path: string): Remembered {
  try {
    return readJsonFile(path, remembered) ?? {};
  } catch (error) {
    // Damaged: it is found out once more, and written anew.
    if (error instanceof UserError) return {};
    throw error;
  }
}

async function remember(path: string, key: string, found: 'works' | 'does-not'): Promise<void> {
  try {
    await updateJsonFile(path, remembered, (now) => ({ ...now, [key]: found }), {
      ifDamaged: 'replace',
    });
  } catch {
    // A full or read-only disk: the next launch finds it out again.
  }
}
