import { hash } from 'node:crypto';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { EntryRef } from './store.ts';

/** The service name of the entry that a plain `claude` uses. */
export const GLOBAL_SERVICE = 'Claude Code-credentials';

/**
 * The keychain service name of an entry, as the client computes it: the bare name for the default
 * config directory, else the name and the first 8 hex digits of SHA-256 over the NFC form of the
 * exact `CLAUDE_CONFIG_DIR` string. A trailing slash gives another name, so nothing is resolved here.
 */
export function serviceName(ref: EntryRef): string {
  if (ref.scope === 'global' && ref.configDir === join(homedir(), '.claude')) return GLOBAL_SERVICE;
  return `${GLOBAL_SERVICE}-${hash('sha256', ref.configDir.normalize('NFC')).slice(0, 8)}`;
}

/** The keychain account of Claude's items: `$USER`, else the name of the OS user. */
export function accountName(env: NodeJS.ProcessEnv = process.env): string {
  return env.USER || userInfo().username;
}
