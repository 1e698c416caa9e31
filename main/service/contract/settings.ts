/** The settings as the app shows and changes them. Imports zod and nothing else. */
import { z } from 'zod';

export const storeChoices = ['auto', 'file', 'security', 'keytar'] as const;

/** `bar/settings.json` with the defaults filled in. */
export const settingsSchema = z.object({
  store: z.enum(storeChoices),
  /** The folder of the global entry: a plain `claude`'s config directory. */
  globalConfigDir: z.string(),
  pollIntervalMs: z.number().int().min(1_000),
  /** For broadcasts of other processes. */
  debounceMs: z.number().int().min(0).max(5_000),
  syncClaudeLogin: z.boolean(),
  /** While one client refreshes a token, the others are kept waiting for its result. */
  refreshFence: z.boolean(),
  /** The engine refreshes tokens before any client does. */
  refreshAhead: z.boolean(),
  /** How long before their end; of short lives, half. */
  refreshAheadMs: z.number().int().min(1_000).max(86_400_000),
  terminal: z.string().max(4_096),
  launchAtLogin: z.boolean(),
  notifications: z.boolean(),
  claudePath: z.string().nullable(),
  /** Whether missions that are launched here use the global entry itself, where the client can. */
  shareStore: z.enum(['off', 'auto']),
});
export type SettingsMessage = z.infer<typeof settingsSchema>;

/** What the page may set itself; folders and programs are chosen in a dialog of the system. */
export const settingChangeSchema = settingsSchema
  .omit({ globalConfigDir: true, claudePath: true })
  .partial()
  .strict()
  .refine((change) => Object.keys(change).length === 1, 'one setting at a time');
export type SettingChange = z.infer<typeof settingChangeSchema>;

export const pathSettingSchema = z.enum(['globalConfigDir', 'claudePath']);
