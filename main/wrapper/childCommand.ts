import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { readOauthToken } from '../missions/oauthToken.ts';
import { errorCode, errorText } from '../system/errors.ts';
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
 * @throws UserError if the secrets are no file or need an `op` that is not there, or the token cannot be read
 */
export function childCommand(options: ChildCommandOptions): ChildCommand {
  const { mission, claude, headless, continued, prompt } = options;
  const token = readOauthToken(options.tokenPath);
  const env: NodeJS.ProcessEnv = {
    ...claudeEnvironment(options.env, mission.configDir, options.sharedDir ?? null),
    AGENC_MISSION_UUID: mission.id,
    ...(token !== null && { CLAUDE_CODE_OAUTH_TOKEN: token }),
  };
  const args = headless
    ? ['--print', ...(continued ? ['-c'] : [])]
    : [...(continued ? ['--continue'] : []), ...(prompt === undefined ? [] : ['--', prompt])];
  const folder = join(mission.workDir, '.claude');
  const secrets = join(folder, 'secrets.env');
  const found = lookAt(secrets);
  if (found === undefined) return { program: claude, args, env, throughOp: false };
  // "op" would wait for a pipe for ever, and read through a link what the mission itself may not.
  const isWithin = [mission.workDir, folder].every((path) => lookAt(path)?.isDirectory());
  if (!isWithin || !found.isFile())
    throw new UserError(
      `${secrets} is no regular file, or is reached through a link: put a file there, or remove it.`,
    );
  const op = findOnPath('op', options.env);
  if (op === null) {
    throw new UserError(
      `${secrets} needs the 1Password command "op", which is not on PATH: install it, or remove the file.`,
    );
  }
  return {
    program: op,
    args: ['run', '--env-file', secrets, '--no-masking', '--', claude, ...args],
    env,
    throughOp: true,
  };
}

/** `undefined` where there is nothing. @throws UserError if it cannot be looked at */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file in the place of the folder.
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw new UserError(`${path} cannot be looked at: ${errorText(error)}. Mend or remove it.`);
  }
}
