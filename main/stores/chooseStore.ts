import { createFileStore } from './file/fileStore.ts';
import { createKeytarStore } from './keytar/keytarStore.ts';
import { createSecurityStore } from './security/securityStore.ts';
import type { CredentialStore, StoreKind } from './store.ts';

/** The client's own choice: the keychain on macOS, the file elsewhere. Never keytar (docs/stores.md says why). */
export function storeKind(
  setting: StoreKind | 'auto',
  platform: NodeJS.Platform = process.platform,
): StoreKind {
  if (setting !== 'auto') return setting;
  return platform === 'darwin' ? 'security' : 'file';
}

/**
 * @param globalConfigDir where the global entry lies, so that a mission's that leads to it is known as such
 * @param missionsFolder below which no folder of an entry may be a link
 */
export function createStore(
  kind: StoreKind,
  globalConfigDir?: string,
  missionsFolder?: string,
): CredentialStore {
  switch (kind) {
    case 'file':
      return createFileStore(globalConfigDir, missionsFolder);
    case 'security':
      return createSecurityStore();
    case 'keytar':
      return createKeytarStore();
  }
}
