import { accountName, GLOBAL_SERVICE } from '../serviceName.ts';
import { type Unavailable, unavailable } from '../store.ts';
import { unavailableFromExit } from './exitCodes.ts';
import { createSecurityCli, type SecurityCliOptions } from './securityCli.ts';

export interface MissionServices {
  readonly status: 'listed';
  /** Service names `Claude Code-credentials-<8 hex>`, sorted, each once. */
  readonly services: readonly string[];
}

const MISSION_SERVICE = new RegExp(`^${GLOBAL_SERVICE}-[0-9a-f]{8}$`);

/** A dump has some 1 KiB an item; thousands of leftover items have been seen. */
const MAX_DUMP_BYTES = 64 * 1024 * 1024;

/**
 * The items of missions, present and removed, that this user's keychains hold.
 * Dumps attributes only (no `-d`): no secret is read and nobody is prompted.
 */
export async function listMissionServices(
  options: SecurityCliOptions = {},
): Promise<MissionServices | Unavailable> {
  const command = 'dump-keychain';
  const cli = createSecurityCli(options);
  const outcome = await cli.run({ command, args: [command], maxOutputBytes: MAX_DUMP_BYTES });
  if (outcome.status === 'unavailable') return outcome;
  if (outcome.status === 'arguments-too-long') {
    return unavailable('failed', `security ${command}: could not be started`);
  }
  if (outcome.code !== 0) return unavailableFromExit(command, outcome.code);
  return {
    status: 'listed',
    services: parseMissionServices(outcome.stdout, accountName(options.env)),
  };
}

/**
 * The mission services of one account in the output of `dump-keychain`. Strict: only generic
 * passwords, only whole lines of the tool's own form. A control character in an attribute is
 * printed in octal, so that no attribute can fake a line.
 */
export function parseMissionServices(dump: string, account: string): string[] {
  const services = new Set<string>();
  for (const item of dump.split(/^keychain: /m)) {
    const lines = item.split('\n');
    if (!lines.includes('class: "genp"') || attribute(lines, 'acct') !== account) continue;
    const service = attribute(lines, 'svce');
    if (service !== null && MISSION_SERVICE.test(service)) services.add(service);
  }
  return [...services].sort();
}

/** `"name"<blob>="text"`, or `"name"<blob>=0x<hex>  "text with octal"` once a byte is not ASCII. */
function attribute(lines: readonly string[], name: string): string | null {
  const start = `    "${name}"<blob>=`;
  const value = lines.find((line) => line.startsWith(start))?.slice(start.length);
  if (value === undefined) return null;
  const hex = /^0x((?:[0-9A-F]{2})+)\s/.exec(`${value} `)?.[1];
  if (hex !== undefined) return Buffer.from(hex, 'hex').toString('utf8');
  return /^"(.*)"$/.exec(value)?.[1] ?? null;
}
