import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Keychain, type SecurityDoubleControl, type SecurityDoubleRecord } from './keychain.ts';
import { portOf, serveKeychain } from './keychainServer.ts';

export interface SecurityDouble {
  /** For `createSecurityStore({ env })`: finds the double on `PATH`, and nothing real. */
  readonly env: NodeJS.ProcessEnv;
  readonly account: string;
  readonly keychainPath: string;
  control(control: SecurityDoubleControl): void;
  log(): SecurityDoubleRecord[];
  /** The argv of every process so far. */
  calls(): (readonly string[])[];
  /** Writes an item as another program would; the process is in the log like any other. */
  put(service: string, text: string, account?: string): Promise<void>;
  /** What an item holds, without a process. */
  value(service: string): string | null;
  dispose(): void;
}

/** A keychain of a test's own, with a `security` program in front of it. */
export async function createSecurityDouble(): Promise<SecurityDouble> {
  const dir = mkdtempSync(join(tmpdir(), 'agenc-bar-security-'));
  const keychain = new Keychain(dir);
  const server = await serveKeychain(keychain);
  const account = 'tester';
  const program = join(import.meta.dirname, 'security');
  const env = {
    PATH: import.meta.dirname,
    HOME: dir,
    USER: account,
    SECURITY_DOUBLE_PORT: String(portOf(server)),
  };
  return {
    env,
    account,
    keychainPath: keychain.path,
    log: () => [...keychain.records],
    control(control) {
      keychain.control = structuredClone(control);
    },
    calls: () => keychain.records.flatMap(({ argv }) => (argv ? [argv] : [])),
    async put(service, text, owner = account) {
      const hex = Buffer.from(text).toString('hex');
      const args = ['add-generic-password', '-U', '-a', owner, '-s', service, '-X', hex];
      await promisify(execFile)(program, args, { env });
    },
    value(service) {
      const item = keychain
        .items()
        .find((one) => one.service === service && one.account === account);
      return item === undefined ? null : Buffer.from(item.hex, 'hex').toString('utf8');
    },
    dispose() {
      server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
