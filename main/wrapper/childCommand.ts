import { secretsPath } from '../missions/missionSecrets.ts';
import { readOauthToken } from '../missions/oauthToken.ts';
import { UserError } from '../system/userError.ts';
import { findOnPath } from './findProgram.ts';

/** The mission of a wrapper. */
export interface WrappedMission {
  readonly id: string;
  readonly name: string;
  /** `missions/<id>` */
  readonly folder: string;
  readonly configDir: string;
  /** Claude's working directory, `missions/<id>/agent`. */
  readonly workDir: string;
}

/** A program to start; nothing secret is in `args`. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Claude is a child of `op` then, and signals have to be meant for it. */
  readonly throughOp: boolean;
}

export interface ChildCommandOptions {
  readonly mission: WrappedMission;
  readonly claude: string;
  readonly headless: boolean;
  /** What an interactive Claude starts with. */
  readonly prompt?: string;
  /** Whether Claude goes on with its last conversation. */
  readonly continued: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** `cache/oauth-token` */
  readonly tokenPath: string;
  /** Whose entry Claude uses instead of the mission's own, if so: the global config directory. */
  readonly sharedDir?: string | null;
  /** The copy of the secrets that the user has approved; `null`: none. */
  readonly secrets?: string | null;
}

/**
 * The user's environment for a client that works in a config directory.
 * @param sharedDir whose entry it is to use instead of the config directory's own, or `null`
 */
export function claudeEnvironment(
  env: NodeJS.ProcessEnv,
  configDir: string,
  sharedDir: string | null,
): NodeJS.ProcessEnv {
  // One that the user's shell has would take the entry where nobody looks for it.
  const { CLAUDE_SECURESTORAGE_CONFIG_DIR: _, ...rest } = env;
  return {
    ...rest,
    CLAUDE_CONFIG_DIR: configDir,
    ...(sharedDir !== null && { CLAUDE_SECURESTORAGE_CONFIG_DIR: sharedDir }),
  };
}

/**
 * How Claude is started in a mission. A headless Claude's prompt is no part of it: that is read from stdin.
 * @throws UserError if there are secrets and no `op`, or the token cannot be read
 */
export function childCommand(options: ChildCommandOptions): ChildCommand {
  const { mission, claude, headless, continued, prompt, secrets = null } = options;
  const token = readOauthToken(options.tokenPath);
  const env: NodeJS.ProcessEnv = {
    ...claudeEnvironment(options.env, mission.configDir, options.sharedDir ?? null),
    AGENC_MISSION_UUID: mission.id,
    ...(token !== null && { CLAUDE_CODE_OAUTH_TOKEN: token }),
  };
  const args = headless
    ? ['--print', ...(continued ? ['-c'] : [])]
    : [...(continued ? ['--continue'] : []), ...(prompt === undefined ? [] : ['--', prompt])];
  if (secrets === null) return { program: claude, args, env, throughOp: false };
  const op = findOnPath('op', options.env);
  if (op === null) {
    throw new UserError(
      `${secretsPath(mission.workDir)} needs the 1Password command "op", which is not on PATH: install it, or remove the file.`,
    );
  }
  return {
    program: op,
    args: ['run', '--env-file', secrets, '--no-masking', '--', claude, ...args],
    env,
    throughOp: true,
  };
}
