import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

type Command =
  | 'add-generic-password'
  | 'find-generic-password'
  | 'delete-generic-password'
  | 'default-keychain'
  | 'dump-keychain';

/** What the double is to do wrong. */
export interface SecurityDoubleControl {
  readonly locked?: boolean;
  /** Each ends its command with `code`, `times` times. */
  readonly failures?: readonly { command: Command; code: number; times: number }[];
  readonly hang?: readonly Command[];
  readonly delayMs?: Partial<Record<Command, number>>;
  /** Waits of `add-generic-password` around the moment at which the new value takes effect. */
  readonly delayBeforeCommitMs?: number;
  readonly delayAfterCommitMs?: number;
}

/** One line of the double's log. */
export interface SecurityDoubleRecord {
  readonly pid: number;
  /** A process was started with these arguments. */
  readonly argv?: readonly string[];
  /** `-i` read a command (its first word) of so many bytes. */
  readonly line?: string;
  readonly bytes?: number;
  readonly point?: 'before-commit' | 'after-commit';
}

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

interface Item {
  readonly account: string;
  readonly service: string;
  readonly hex: string;
}

/** A keychain of a test's own, with a `security` program in front of it. */
export function createSecurityDouble(): SecurityDouble {
  const dir = mkdtempSync(join(tmpdir(), 'agenc-bar-security-'));
  const account = 'tester';
  const program = join(import.meta.dirname, 'security');
  const env = {
    PATH: [import.meta.dirname, dirname(process.execPath)].join(delimiter),
    HOME: dir,
    USER: account,
    SECURITY_DOUBLE_DIR: dir,
  };
  const keychainPath = join(dir, 'keychains', 'login.keychain-db');
  const logPath = join(dir, 'calls.jsonl');
  const controlPath = join(dir, 'control.json');

  const log = (): SecurityDoubleRecord[] => {
    if (!existsSync(logPath)) return [];
    // What follows the last line break is a line in the making.
    const lines = readFileSync(logPath, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as SecurityDoubleRecord);
  };

  return {
    env,
    account,
    keychainPath,
    log,
    control(control) {
      writeFileSync(`${controlPath}.new`, JSON.stringify(control));
      renameSync(`${controlPath}.new`, controlPath);
    },
    calls: () => log().flatMap((record) => (record.argv ? [record.argv] : [])),
    async put(service, text, owner = account) {
      const hex = Buffer.from(text).toString('hex');
      const args = ['add-generic-password', '-U', '-a', owner, '-s', service, '-X', hex];
      await promisify(execFile)(program, args, { env });
    },
    value(service) {
      if (!existsSync(keychainPath)) return null;
      const { items } = JSON.parse(readFileSync(keychainPath, 'utf8')) as { items: Item[] };
      const item = items.find((one) => one.service === service && one.account === account);
      return item === undefined ? null : Buffer.from(item.hex, 'hex').toString('utf8');
    },
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
}
