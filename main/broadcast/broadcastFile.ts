import { writeFileAtomic } from '../system/atomicFile.ts';
import { readForeign } from '../system/foreignFile.ts';
import { formatTimestamp, type Microseconds, nextTimestamp, parseTimestamp } from './timestamp.ts';

const MAX_BYTES = 1024;

export type BroadcastRead =
  | { readonly status: 'found'; readonly timestamp: Microseconds }
  | { readonly status: 'absent' }
  /** Not a timestamp. `text` is shortened; the file holds no secret. */
  | { readonly status: 'bad'; readonly text: string };

export interface BroadcastFile {
  readonly path: string;
  /** @throws the system's error if the file is there but cannot be read */
  read(): BroadcastRead;
  /** Creates the file as `0` if it is missing. It is never deleted by anything. */
  ensure(): Promise<void>;
  /** Says "the global entry changed": a new timestamp, larger than the one before. */
  announce(): Promise<Microseconds>;
}

/**
 * The file through which engines and the wrappers of other programs tell each other that the global
 * entry changed. It is replaced atomically; the seed's own programs rewrite it in place, so a reader
 * may find it empty for a moment.
 */
export function createBroadcastFile(path: string, now: () => number): BroadcastFile {
  function read(): BroadcastRead {
    const file = readForeign(path, MAX_BYTES);
    if (file.status === 'absent') return file;
    if (file.status === 'unusable') {
      if (file.reason === 'denied' || file.reason === 'failed') throw new Error(file.detail);
      // The next broadcast puts a file in its place.
      return { status: 'bad', text: `(${file.reason})` };
    }
    const text = file.bytes.toString('utf8');
    const timestamp = parseTimestamp(text);
    return timestamp === null
      ? { status: 'bad', text: text.slice(0, 40) }
      : { status: 'found', timestamp };
  }

  const write = (text: string): Promise<void> =>
    writeFileAtomic(path, text, { mode: 0o644, durable: false });

  return {
    path,
    read,
    async ensure() {
      if (read().status === 'absent') await write('0');
    },
    async announce() {
      const last = read();
      const timestamp = nextTimestamp(now(), last.status === 'found' ? last.timestamp : null);
      await write(formatTimestamp(timestamp));
      return timestamp;
    },
  };
}
