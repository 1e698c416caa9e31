import type { LogLine } from '../../main/service/contract/log.ts';
import { invoke, onPush } from '../api.ts';

/** Where the lines come from, and how work is put off. */
export interface LogSource {
  read(before: number | null): Promise<{ readonly lines: LogLine[]; readonly more: boolean }>;
  /** @returns its own unsubscribe */
  onLines(listener: (lines: readonly LogLine[]) => void): () => void;
  close(): void;
  /** Runs something soon, after the page had its turn. @returns how to cancel it */
  later(work: () => void): () => void;
}

/** The log that the main process reads and follows. */
export const appLog: LogSource = {
  read: (before) => invoke('readLog', { before }),
  onLines: (listener) => onPush('log', ({ lines }) => listener(lines)),
  close() {
    // Nobody is left to be told if even this fails.
    invoke('closeLog', {}).catch(() => undefined);
  },
  later(work) {
    const timer = setTimeout(work, 0);
    return () => clearTimeout(timer);
  },
};
