/**
 * Electron's single-instance lock, for real: a file names the process that holds it, and a second
 * process leaves it a note. All of it is synchronous, as Electron's answer is.
 */
import {
  existsSync,
  type FSWatcher,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What the second process tells the first. */
export interface SecondInstance {
  readonly argv: string[];
  readonly cwd: string;
  readonly data: unknown;
}

export class InstanceLock {
  #folder: string | undefined;
  #watcher: FSWatcher | undefined;
  readonly #told: (second: SecondInstance) => void;

  constructor(told: (second: SecondInstance) => void) {
    this.#told = told;
  }

  get held(): boolean {
    return this.#folder !== undefined;
  }

  /** @returns whether this process is the first; if not, the first has been told */
  request(userData: string, second: SecondInstance): boolean {
    if (this.held) return true;
    const folder = join(userData, 'stand-in-lock');
    const notes = join(folder, 'notes');
    mkdirSync(notes, { recursive: true });
    if (!take(join(folder, 'pid'))) {
      const note = join(folder, `note-${process.pid}`);
      writeFileSync(note, JSON.stringify(second));
      renameSync(note, join(notes, `${process.pid}.json`));
      return false;
    }
    this.#folder = folder;
    this.#watcher = watch(notes, () => this.#read(notes)).unref();
    return true;
  }

  release(): void {
    if (this.#folder === undefined) return;
    this.#watcher?.close();
    rmSync(join(this.#folder, 'pid'), { force: true });
    this.#folder = undefined;
  }

  #read(notes: string): void {
    if (!existsSync(notes)) return;
    for (const name of readdirSync(notes)) {
      const second = JSON.parse(readFileSync(join(notes, name), 'utf8')) as SecondInstance;
      rmSync(join(notes, name));
      this.#told(second);
    }
  }
}

function take(file: string): boolean {
  const mine = `${file}-${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (;;) {
      try {
        // The file appears with its content or not at all.
        linkSync(mine, file);
        return true;
      } catch {
        if (isAlive(file)) return false;
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(mine);
  }
}

function isAlive(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}
