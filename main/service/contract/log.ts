/** The sync log as people read it. Imports zod and nothing else. */
import { z } from 'zod';

export const logLineSchema = z.object({
  /** Counts from the oldest line on; a line keeps its number while the log is open. */
  id: z.number(),
  at: z.iso.datetime(),
  level: z.enum(['info', 'warning']),
  /** `null` for what is no movement of credentials. */
  direction: z.enum(['up', 'down']).nullable(),
  missionId: z.string().nullable(),
  missionName: z.string().nullable(),
  /** What happened, without time and mission: "linear, notion arrived". */
  text: z.string(),
  /** The credential hash of the entry that was written. */
  hash: z.string().nullable(),
  /** From noticing the change to the verified write. */
  durationMs: z.number().nullable(),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** What a reader of the log wants to see; `null`: everything. */
export const logFilterSchema = z.object({
  missionId: z.string().max(1_024).nullable(),
  direction: z.enum(['up', 'down']).nullable(),
  level: z.enum(['info', 'warning']).nullable(),
  /** Words that all must occur, in any case. */
  search: z.string().max(200),
});
export type LogFilter = z.infer<typeof logFilterSchema>;
