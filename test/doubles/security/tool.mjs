/**
 * A stand-in for macOS' `security`, as far as Claude's items need it. It follows Apple's published
 * SecurityTool: prefix matching of commands, exit codes, `-w` output, the line limit of `-i`.
 */
import { readSync, writeSync } from 'node:fs';
import { readLines, splitLine } from './commandLine.mjs';
import {
  keychainPath,
  locked,
  log,
  readControl,
  readItems,
  sleep,
  takeFailure,
  writeItems,
} from './keychain.mjs';
import { attributesOf, printedValue } from './print.mjs';

const USAGE = 2;
const LOCKED = 36;
const NOT_FOUND = 44;
const DUPLICATE = 45;

/** In the order of the tool's own table: the first one that begins with what was typed is meant. */
const COMMANDS = {
  help: () => 0,
  'default-keychain': defaultKeychain,
  'dump-keychain': dumpKeychain,
  'add-generic-password': addPassword,
  'find-generic-password': findPassword,
  'delete-generic-password': deletePassword,
};

export function main(argv) {
  const interactive = argv[0] === '-i' && argv.length === 1;
  log({ argv });
  process.exitCode = (interactive ? runLines() : execute(argv)) & 0xff;
}

/** The exit code is the last command's. */
function runLines() {
  let result = 0;
  for (const line of readLines(readInput())) {
    const args = splitLine(line);
    log({ line: args[0] ?? '', bytes: line.length });
    result = execute(args);
    if (result !== 0) complain(`${args[0]}: returned ${result}`, '');
  }
  return result;
}

function execute([typed, ...args]) {
  if (typed === undefined) return 0;
  const name = Object.keys(COMMANDS).find((command) => command.startsWith(typed));
  if (name === undefined) {
    complain(`unknown command "${typed}"`);
    return 1;
  }
  const { hang = [], delayMs = {} } = readControl();
  if (hang.includes(name)) sleep(3_600_000);
  sleep(delayMs[name] ?? 0);
  const injected = takeFailure(name);
  return injected ?? COMMANDS[name](args);
}

function defaultKeychain() {
  print(`    "${keychainPath}"\n`);
  return 0;
}

/** Attributes are not encrypted: they can be dumped while the keychain is locked. */
function dumpKeychain(args) {
  if (args.length > 0) return USAGE; // -d would ask for every secret
  for (const item of readItems()) print(attributesOf(item, keychainPath));
  return 0;
}

function findPassword(args) {
  const options = parse(args, 'as', 'gw');
  if (options === null) return USAGE;
  const item = readItems().find(matching(options));
  if (item === undefined) return notFound();
  if ((options.w || options.g) && readControl().locked) return LOCKED;
  print(options.w ? `${printedValue(item.hex)}\n` : attributesOf(item, keychainPath));
  return 0;
}

function addPassword(args) {
  const options = parse(args, 'aswX', 'U');
  if (options?.a === undefined || options.s === undefined) return USAGE;
  const hex = valueHex(options);
  if (hex === null) {
    complain('Unable to convert password data (-X must specify valid hex digits)');
    return USAGE;
  }
  const { delayBeforeCommitMs = 0, delayAfterCommitMs = 0 } = readControl();
  const result = locked(() => {
    if (readControl().locked) return LOCKED;
    const items = readItems();
    const present = items.find(matching(options));
    if (present !== undefined && !options.U) return DUPLICATE;
    const now = timeDate();
    const item = { createdAt: now, ...present, modifiedAt: now };
    const changed = { ...item, account: options.a, service: options.s, hex };
    writeItems([...items.filter((one) => one !== present), changed], () => {
      if (delayBeforeCommitMs > 0) log({ point: 'before-commit' });
      sleep(delayBeforeCommitMs);
    });
    return 0;
  });
  if (delayAfterCommitMs > 0) log({ point: 'after-commit' });
  sleep(delayAfterCommitMs);
  if (result !== 0) complain(`SecKeychainItemCreateFromContent (<default>): failed`);
  return result;
}

function deletePassword(args) {
  const options = parse(args, 'as', 'g');
  if (options === null) return USAGE;
  return locked(() => {
    const items = readItems();
    const item = items.find(matching(options));
    if (item === undefined) return notFound();
    if (readControl().locked) return LOCKED;
    print(attributesOf(item, keychainPath));
    writeItems(items.filter((one) => one !== item));
    complain('password has been deleted.', '');
    return 0;
  });
}

/** `getopt`: options with a value (`-a x`, `-ax`) and without; `null` for anything else. */
function parse(args, withValue, without) {
  const options = {};
  for (let i = 0; i < args.length; i++) {
    const name = args[i][1];
    if (args[i][0] !== '-' || name === undefined) return null;
    if (withValue.includes(name)) {
      const value = args[i].length > 2 ? args[i].slice(2) : args[++i];
      if (value === undefined) return null;
      options[name] = value;
    } else if (without.includes(name) && args[i].length === 2) {
      options[name] = true;
    } else {
      return null;
    }
  }
  return options;
}

/** An odd number of hex digits is filled up in front, as the real tool does. */
function valueHex({ X, w }) {
  if (X === undefined) return Buffer.from(w ?? '', 'utf8').toString('hex');
  if (!/^[0-9a-f]*$/i.test(X)) return null;
  return (X.length % 2 === 0 ? X : `0${X}`).toLowerCase();
}

function matching({ a, s }) {
  return (item) =>
    (a === undefined || item.account === a) && (s === undefined || item.service === s);
}

function notFound() {
  const text = 'The specified item could not be found in the keychain.';
  complain(`SecKeychainSearchCopyNext: ${text}`);
  return NOT_FOUND;
}

/** `YYYYMMDDhhmmssZ` */
function timeDate() {
  return `${new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
}

function readInput() {
  const chunks = [];
  const chunk = Buffer.alloc(65_536);
  for (;;) {
    try {
      const read = readSync(0, chunk);
      if (read === 0) return Buffer.concat(chunks);
      chunks.push(Buffer.from(chunk.subarray(0, read)));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

function print(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function complain(text, prefix = 'security: ') {
  writeSync(2, `${prefix}${text}\n`);
}
