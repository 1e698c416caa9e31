/**
 * A stand-in for macOS' `security`, as far as Claude's items need it. It follows Apple's published
 * SecurityTool: prefix matching of commands, exit codes, `-w` output, the line limit of `-i`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines, splitLine } from './commandLine.ts';
import type { Item, Keychain, SecurityDoubleRecord } from './keychain.ts';
import { attributesOf, printedValue } from './print.ts';

const USAGE = 2;
const LOCKED = 36;
const NOT_FOUND = 44;
const DUPLICATE = 45;

/** One process of the tool. `killed`: it is no more, and does nothing more. */
export interface Call {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly input: Uint8Array;
  readonly killed: AbortSignal;
}

export interface Ending {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Options = Readonly<Record<string, string | true>>;

/** What one process of the tool does. @throws AbortError where it was killed in the middle of it */
export async function runTool(keychain: Keychain, call: Call): Promise<Ending> {
  const tool = new Tool(keychain, call);
  const code = await tool.run();
  return { code: code & 0xff, out: tool.out, err: tool.err };
}

class Tool {
  out = '';
  err = '';
  readonly #keychain: Keychain;
  readonly #call: Call;
  /** In the order of the tool's own table: the first one that begins with what was typed is meant. */
  readonly #commands: Readonly<Record<string, (args: string[]) => number | Promise<number>>> = {
    help: () => 0,
    'default-keychain': () => this.#defaultKeychain(),
    'dump-keychain': (args) => this.#dumpKeychain(args),
    'add-generic-password': (args) => this.#addPassword(args),
    'find-generic-password': (args) => this.#findPassword(args),
    'delete-generic-password': (args) => this.#deletePassword(args),
  };

  constructor(keychain: Keychain, call: Call) {
    this.#keychain = keychain;
    this.#call = call;
  }

  async run(): Promise<number> {
    const { argv } = this.#call;
    this.#log({ argv });
    return argv[0] === '-i' && argv.length === 1 ? this.#runLines() : this.#execute([...argv]);
  }

  /** The exit code is the last command's. */
  async #runLines(): Promise<number> {
    let result = 0;
    for (const line of readLines(this.#call.input)) {
      const args = splitLine(line);
      this.#log({ line: args[0] ?? '', bytes: line.length });
      result = await this.#execute(args);
      if (result !== 0) this.#complain(`${args[0]}: returned ${result}`, '');
    }
    return result;
  }

  async #execute([typed, ...args]: string[]): Promise<number> {
    if (typed === undefined) return 0;
    const found = Object.entries(this.#commands).find(([command]) => command.startsWith(typed));
    if (found === undefined) {
      this.#complain(`unknown command "${typed}"`);
      return 1;
    }
    const [name, command] = found;
    const { hang = [], delayMs = {} } = this.#keychain.control;
    if ((hang as string[]).includes(name)) await this.#sleep(3_600_000);
    await this.#sleep((delayMs as Record<string, number>)[name] ?? 0);
    return this.#keychain.takeFailure(name) ?? command(args);
  }

  #defaultKeychain(): number {
    this.out += `    "${this.#keychain.path}"\n`;
    return 0;
  }

  /** Attributes are not encrypted: they can be dumped while the keychain is locked. */
  #dumpKeychain(args: readonly string[]): number {
    if (args.length > 0) return USAGE; // -d would ask for every secret
    for (const item of this.#keychain.items()) this.#printAttributes(item);
    return 0;
  }

  #findPassword(args: readonly string[]): number {
    const options = parse(args, 'as', 'gw');
    if (options === null) return USAGE;
    const item = this.#keychain.items().find(matching(options));
    if (item === undefined) return this.#notFound();
    if ((options.w || options.g) && this.#keychain.control.locked) return LOCKED;
    if (options.w) this.out += `${printedValue(item.hex)}\n`;
    else this.#printAttributes(item);
    return 0;
  }

  async #addPassword(args: readonly string[]): Promise<number> {
    const options = parse(args, 'aswX', 'U');
    const { a: account, s: service } = options ?? {};
    if (options === null || typeof account !== 'string' || typeof service !== 'string')
      return USAGE;
    const hex = valueHex(options);
    if (hex === null) {
      this.#complain('Unable to convert password data (-X must specify valid hex digits)');
      return USAGE;
    }
    const { delayBeforeCommitMs = 0, delayAfterCommitMs = 0 } = this.#keychain.control;
    const result = await this.#keychain.alone(async () => {
      if (this.#keychain.control.locked) return LOCKED;
      const items = this.#keychain.items();
      const present = items.find(matching(options));
      if (present !== undefined && !options.U) return DUPLICATE;
      if (delayBeforeCommitMs > 0) this.#log({ point: 'before-commit' });
      await this.#sleep(delayBeforeCommitMs);
      const now = timeDate();
      const item = { createdAt: now, ...present, modifiedAt: now, account, service, hex };
      this.#keychain.write([...items.filter((one) => one !== present), item]);
      return 0;
    });
    if (delayAfterCommitMs > 0) this.#log({ point: 'after-commit' });
    await this.#sleep(delayAfterCommitMs);
    if (result !== 0) this.#complain('SecKeychainItemCreateFromContent (<default>): failed');
    return result;
  }

  #deletePassword(args: readonly string[]): Promise<number> | number {
    const options = parse(args, 'as', 'g');
    if (options === null) return USAGE;
    return this.#keychain.alone(async () => {
      const items = this.#keychain.items();
      const item = items.find(matching(options));
      if (item === undefined) return this.#notFound();
      if (this.#keychain.control.locked) return LOCKED;
      this.#printAttributes(item);
      this.#keychain.write(items.filter((one) => one !== item));
      this.#complain('password has been deleted.', '');
      return 0;
    });
  }

  #notFound(): number {
    const text = 'The specified item could not be found in the keychain.';
    this.#complain(`SecKeychainSearchCopyNext: ${text}`);
    return NOT_FOUND;
  }

  #printAttributes(item: Item): void {
    this.out += attributesOf(item, this.#keychain.path);
  }

  #complain(text: string, prefix = 'security: '): void {
    this.err += `${prefix}${text}\n`;
  }

  #log(what: Omit<SecurityDoubleRecord, 'pid'>): void {
    this.#keychain.records.push({ pid: this.#call.pid, ...what });
  }

  async #sleep(ms: number): Promise<void> {
    this.#call.killed.throwIfAborted();
    if (ms > 0) await sleep(ms, undefined, { signal: this.#call.killed });
  }
}

/** `getopt`: options with a value (`-a x`, `-ax`) and without; `null` for anything else. */
function parse(args: readonly string[], withValue: string, without: string): Options | null {
  const options: Record<string, string | true> = {};
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const name = arg.charAt(1);
    if (!arg.startsWith('-') || name === '') return null;
    if (withValue.includes(name)) {
      const value = arg.length > 2 ? arg.slice(2) : args[++i];
      if (value === undefined) return null;
      options[name] = value;
    } else if (without.includes(name) && arg.length === 2) {
      options[name] = true;
    } else {
      return null;
    }
  }
  return options;
}

/** An odd number of hex digits is filled up in front, as the real tool does. */
function valueHex({ X, w }: Options): string | null {
  if (typeof X !== 'string') return Buffer.from(typeof w === 'string' ? w : '').toString('hex');
  if (!/^[0-9a-f]*$/i.test(X)) return null;
  return (X.length % 2 === 0 ? X : `0${X}`).toLowerCase();
}

function matching({ a, s }: Options): (item: Item) => boolean {
  return (item) =>
    (a === undefined || item.account === a) && (s === undefined || item.service === s);
}

/** `YYYYMMDDhhmmssZ` */
function timeDate(): string {
  return `${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
}
