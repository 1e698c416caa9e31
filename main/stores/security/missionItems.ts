import { accountName } from '../serviceName.ts';
import { createKeychainItems, type KeychainItems } from './keychainItems.ts';
import { listMissionServices } from './listMissionServices.ts';
import { createSecurityCli, type SecurityCliOptions } from './securityCli.ts';

/** The items of missions in this user's keychains, known or not. Their secrets are never read here. */
export interface MissionItems {
  list(): ReturnType<typeof listMissionServices>;
  /** @param service `Claude Code-credentials-<8 hex>` */
  remove: KeychainItems['remove'];
}

export function createMissionItems(options: SecurityCliOptions = {}): MissionItems {
  const { remove } = createKeychainItems(createSecurityCli(options), accountName(options.env));
  return { list: () => listMissionServices(options), remove };
}
