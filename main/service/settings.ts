import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readForeign } from '../system/foreignFile.ts';
import { expandHome } from '../system/paths.ts';
import { settingsSchema } from './contract/settings.ts';

const MAX_BYTES = 1024 * 1024;

/** `bar/settings.json`. Keys that are not known here are left alone. */
const settingsShape = {
  ...settingsSchema.shape,
  globalConfigDir: z.string().min(1).transform(expandHome),
};

export type Settings = {
  readonly [K in keyof typeof settingsShape]: z.output<(typeof settingsShape)[K]>;
};

export interface LoadedSettings {
  readonly settings: Settings;
  /** What in the file could not be used and why; the defaults stand in for it. */
  readonly problems: readonly string[];
}

export function defaultSettings(): Settings {
  return {
    store: 'auto',
    globalConfigDir: join(homedir(), '.claude'),
    pollIntervalMs: 60_000,
    debounceMs: 1_000,
    syncClaudeLogin: false,
    refreshFence: true,
    refreshAhead: true,
    refreshAheadMs: 600_000,
    terminal: 'auto',
    launchAtLogin: false,
    notifications: true,
    claudePath: null,
    shareStore: 'off',
  };
}

/** Reads the settings; what cannot be used is reported and left alone. AGENC_BAR_STORE overrides `store`. */
export function loadSettings(path: string, env: NodeJS.ProcessEnv = process.env): LoadedSettings {
  const problems: string[] = [];
  const values: Record<string, unknown> = { ...defaultSettings() };
  for (const [key, value] of Object.entries(readObject(path, problems))) {
    // Not `in`, which finds what every object has: a file may hold a "toString".
    if (!Object.hasOwn(settingsShape, key)) continue;
    take(key as keyof Settings, value, path);
  }
  const store = env.AGENC_BAR_STORE;
  if (store) take('store', store, 'AGENC_BAR_STORE');
  return { settings: values as unknown as Settings, problems };

  function take(key: keyof Settings, value: unknown, where: string): void {
    const parsed = settingsShape[key].safeParse(value);
    if (parsed.success) values[key] = parsed.data;
    else
      problems.push(
        `${where}: "${key}" cannot be used: ${parsed.error.issues[0]?.message}; its default is taken.`,
      );
  }
}

function readObject(path: string, problems: string[]): object {
  const problem = (what: string): void => {
    problems.push(`${path} ${what}; the defaults are taken. Mend it or delete it.`);
  };
  // Many keep their settings in a folder of dotfiles.
  const read = readForeign(path, MAX_BYTES, { links: 'follow' });
  if (read.status === 'unusable') problem(`cannot be read: ${read.detail}`);
  if (read.status !== 'found') return {};
  try {
    const value: unknown = JSON.parse(read.bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    problem('is not a JSON object');
  } catch {
    problem('is not valid JSON');
  }
  return {};
}
