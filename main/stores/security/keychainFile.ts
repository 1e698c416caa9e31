import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { SecurityCli } from './securityCli.ts';

/** The file of the user's default keychain, where Claude's items live. */
export interface KeychainFile {
  /** The path as far as it is known: `login.keychain-db` until {@link learn} has asked. */
  path(): string;
  /** Asks for the path, once; whatever comes of it, there is a path to use. */
  learn(): Promise<void>;
  /** Changes whenever the keychain does; `null` where the file cannot be looked at. No process. */
  stamp(): Promise<string | null>;
}

export function createKeychainFile(cli: SecurityCli, env: NodeJS.ProcessEnv): KeychainFile {
  let path = join(env.HOME || homedir(), 'Library', 'Keychains', 'login.keychain-db');
  let asked: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const command = 'default-keychain';
    const outcome = await cli.run({ command, args: [command] });
    // Without an answer the login keychain stays the guess; whoever reads will hear the reason.
    if (outcome.status !== 'ended' || outcome.code !== 0) return;
    path = parseDefaultKeychain(outcome.stdout) ?? path;
  }

  return {
    path: () => path,
    learn: () => {
      asked ??= ask();
      return asked;
    },
    async stamp() {
      try {
        // Every change of a keychain is committed by a rename, so the inode moves as well.
        const { mtimeNs, size, ino } = await stat(path, { bigint: true });
        return `${mtimeNs}:${size}:${ino}`;
      } catch {
        return null; // gone, or not ours to see: a stamp cannot tell, a read will
      }
    },
  };
}

/** The path in `    "/Users/me/Library/Keychains/login.keychain-db"`, or `null`. */
export function parseDefaultKeychain(stdout: string): string | null {
  const path = /^\s*"(.+)"\s*$/.exec(stdout)?.[1];
  return path !== undefined && isAbsolute(path) ? path : null;
}
