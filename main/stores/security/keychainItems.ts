import { type Absent, type ReadResult, type Unavailable, unavailable } from '../store.ts';
import { addCommandLine } from './commandLine.ts';
import { decodePrinted, encodeHex, isPrintableAscii } from './encoding.ts';
import { DUPLICATE, NOT_FOUND, unavailableFromExit } from './exitCodes.ts';
import type { SecurityCli, SecurityOutcome } from './securityCli.ts';

interface Done {
  readonly status: 'done';
}

/** The item is there, but adding it said that it is there already: see {@link KeychainItems.put}. */
interface Duplicate {
  readonly status: 'duplicate';
}

/** The generic passwords of one account: one process a call, nothing verified, nothing retried. */
export interface KeychainItems {
  find(service: string): Promise<ReadResult>;
  /**
   * Adds the item or replaces its value in place.
   * `duplicate`: the tool could not update the item, then could not add it. Either it may not be
   * changed, or somebody added it between the tool's two steps.
   */
  put(service: string, text: string): Promise<Done | Duplicate | Unavailable>;
  remove(service: string): Promise<Done | Absent | Unavailable>;
}

const FIND = 'find-generic-password';
const ADD = 'add-generic-password';
const DELETE = 'delete-generic-password';

export function createKeychainItems(cli: SecurityCli, account: string): KeychainItems {
  async function add(service: string, text: string): Promise<SecurityOutcome> {
    const hex = encodeHex(text);
    const stdin = addCommandLine(account, service, hex);
    if (stdin !== null) return cli.run({ command: ADD, args: ['-i'], stdin });

    // Too long for `security -i`. The tool has no other way in (`-w` on stdin is cut at 128 bytes), so
    // the value goes into argv, as the client itself does: other processes of this user can see it
    // there for some 25 ms. The plain form, half as long, is for what the system then still refuses.
    const args = [ADD, '-U', '-a', account, '-s', service];
    const outcome = await cli.run({ command: ADD, args: [...args, '-X', hex] });
    if (outcome.status !== 'arguments-too-long' || !isPrintableAscii(text)) return outcome;
    return cli.run({ command: ADD, args: [...args, '-w', text] });
  }

  return {
    async find(service) {
      const args = [FIND, '-a', account, '-w', '-s', service];
      const outcome = await cli.run({ command: FIND, args });
      if (outcome.status !== 'ended') return failure(FIND, outcome);
      if (outcome.code === NOT_FOUND) return { status: 'absent' };
      if (outcome.code !== 0) return unavailableFromExit(FIND, outcome.code);
      const text = decodePrinted(outcome.stdout.replace(/\n$/, ''));
      return { status: 'found', text, writtenAt: null };
    },

    async put(service, text) {
      const outcome = await add(service, text);
      if (outcome.status !== 'ended') return failure(ADD, outcome);
      if (outcome.code === DUPLICATE) return { status: 'duplicate' };
      return outcome.code === 0 ? { status: 'done' } : unavailableFromExit(ADD, outcome.code);
    },

    async remove(service) {
      const args = [DELETE, '-a', account, '-s', service];
      const outcome = await cli.run({ command: DELETE, args });
      if (outcome.status !== 'ended') return failure(DELETE, outcome);
      if (outcome.code === NOT_FOUND) return { status: 'absent' };
      return outcome.code === 0 ? { status: 'done' } : unavailableFromExit(DELETE, outcome.code);
    },
  };
}

function failure(
  command: string,
  outcome: Exclude<SecurityOutcome, { status: 'ended' }>,
): Unavailable {
  if (outcome.status === 'unavailable') return outcome;
  return unavailable('too-large', `security ${command}: longer than the system lets arguments be`);
}
