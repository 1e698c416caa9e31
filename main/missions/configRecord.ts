import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';
import { missionsFolderOf } from './mission.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * A path below the config folder, as it was noted. The record lies in the mission's folder: one that leads out
 * of it would have a launch remove the user's own files.
 */
const pathBelow = z
  .string()
  .refine((path) => !isAbsolute(path) && !path.split('/').some((part) => part === '..'));

/** What a mission's config was built from: `claude-config/.agenc-bar.json`. Digests and dates only. */
const recordFile = z.object({
  /** By path below the config folder: how the user's file and the mission's looked when it was brought. */
  files: z.record(pathBelow, z.object({ source: z.string(), own: z.string() })),
  settings: z.record(z.string(), z.string()),
  claudeJson: z.record(z.string(), z.string()),
});

export type ConfigRecord = Readonly<z.infer<typeof recordFile>>;
export type BroughtFiles = ConfigRecord['files'];

export const EMPTY_RECORD: ConfigRecord = { files: {}, settings: {}, claudeJson: {} };

/** @returns the record, or `null` where the config was not built here @throws UserError if it is damaged */
export function readConfigRecord(configFolder: string): ConfigRecord | null {
  return readJsonFile(recordPath(configFolder), recordFile, {
    maxBytes: MAX_BYTES,
    below: missionsFolderOf(dirname(configFolder)),
  });
}

/** @throws the system's error */
export async function writeConfigRecord(configFolder: string, record: ConfigRecord): Promise<void> {
  const below = missionsFolderOf(dirname(configFolder));
  await writeJsonFile(recordPath(configFolder), record, { below });
}

function recordPath(configFolder: string): string {
  return join(configFolder, '.agenc-bar.json');
}
