import { UserError } from '../system/userError.ts';
import { lastWords, runGit } from './git.ts';
import type { Repository } from './repository.ts';

export interface CloneOptions {
  /** The folder to clone into: empty, its parent being where git runs. */
  readonly target: string;
  readonly parent: string;
  readonly interactive: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** @param fraction of the whole, from 0 to 1; never smaller than before */
  readonly onProgress?: (detail: string, fraction: number) => void;
}

/** What git does one after another, and how much of the time each takes, roughly. */
const PHASES = [
  { words: 'Counting objects', from: 0, to: 0.05 },
  { words: 'Compressing objects', from: 0.05, to: 0.1 },
  { words: 'Receiving objects', from: 0.1, to: 0.8 },
  { words: 'Resolving deltas', from: 0.8, to: 0.9 },
  { words: 'Updating files', from: 0.9, to: 1 },
];

/**
 * `git clone`, by the user's own git. A local repository is only read: its objects are linked where the
 * file system can, and git never writes to an object.
 * @throws UserError with git's own last words, and the signal's reason if it was aborted
 */
export async function cloneRepository(
  repository: Repository,
  { target, parent, interactive, env, signal, onProgress }: CloneOptions,
): Promise<void> {
  const read = progressReader((detail, fraction) => onProgress?.(detail, fraction));
  // Not with `--local`: a path is cloned so anyway, but with the option spelled out git gives up on another
  // volume, where it cannot link, instead of copying.
  const args = ['clone', '--progress', '--', repository.source, target];
  const { code, stderr } = await runGit(args, {
    cwd: parent,
    interactive,
    ...(env && { env }),
    ...(signal && { signal }),
    onStderr: read,
  });
  if (code === 0) return;
  const said = lastWords(stderr) || `it ended with ${code ?? 'a signal'}`;
  throw new UserError(
    `${repository.label} could not be cloned; nothing is left behind. git says: ${said}`,
  );
}

/** Reads git's progress out of its stderr, in whatever pieces it comes. */
export function progressReader(
  onProgress: (detail: string, fraction: number) => void,
): (chunk: string) => void {
  let rest = '';
  let reached = 0;
  return (chunk) => {
    const lines = (rest + chunk).split(/[\r\n]/);
    rest = (lines.pop() ?? '').slice(-1_000);
    for (const line of lines) {
      const { words, percent } =
        /(?:^|: )(?<words>[A-Z][a-z]+ [a-z]+): +(?<percent>\d{1,3})% \(/.exec(line)?.groups ?? {};
      const phase = PHASES.find((one) => one.words === words);
      if (phase === undefined || percent === undefined) continue;
      const part = Math.min(Number(percent), 100) / 100;
      reached = Math.max(reached, phase.from + (phase.to - phase.from) * part);
      onProgress(`${words} ${percent} %`, reached);
    }
  };
}
