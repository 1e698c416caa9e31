import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A generic password of the keychain. Dates as `YYYYMMDDhhmmssZ`. */
export interface Item {
  readonly account: string;
  readonly service: string;
  readonly hex: string;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

export type Command =
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

/** One line of the double's log. Never holds standard input. */
export interface SecurityDoubleRecord {
  readonly pid: number;
  /** A process was started with these arguments. */
  readonly argv?: readonly string[];
  /** `-i` read a command (its first word) of so many bytes. */
  readonly line?: string;
  readonly bytes?: number;
  readonly point?: 'before-commit' | 'after-commit';
}

/** The keychain of a test: a file, as the real one is, since programs watch it. */
export class Keychain {
  readonly path: string;
  readonly records: SecurityDoubleRecord[] = [];
  control: SecurityDoubleControl = {};
  #last: Promise<unknown> = Promise.resolve();

  constructor(dir: string) {
    this.path = join(dir, 'keychains', 'login.keychain-db');
  }

  items(): readonly Item[] {
    if (!existsSync(this.path)) return [];
    return (JSON.parse(readFileSync(this.path, 'utf8')) as { items: Item[] }).items;
  }

  /** Commits by a rename, as the real one does. */
  write(items: readonly Item[]): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const temporary = `${this.path}.sb`;
    writeFileSync(temporary, JSON.stringify({ items }));
    renameSync(temporary, this.path);
  }

  /** Takes one use of the first injected failure that fits the command; its exit code, or `null`. */
  takeFailure(command: string): number | null {
    const failure = this.control.failures?.find((one) => one.command === command && one.times > 0);
    if (failure === undefined) return null;
    failure.times -= 1;
    return failure.code;
  }

  /** Runs alone among all that change the keychain. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const running = this.#last.then(task);
    this.#last = running.catch(() => undefined);
    return running;
  }
}
