import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';

/** What a mission's config was built from: `claude-config/.agenc-bar.json`. Digests and dates only. */
const recordFile = z.object({
  /** By path below the config folder: how the user's file and the mission's looked when it was brought. */
  files: z.record(z.string(), z.object({ source: z.string(), own: z.string() })),
  settings: z.record(z.string(), z.string()),
  claudeJson: z.record(z.string(), z.string()),
});

export type ConfigRecord = Readonly<z.infer<typeof recordFile>>;
export type BroughtFiles = ConfigRecord['files'];

export const EMPTY_RECORD: ConfigRecord = { files: {}, settings: {}, claudeJson: {} };

/** @returns the record, or `null` where the config was not built here @throws UserError if it is damaged */
export function readConfigRecord(configFolder: string): ConfigRecord | null {
  return readJsonFile(recordPath(configFolder), recordFile);
}

/** @throws the system's error */
export async function writeConfigRecord(configFolder: string, record: ConfigRecord): Promise<void> {
  await writeJsonFile(recordPath(configFolder), record);
}

function recordPath(configFolder: string): string {
  return join(configFolder, '.agenc-bar.json');
}
