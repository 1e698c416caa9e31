import { lstatSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateFolder, writeFileAtomic } from '../system/atomicFile.ts';
import { errorText } from '../system/errors.ts';
import { inOwnFolder } from '../system/ownFolder.ts';
import { linkBelow } from '../system/ownPlace.ts';
import { bringFiles } from './bringFiles.ts';
import {
  type ClientJson,
  isLink,
  missionClaudeJson,
  readClientJson,
  withApprovals,
  withoutQuestions,
} from './claudeJson.ts';
import {
  type ConfigRecord,
  EMPTY_RECORD,
  readConfigRecord,
  writeConfigRecord,
} from './configRecord.ts';
import { type Brought, followUser, type JsonObject } from './followUser.ts';
import { missionsFolderOf } from './mission.ts';
import { findUserFiles } from './userFiles.ts';

export interface MissionConfigOptions {
  /** `~/.claude`, or what the setting `globalConfigDir` says; absolute. */
  readonly userConfigDir: string;
  /** The user's `.claude.json`, see `claudeJsonPath`. */
  readonly homeClaudeJson: string;
  /** The mission's `agent/`, where it will lie in the end. */
  readonly workDir: string;
  /** The mission's `claude-config/`, where it lies now. */
  readonly target: string;
  /** As noted when the mission was made. Of a repository on this machine, what the user decided there holds in the mission. */
  readonly repo: string | null;
  /** Puts the wrapper's hooks into the settings. Is given its own result again at each launch. */
  readonly hooks: (settings: JsonObject) => JsonObject;
  readonly signal?: AbortSignal;
}

export interface MissionConfigResult {
  /** What could not be brought over and why, one line each. */
  readonly warnings: readonly string[];
}

/** Folders that are brought over, beside all instructions (`*.md`: they may refer to each other). */
const BROUGHT = ['agents', 'commands', 'skills', 'hooks', 'output-styles', 'rules'];
const BROUGHT_FILES = /\.md$|^keybindings\.json$/i;
/** Shared with the user: what is installed, and the conversations, which are kept by folder. */
const LINKED = ['plugins', 'projects'];
const MAX_WARNINGS = 20;

/**
 * Builds a mission's `claude-config/` from the user's own, so that Claude behaves in it as it does for the
 * user. Never a credential: those come by the clone.
 * @throws the system's error if the disk is full or fails; the signal's reason
 */
export async function buildMissionConfig(
  options: MissionConfigOptions,
): Promise<MissionConfigResult> {
  const warnings = listWarnings();
  await makePrivateFolder(options.target);
  await bring(options, EMPTY_RECORD, warnings.add);
  return { warnings: warnings.all() };
}

/**
 * Brings what the user changed since to a mission that is about to be launched. The rule is one for files
 * and for the values in `settings.json` and `.claude.json`: **what the mission changed, made or deleted
 * stays the mission's; everything else follows the user.** A config that was not built here gets the
 * hooks and the trust, nothing else. Nothing is read or written through a link that lies in the mission.
 * Never keeps a mission from being launched: whatever goes wrong is a warning.
 */
export async function refreshMissionConfig(
  options: MissionConfigOptions,
): Promise<MissionConfigResult> {
  const warnings = listWarnings();
  const { target, workDir } = options;
  try {
    const found = linkBelow(target, rootOf(target));
    if (found !== null) {
      warnings.add(
        `${found} is a link, and nothing is written through it: the mission's config is not brought up to date, and its Claude reports nothing. Put a folder in its place.`,
      );
      return { warnings: warnings.all() };
    }
    if (isLink(workDir))
      warnings.add(`${workDir} is a link; Claude asks whether the folder it leads to is trusted.`);
    const record = readConfigRecord(options.target);
    if (record !== null) await bring(options, record, warnings.add);
    else await prepare(options, warnings.add);
  } catch (error) {
    warnings.add(`The mission's config was not brought up to date: ${errorText(error)}`);
  }
  return { warnings: warnings.all() };
}

async function bring(
  options: MissionConfigOptions,
  record: ConfigRecord,
  warn: (message: string) => void,
): Promise<void> {
  const { userConfigDir, homeClaudeJson, workDir, target, repo, hooks, signal } = options;
  const wanted = (name: string) => BROUGHT.includes(name) || BROUGHT_FILES.test(name);
  const found = await findUserFiles(userConfigDir, wanted, warn);
  const files = await bringFiles(found, target, record.files, warn, signal);
  for (const name of LINKED) link(join(userConfigDir, name), join(target, name), rootOf(target));

  // Links in the user's own config are the user's.
  const follow = { links: 'follow' } as const;
  const claudeJson = readClientJson(homeClaudeJson, warn, follow);
  const settings = readClientJson(join(userConfigDir, 'settings.json'), warn, follow);
  const usersSettings = settings.state === 'read' ? settings.value : {};
  const usersClaudeJson = claudeJson.state === 'read' ? claudeJson.value : instead(claudeJson);
  const wantedSettings = hooks(withApprovals(usersSettings, usersClaudeJson, repo, warn));
  const wantedClaudeJson = missionClaudeJson(usersClaudeJson, workDir, repo);
  // What is not there or not to be read now says nothing about what the user wants.
  const isSaid = (json: ClientJson) => record === EMPTY_RECORD || json.state === 'read';
  await writeConfigRecord(target, {
    files,
    settings: await bringJson(join(target, 'settings.json'), {
      below: rootOf(target),
      wanted: isSaid(settings) ? wantedSettings : null,
      brought: record.settings,
      finish: hooks,
      warn,
    }),
    claudeJson: await bringJson(join(target, '.claude.json'), {
      below: rootOf(target),
      wanted: isSaid(claudeJson) ? wantedClaudeJson : null,
      brought: record.claudeJson,
      finish: (value) => withoutQuestions(value, workDir),
      warn,
    }),
  });
}

/** Who has a damaged `.claude.json` has used the client before, and need not be greeted as on the first day. */
function instead({ state }: ClientJson): JsonObject {
  return state === 'unusable' ? { hasCompletedOnboarding: true } : {};
}

/** What a launch needs in a config that AgenC or the user built. */
async function prepare(
  { target, workDir, hooks }: MissionConfigOptions,
  warn: (message: string) => void,
): Promise<void> {
  const unchanged = { below: rootOf(target), wanted: null, brought: {}, warn };
  await bringJson(join(target, 'settings.json'), { ...unchanged, finish: hooks });
  const finish = (value: JsonObject) => withoutQuestions(value, workDir);
  await bringJson(join(target, '.claude.json'), { ...unchanged, finish });
}

async function bringJson(
  path: string,
  {
    below,
    wanted,
    brought,
    finish,
    warn,
  }: {
    readonly below: string;
    readonly wanted: JsonObject | null;
    readonly brought: Brought;
    readonly finish: (value: JsonObject) => JsonObject;
    readonly warn: (message: string) => void;
  },
): Promise<Brought> {
  const found = readClientJson(path, warn, { below });
  // The client mends its own files; what it wrote before is in its backups.
  if (found.state === 'unusable') return brought;
  const own = found.state === 'read' ? found.value : {};
  const followed = wanted === null ? { value: own, brought } : followUser(wanted, own, brought);
  const text = `${JSON.stringify(finish(followed.value), null, 2)}\n`;
  if (text !== `${JSON.stringify(own, null, 2)}\n` || found.state === 'missing')
    await writeFileAtomic(path, text, { mode: 0o600, durable: false, below });
  return followed.brought;
}

/** Links a folder of the user's that is there, unless the mission has one of its own by now. */
function link(from: string, to: string, root: string): void {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (!isFolder) return;
  inOwnFolder(to, root, (place) => {
    if (!exists(place)) symlinkSync(from, place, 'dir');
  });
}

/** The config folder of a mission lies in that mission's, which lies in the folder of all. */
function rootOf(target: string): string {
  return missionsFolderOf(dirname(target));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function listWarnings(): { add: (message: string) => void; all: () => string[] } {
  const found: string[] = [];
  return {
    add: (message) => void found.push(message),
    all: () =>
      found.length <= MAX_WARNINGS
        ? found
        : [...found.slice(0, MAX_WARNINGS), `… and ${found.length - MAX_WARNINGS} more.`],
  };
}
