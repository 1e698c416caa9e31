import { useState } from 'react';
import type { LogFilter } from '../../main/service/contract/log.ts';
import { errorText, invoke } from '../api.ts';

/** How the last export went. */
export type Exported =
  | { readonly status: 'none' | 'busy' }
  | { readonly status: 'done'; readonly lines: number }
  | { readonly status: 'failed'; readonly message: string };

/** Writes what a filter lets through to a file that the user chooses. */
export function useExport(): [Exported, (filter: LogFilter) => void] {
  const [exported, setExported] = useState<Exported>({ status: 'none' });
  async function run(filter: LogFilter): Promise<void> {
    setExported({ status: 'busy' });
    try {
      const { lines } = await invoke('exportLog', filter);
      setExported(lines === null ? { status: 'none' } : { status: 'done', lines });
    } catch (error) {
      setExported({ status: 'failed', message: errorText(error) });
    }
  }
  return [exported, (filter) => void run(filter)];
}
