import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { type ForeignOptions, readForeign } from '../system/foreignFile.ts';
import { isObject, type JsonObject } from './followUser.ts';

/** What the client keeps of a folder is copied for a mission that was made from it: what the user decided there. */
const DECIDED = [
  'allowedTools',
  'mcpContextUris',
  'mcpServers',
  'enabledMcpServers',
  'disabledMcpServers',
  'hasClaudeMdExternalIncludesApproved',
  'hasClaudeMdExternalIncludesWarningShown',
];
/**
 * Of this machine's processes, not of the user (measured): the client counts a session that stands here and
 * lives no more as one whose fullscreen mode failed, and turns that mode off after a few.
 */
const OF_PROCESSES = ['fullscreenBootPending', 'fullscreenBootStrikes'];
const APPROVED = 'enabledMcpjsonServers';
const REJECTED = 'disabledMcpjsonServers';
const ALL_APPROVED = 'enableAllProjectMcpServers';
/** The client's grows to some MB; nobody writes one of this size. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Where the client keeps its state for a config directory, as measured: in the directory, but in the home
 * folder for the default one. A file under its older name is used as long as it is there.
 */
export function claudeJsonPath(configDir: string, home: string = homedir()): string {
  const older = join(configDir, '.config.json');
  if (existsSync(older)) return older;
  return join(resolve(configDir) === join(home, '.claude') ? home : configDir, '.claude.json');
}

export type ClientJson =
  | { readonly state: 'read'; readonly value: JsonObject }
  | { readonly state: 'missing' | 'unusable' };

/**
 * Reads a JSON file of the client's; warns if it is there but cannot be used.
 * @param options whether links are followed: only those that the user alone can have made
 */
export function readClientJson(
  path: string,
  warn: (message: string) => void,
  options: ForeignOptions = {},
): ClientJson {
  const read = readForeign(path, MAX_BYTES, options);
  if (read.status === 'absent') return { state: 'missing' };
  if (read.status === 'unusable') return unusable(`cannot be read (${read.detail})`);
  try {
    const value: unknown = JSON.parse(read.bytes.toString('utf8').replace(/^\uFEFF/, ''));
    return isObject(value) ? { state: 'read', value } : unusable('is not a JSON object');
  } catch {
    // The parser's own words would repeat a piece of the text.
    return unusable('is not valid JSON');
  }

  function unusable(why: string): ClientJson {
    warn(`${path} ${why}, so nothing of it was used. Mend it.`);
    return { state: 'unusable' };
  }
}

/**
 * The user's `.claude.json` as a mission is to have it: all that holds everywhere (MCP servers, the account,
 * what was seen and chosen), but of `projects` only the mission's own folder. The others are of no use
 * there, are the larger part of the file, and tell of work that is none of the mission's. The mission's
 * folder is trusted, and has what the user decided for the repository it was cloned from; not so a folder
 * elsewhere to which a link in its place leads.
 */
export function missionClaudeJson(
  user: JsonObject,
  workDir: string,
  repo: string | null,
): JsonObject {
  const everywhere = Object.fromEntries(
    Object.entries(user).filter(([key]) => key !== 'projects' && !OF_PROCESSES.includes(key)),
  );
  if (isLink(workDir)) return { ...everywhere, projects: {} };
  const entry = entryOf(user, repo);
  const decided = Object.fromEntries(
    Object.entries(entry).filter(([key]) => DECIDED.includes(key)),
  );
  return withoutQuestions({ ...everywhere, projects: { [projectKey(workDir)]: decided } }, workDir);
}

/**
 * With nothing left that the client would ask at a mission's start: its folder is trusted, and whether auto mode
 * should be the default is for the user to say in their own sessions. As it is, if a link lies in the folder's place.
 */
export function withoutQuestions(claudeJson: JsonObject, workDir: string): JsonObject {
  if (isLink(workDir)) return claudeJson;
  const projects = isObject(claudeJson.projects) ? claudeJson.projects : {};
  const key = projectKey(workDir);
  const entry = isObject(projects[key]) ? projects[key] : {};
  const trusted = { ...entry, hasTrustDialogAccepted: true };
  return {
    ...claudeJson,
    hasSeenAutoDefaultNudge: true,
    projects: { ...projects, [key]: trusted },
  };
}

/**
 * Adds to a mission's `settings.json` which servers of a repository's `.mcp.json` the user has approved or
 * rejected in the repository itself. Older clients note that in the folder's entry of `.claude.json`,
 * newer ones in its `.claude/settings.local.json`. In the mission it goes to the settings, which the client
 * reads as well (measured): from the entry it would move it to a new file in the work.
 */
export function withApprovals(
  settings: JsonObject,
  user: JsonObject,
  repo: string | null,
  warn: (message: string) => void,
): JsonObject {
  if (repo === null || !isAbsolute(repo)) return settings;
  const local = readClientJson(join(repo, '.claude', 'settings.local.json'), warn);
  const places = [settings, entryOf(user, repo), local.state === 'read' ? local.value : {}];
  const names = (key: string): string[] => [
    ...new Set(places.flatMap((place) => (Array.isArray(place[key]) ? place[key] : []))),
  ];
  return {
    ...settings,
    ...(names(APPROVED).length > 0 && { [APPROVED]: names(APPROVED) }),
    ...(names(REJECTED).length > 0 && { [REJECTED]: names(REJECTED) }),
    ...(places.some((place) => place[ALL_APPROVED] === true) && { [ALL_APPROVED]: true }),
  };
}

/** Whether a link lies there. A mission's Claude can put one in the place of any of its folders. */
export function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** What the client keeps of a repository's folder; nothing for one that is not of this machine. */
function entryOf(user: JsonObject, repo: string | null): JsonObject {
  if (repo === null || !isAbsolute(repo) || !isObject(user.projects)) return {};
  const entry = user.projects[projectKey(repo)] ?? user.projects[repo];
  return isObject(entry) ? entry : {};
}

/** The client goes by its working directory as the system tells it: links resolved (measured). */
export function projectKey(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    // A mission that is being made has no folder yet, but one that it will lie in.
    return folder === dirname(folder)
      ? folder
      : join(projectKey(dirname(folder)), basename(folder));
  }
}
