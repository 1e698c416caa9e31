import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  /** Whether Claude goes on with its last conversation. */
  readonly continued: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** `cache/oauth-token` */
  readonly tokenPath: string;
}

/**
 * How Claude is started in a mission. A prompt is no part of it: a headless Claude reads that from stdin.
 * @throws UserError if the secrets need an `op` that is not there, or the token cannot be read
 */
export function childCommand(options: ChildCommandOptions): ChildCommand {
  const { mission, claude, headless, continued } = options;
  const token = readToken(options.tokenPath);
  const env: NodeJS.ProcessEnv = {
    ...options.env,
    CLAUDE_CONFIG_DIR: mission.configDir,
    AGENC_MISSION_UUID: mission.id,
    ...(token !== '' && { CLAUDE_CODE_OAUTH_TOKEN: token }),
  };
  const args = headless
    ? ['--print', ...(continued ? ['-c'] : [])]
    : [...(continued ? ['--continue'] : [])];
  const secrets = join(mission.workDir, '.claude', 'secrets.env');
  if (!existsSync(secrets)) return { program: claude, args, env, throughOp: false };
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

/** Claude's own token without the white space that a paste brings along; `''` if there is none. */
function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\s+/g, '');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return '';
    throw new UserError(`${path} cannot be read: ${errorText(error)}. Mend its permissions.`);
  }
}
