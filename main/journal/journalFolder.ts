import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode, errorText } from '../system/errors.ts';
import { readForeign } from '../system/foreignFile.ts';
import { isRecordId, type JournalRecord, parseRecord, timeOf } from './journalRecord.ts';

const SUFFIX = '.jsonl';
const TEMPORARY = /\.tmp\.[0-9a-f]{8}$/;
/** Many times what one reconcile takes away. */
const MAX_BYTES = 256 * 1024 * 1024;

/** A file of the journal, or its folder, that could not be read or understood. */
export interface DamagedFile {
  readonly path: string;
  readonly detail: string;
}

/** What one append wrote. */
export interface JournalFile {
  readonly path: string;
  /** ms since the epoch: of its first record, or by its name if none can be read. */
  readonly at: number;
  readonly records: readonly JournalRecord[];
  readonly damaged: readonly DamagedFile[];
}

interface JournalNames {
  /** Paths of the record files, newest first as far as names tell (to the second). */
  readonly files: readonly string[];
  /** Paths of what writers are at, or left when they were killed. */
  readonly temporary: readonly string[];
  readonly damaged: readonly DamagedFile[];
}

/** The path of the file whose first record has this id. */
export function journalPath(dir: string, firstId: string): string {
  return join(dir, firstId + SUFFIX);
}

/** A missing folder is an empty one; one that cannot be read is reported as damaged. Never throws. */
export async function journalNames(dir: string): Promise<JournalNames> {
  try {
    const names = (await readdir(dir)).sort().reverse();
    const isFile = (name: string): boolean =>
      name.endsWith(SUFFIX) && isRecordId(name.slice(0, -SUFFIX.length));
    return {
      files: names.filter(isFile).map((name) => join(dir, name)),
      temporary: names.filter((name) => TEMPORARY.test(name)).map((name) => join(dir, name)),
      damaged: [],
    };
  } catch (error) {
    const damaged = errorCode(error) === 'ENOENT' ? [] : [{ path: dir, detail: errorText(error) }];
    return { files: [], temporary: [], damaged };
  }
}

/** Reads a file as far as it can be understood. Never throws. */
export async function readJournalFile(path: string): Promise<JournalFile> {
  const records: JournalRecord[] = [];
  const damaged: DamagedFile[] = [];
  const read = readForeign(path, MAX_BYTES);
  // An absent one was pruned by another process since the folder was read: no damage.
  if (read.status === 'unusable') damaged.push({ path, detail: read.detail });
  if (read.status === 'found') {
    const lines = read.bytes.toString('utf8').split('\n');
    // Every record ends its line, so what follows the last line break is nothing, or cut off.
    if (lines.at(-1) === '') lines.pop();
    if (lines.length === 0) damaged.push({ path, detail: 'the file is empty' });
    for (const [index, line] of lines.entries()) {
      const record = parseRecord(line);
      if (record !== null) records.push(record);
      else damaged.push({ path, detail: `line ${index + 1} is not a journal record` });
    }
  }
  const first = records[0];
  const at = first === undefined ? timeOf(basename(path, SUFFIX)) : Date.parse(first.at);
  return { path, at, records, damaged };
}

/** All files of the journal, newest first. */
export async function readJournalFiles(paths: readonly string[]): Promise<JournalFile[]> {
  const files: JournalFile[] = [];
  for (const path of paths) {
    files.push(await readJournalFile(path));
    // Each is read in some ten µs, but there are hundreds: others have their turn in between.
    await nextTurn();
  }
  return files.sort((a, b) => b.at - a.at);
}
