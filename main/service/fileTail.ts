import { readSync, type Stats } from 'node:fs';
import { closeQuietly, openForeign } from '../system/foreignFile.ts';

/** The end of a file that grows, and what is added to it, as text. */
export interface Tail {
  /** The end of it at the first call, then what came since; `null`: there is no file, or nothing new. */
  more(): string | null;
}

const LINE_BREAK = 10;

/**
 * Reads on where it left off. A file that was replaced or cut (a rotation) is read from its beginning; of
 * more than `maxBytes` at once only the end is given. What is no regular file of this user's, a link for
 * one, is as if it were not there: the folder it lies in belongs to a mission.
 * @param path may not exist yet
 * @param below no folder below this one may be a link
 */
export function openTail(path: string, maxBytes: number, below?: string): Tail {
  let identity: number | null = null;
  let offset = 0;

  function read(file: number, { ino, size }: Stats): Buffer {
    if (ino !== identity || size < offset) offset = 0;
    identity = ino;
    const start = Math.max(offset, size - maxBytes);
    const buffer = Buffer.alloc(size - start);
    const got = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start));
    // Cut where a line begins, and so never inside a character.
    const from = start > offset ? got.indexOf(LINE_BREAK) + 1 : 0;
    const to = endOfText(got);
    offset = start + to;
    return got.subarray(from, to);
  }

  return {
    more() {
      const file = openForeign(path, { below });
      if (file.status !== 'open') return null;
      try {
        const isNew = identity === null;
        const text = read(file.descriptor, file.stat).toString('utf8');
        return text === '' && !isNew ? null : text;
      } finally {
        closeQuietly(file.descriptor);
      }
    },
  };
}

/** Up to where whole characters go: a writer may be in the middle of one. */
function endOfText(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
