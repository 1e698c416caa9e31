import { z } from 'zod';
import { errorText } from '../main/system/errors.ts';
import { readJsonFile } from '../main/system/jsonFile.ts';
import { updateJsonFile } from '../main/system/updateJsonFile.ts';

const memorySchema = z.object({
  /** The user has read what will happen, and let it. */
  welcomed: z.boolean().default(false),
  presentation: z.enum(['popover', 'window']).nullable().default(null),
  size: z
    .tuple([z.number().int().positive(), z.number().int().positive()])
    .nullable()
    .default(null),
  /** Repositories that missions were made of, as one would type them; the latest first. */
  recentRepos: z.array(z.string()).default([]),
});
type Remembered = z.output<typeof memorySchema>;

/** What the app remembers of itself, in `bar/app.json`; no setting, and nothing is lost with it. */
export interface AppMemory {
  get(): Remembered;
  set(change: Partial<Remembered>): void;
}

export function openAppMemory(path: string): AppMemory {
  let remembered = load();

  function load(): Remembered {
    try {
      return readJsonFile(path, memorySchema) ?? memorySchema.parse({});
    } catch {
      // Damaged: the worst that comes of it is to be welcomed once more.
      return memorySchema.parse({});
    }
  }

  return {
    get: () => remembered,
    set(change) {
      remembered = { ...remembered, ...change };
      // Of two changes whose writes meet, the later one to write knows both.
      updateJsonFile(path, memorySchema, () => remembered, { ifDamaged: 'replace' }).catch(
        (error: unknown) => process.emitWarning(`${path} cannot be written: ${errorText(error)}`),
      );
    },
  };
}
