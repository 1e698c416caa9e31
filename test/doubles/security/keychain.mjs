/** The keychain file of the double, what tests ask of it (`control.json`), and its log. */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const dir = process.env.SECURITY_DOUBLE_DIR;
if (!dir) throw new Error('SECURITY_DOUBLE_DIR is not set: this is a stand-in for tests');

export const keychainPath = join(dir, 'keychains', 'login.keychain-db');
const controlPath = join(dir, 'control.json');
const lockPath = join(dir, 'lock');

/** One line in `calls.jsonl`: a call, or a command that `-i` read. Never holds standard input. */
export function log(record) {
  appendFileSync(join(dir, 'calls.jsonl'), `${JSON.stringify({ pid: process.pid, ...record })}\n`);
}

export function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export function readItems() {
  return readJson(keychainPath)?.items ?? [];
}

/** Commits by a rename, as the real one does: a kill leaves the old items or the new. */
export function writeItems(items, beforeCommit = () => undefined) {
  mkdirSync(dirname(keychainPath), { recursive: true });
  const temporary = `${keychainPath}.sb-${process.pid}`;
  writeFileSync(temporary, JSON.stringify({ items }));
  beforeCommit();
  renameSync(temporary, keychainPath);
}

export function readControl() {
  return readJson(controlPath) ?? {};
}

/** Takes one use of the first injected failure that fits the command; its exit code, or `null`. */
export function takeFailure(command) {
  return locked(() => {
    const control = readControl();
    const failure = control.failures?.find((one) => one.command === command && one.times > 0);
    if (failure === undefined) return null;
    failure.times -= 1;
    writeFileSync(`${controlPath}.${process.pid}`, JSON.stringify(control));
    renameSync(`${controlPath}.${process.pid}`, controlPath);
    return failure.code;
  });
}

/** Runs alone among all processes of this double. The lock of a killed process is taken over. */
export function locked(task) {
  for (;;) {
    try {
      const handle = openSync(lockPath, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (ownerIsDead()) removeStaleLock();
      else sleep(2);
    }
  }
  try {
    return task();
  } finally {
    rmSync(lockPath, { force: true });
  }
}

function ownerIsDead() {
  const pid = Number(readText(lockPath));
  if (!pid) return false; // just created, or just gone
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true; // no such process
  }
}

function removeStaleLock() {
  try {
    renameSync(lockPath, `${lockPath}.stale.${process.pid}`);
  } catch {
    // somebody else took it over first
  }
}

function readJson(path) {
  const text = readText(path);
  return text === null ? null : JSON.parse(text);
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
