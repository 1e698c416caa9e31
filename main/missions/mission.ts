import { dirname, join } from 'node:path';
import type { EntryRef } from '../stores/store.ts';

/** A sandbox `<AGENC_DIRPATH>/missions/<id>/`, or a config directory attached from anywhere. */
export interface Mission {
  readonly id: string;
  readonly name: string;
  readonly kind: 'agenc' | 'attached';
  /** The exact `CLAUDE_CONFIG_DIR` string of its sessions. */
  readonly configDir: string;
  /** `missions/<id>`, or `null` for an attached directory. */
  readonly folder: string | null;
  /** What it was made from, as noted then; `null` also for one that other programs made: nothing is trusted for it. */
  readonly repo: string | null;
}

export type MissionState = 'running' | 'stopped' | 'attached';

/** The file that names a mission's wrapper process for as long as it runs. */
export const PID_FILE = 'pid';
export const CONFIG_FOLDER = 'claude-config';
export const WORK_FOLDER = 'agent';

const MAX_NAME = 200;

/**
 * A text that a mission may have chosen, for tables, titles and logs: in one line, without control
 * characters and what turns the direction of writing, and not too long.
 */
export function plainName(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME)
    .toWellFormed();
}

/** A name as people may take it for another one: whatever its case, its width, and signs that nobody sees. */
export function likeName(text: string): string {
  return plainName(
    text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, ''),
  ).toLowerCase();
}

/**
 * How a mission is named in messages: `"fix login" (4f1c2a)`. A name may be what the mission says of itself, so its id
 * stands beside it, and no quotation mark in it ends it.
 */
export function calledMission({ id, name }: Pick<Mission, 'id' | 'name'>): string {
  return name === id ? `"${id}"` : `"${name.replaceAll('"', "'")}" (${id})`;
}

/**
 * The folder of all missions, by that of one (`<AGENC_DIRPATH>/missions/<id>`): below it no link is followed,
 * since a mission's Claude can have made it (see `ownPlace.ts`).
 */
export function missionsFolderOf(missionFolder: string): string {
  return dirname(missionFolder);
}

/** `bar/`, by a mission's folder: what lies there no mission writes. */
export function barFolderOf(missionFolder: string): string {
  return join(dirname(missionsFolderOf(missionFolder)), 'bar');
}

export function entryRef(mission: Mission): EntryRef {
  return { scope: 'mission', configDir: mission.configDir };
}

export function pidPath(mission: Mission): string | null {
  return mission.folder === null ? null : join(mission.folder, PID_FILE);
}
