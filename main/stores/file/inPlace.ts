import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs';

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/**
 * Overwrites a file that cannot be replaced, as a file of a container that is a mount of its own. The client does the
 * same there. Others may read half of it meanwhile; but a disk that gets full in the middle loses nothing: the part by
 * which the file grows is written first, and what was there is put back.
 * @param before what is in it now
 * @throws the system's error
 */
export function writeInPlace(path: string, text: string, before: string): void {
  const descriptor = openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  const [old, bytes] = [Buffer.from(before), Buffer.from(text)];
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${path} is not a file`);
    try {
      writeAll(descriptor, bytes.subarray(old.length), old.length);
      writeAll(descriptor, bytes.subarray(0, old.length), 0);
      ftruncateSync(descriptor, bytes.length);
    } catch (error) {
      writeAll(descriptor, old, 0);
      ftruncateSync(descriptor, old.length);
      throw error;
    }
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}
