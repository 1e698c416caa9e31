import { useCallback, useState } from 'react';
import { errorText } from '../api.ts';

/** A command with a place of its own for what failed. */
export interface Command {
  readonly run: (work: () => Promise<unknown>) => void;
  readonly pending: boolean;
  /** What failed last, until it is tried again. */
  readonly failure: string | null;
}

/** Runs commands of one control, and tells it whether they are under way and what failed. */
export function useCommand(): Command {
  const [running, setRunning] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const run = useCallback((work: () => Promise<unknown>) => {
    setRunning((count) => count + 1);
    setFailure(null);
    work()
      .catch((error: unknown) => setFailure(errorText(error)))
      .finally(() => setRunning((count) => count - 1));
  }, []);
  return { run, pending: running > 0, failure };
}
