import { z } from 'zod';
import { updateJsonFile } from '../system/updateJsonFile.ts';
import type { Settings } from './settings.ts';

/**
 * Writes some settings to their file; a running engine takes them in by itself. What else is in the
 * file stays as it is, and a file that cannot be understood is not written over.
 * @param change `undefined`: back to the default
 * @throws UserError if the file is damaged · the system's error if it cannot be written
 */
export async function changeSettings(
  path: string,
  change: { readonly [K in keyof Settings]?: Settings[K] | undefined },
): Promise<void> {
  await updateJsonFile(
    path,
    z.record(z.string(), z.unknown()),
    (now) =>
      Object.fromEntries(
        Object.entries({ ...now, ...change }).filter(([, value]) => value !== undefined),
      ),
    { links: 'follow' },
  );
}
