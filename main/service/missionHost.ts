import { claudeJsonPath } from '../missions/claudeJson.ts';
import { findMissions } from '../missions/discover.ts';
import type { Mission } from '../missions/mission.ts';
import type { MissionConfigOptions } from '../missions/missionConfig.ts';
import { UserError } from '../system/userError.ts';
import { withHooks } from '../wrapper/hookSettings.ts';
import type { ServiceOptions } from './assemble.ts';
import { loadSettings, type Settings } from './settings.ts';

/** What making and running missions needs to know of the program that does it. */
export interface MissionHost extends ServiceOptions {
  readonly env: NodeJS.ProcessEnv;
  /** How the `agenc-bar` command is started, for terminals and Claude's hooks: program and first arguments. */
  readonly command: readonly string[];
}

/**
 * How the `agenc-bar` command is started by others.
 * @param cli our `out/cli.js`
 * @param isElectron whether this process's program is Electron, which is Node only where it is told so
 */
export function ownCommand(cli: string, isElectron: boolean): readonly string[] {
  const asNode = isElectron ? ['/usr/bin/env', 'ELECTRON_RUN_AS_NODE=1'] : [];
  return [...asNode, process.execPath, cli];
}

/** This process's environment for what it starts. */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Electron is Node only as long as this is set; nothing that is started here wants it.
  const { ELECTRON_RUN_AS_NODE: _, ...rest } = env;
  return rest;
}

export type OwnMission = Mission & { readonly folder: string };

/** A mission of ours by its id, or by its name if only one has it. @throws UserError */
export function missionOf({ paths }: ServiceOptions, id: string): OwnMission {
  const { missions, odd } = findMissions(paths);
  const named = missions.filter(({ name }) => name === id);
  const found =
    missions.find((mission) => mission.id === id) ?? (named.length === 1 ? named[0] : undefined);
  const why = odd.find(({ name }) => name === id)?.why;
  if (found === undefined && why !== undefined)
    throw new UserError(`"${id}" in the missions folder is no mission: ${why}.`);
  if (found === undefined || found.folder === null)
    throw new UserError(
      named.length > 1
        ? `${named.length} missions are called "${id}"; name one by its id.`
        : `There is no mission "${id}" to run; "agenc-bar mission ls" lists them.`,
    );
  return { ...found, folder: found.folder };
}

export function settingsOf({ paths, env }: MissionHost): Settings {
  return loadSettings(paths.settings, env).settings;
}

/** Whose config a mission's is made of. */
export function userConfig(
  host: MissionHost,
): Pick<MissionConfigOptions, 'userConfigDir' | 'homeClaudeJson' | 'hooks'> {
  const { globalConfigDir } = settingsOf(host);
  return {
    userConfigDir: globalConfigDir,
    homeClaudeJson: claudeJsonPath(globalConfigDir),
    hooks: (settings: object) => withHooks(settings, host.command) as Record<string, unknown>,
  };
}
