import type { Clock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import type { BroadcastFile } from './broadcastFile.ts';
import { debounce } from './debounce.ts';
import type { Microseconds } from './timestamp.ts';

export interface BroadcastListener {
  /** Looks at the file now. */
  look(): void;
  /** Takes note of a broadcast of our own, which needs no answer. */
  own(timestamp: Microseconds): void;
  /** The last broadcast handled, Unix microseconds; `null` before the first. */
  last(): Microseconds | null;
  dispose(): void;
}

export interface BroadcastListenerOptions {
  readonly file: BroadcastFile;
  readonly clock: Clock;
  readonly debounceMs: () => number;
  /** Another program says that the global entry changed. */
  readonly onBroadcast: () => void;
  /** The file holds something else than a timestamp, or cannot be read. `null`: it is well again. */
  readonly onBad: (message: string | null) => void;
}

/**
 * The reading side of the broadcast file. Any value that differs from the last one handled counts, a
 * smaller one too: a timestamp from the future must not stop syncing until that time has come.
 */
export function createBroadcastListener(options: BroadcastListenerOptions): BroadcastListener {
  const { file, clock } = options;
  let last: Microseconds | null = null;
  let bad: string | null = null;

  function report(message: string | null): void {
    if (message !== bad) options.onBad(message);
    bad = message;
  }

  /** The current value, or `null` if there is none to go by. */
  function current(): Microseconds | null {
    try {
      const read = file.read();
      report(
        read.status === 'bad'
          ? `${file.path} holds "${read.text}", which is not a timestamp; it is ignored.`
          : null,
      );
      return read.status === 'found' ? read.timestamp : null;
    } catch (error) {
      report(`${file.path} cannot be read: ${errorText(error)}.`);
      return null;
    }
  }

  // Read only once it is quiet: the seed's programs rewrite the file in place, so it may be empty just now.
  const settle = debounce(
    () => {
      const timestamp = current();
      if (timestamp === null || timestamp === last) return;
      last = timestamp;
      options.onBroadcast();
    },
    options.debounceMs,
    clock,
  );

  last = current();
  return {
    look: settle,
    own(timestamp) {
      last = timestamp;
    },
    last: () => last,
    dispose: settle.dispose,
  };
}
