import { lstatSync, mkdirSync, mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeFileAtomicSync } from '../system/atomicFile.ts';
import { type GitResult, lastWords, runGit } from './git.ts';
import { type GitFolder, readGitFile, readGitFolder } from './gitFolder.ts';

/** A repository of somebody else's that is looked into through a git folder of our own. */
export interface OwnRepository extends GitFolder {
  /** @returns what it printed @throws Error with git's words, unless it ended with a code that is allowed */
  git(args: readonly string[], options?: LookOptions): Promise<string>;
}

interface LookOptions {
  readonly input?: string;
  readonly onStdout?: (chunk: string) => void;
  readonly allowed?: readonly number[];
}

/** Larger than that of any repository that is known. */
const MAX_INDEX = 512_000_000;
const MAX_FILE = 16_000_000;
const PRIVATE = 0o600;

/** A setting that the user or the repository may have, and which values of it are taken over. */
type Settings = Readonly<Record<string, RegExp>>;
const BOOLEAN = /^(?:true|false|yes|no|on|off|[01])?$/i;
/** They decide what counts as a change, and each value is one of a few words. */
const OF_REPOSITORY: Settings = {
  'core.filemode': BOOLEAN,
  'core.autocrlf': /^(?:true|false|yes|no|on|off|[01]|input)?$/i,
  'core.eol': /^(?:lf|crlf|native)$/i,
  'extensions.objectformat': /^sha(?:1|256)$/i,
};
const OF_USER: Settings = {
  'core.autocrlf': /./,
  'core.eol': /./,
  'core.attributesfile': /./,
  'core.excludesfile': /./,
};

/**
 * Opens a repository without letting git see its settings. Many of them name programs (filters, signature
 * checkers, monitors, the commands that fetch a missing object) or files with further settings, each version
 * of git knows more of them, and whoever can write the repository's `.git` would have them run by the user.
 * So git works in a folder made here: a config of our own, copies of the index and of the few files that say
 * what is ignored, the branches' commits by names of ours, and the objects as those of another repository.
 * The user's own config is not in force either: a `.gitattributes` could name the filters in it.
 *
 * @param gitFolder the repository's `.git`, which is only read
 * @param use what to do with it; the folder is gone afterwards
 */
export async function withOwnRepository<Result>(
  gitFolder: string,
  work: string,
  signal: AbortSignal,
  use: (repository: OwnRepository) => Promise<Result>,
): Promise<Result> {
  const own = mkdtempSync(join(tmpdir(), 'agenc-bar-git-'));
  try {
    const found = await readGitFolder(gitFolder, signal);
    fill(own, gitFolder, found);
    const env = bareEnvironment();
    const run = async (args: readonly string[], { allowed = [0], ...more }: LookOptions = {}) => {
      // From our folder: not even what git looks for in its working directory is the repository's.
      const result = await runGit([`--git-dir=${own}`, ...args], {
        env,
        cwd: own,
        signal,
        ...more,
      });
      // Its messages name the folder that it was given, which says nothing to anybody.
      return stdoutOf(result, allowed, (text) => text.replaceAll(own, gitFolder));
    };
    const settings = await settingsFor(own, gitFolder, signal, run);
    const options = [
      '--no-pager',
      '--no-optional-locks',
      `--work-tree=${work}`,
      ...settings.flatMap((setting) => ['-c', setting]),
    ];
    // Also those that the index calls unchanged, whatever is in them: `git update-index --assume-unchanged`.
    // It ends with 1 where there are changes.
    await run([...options, 'update-index', '-q', '--ignore-submodules', '--really-refresh'], {
      allowed: [0, 1],
    });
    return await use({ ...found, git: (args, more) => run([...options, ...args], more) });
  } finally {
    await rm(own, { recursive: true, force: true, maxRetries: 3 });
  }
}

function fill(own: string, gitFolder: string, { head, local, remote }: GitFolder): void {
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    writeFileAtomicSync(join(own, name), content, PRIVATE);
  };
  const copy = (name: string, maxBytes: number) => {
    const file = readGitFile(join(gitFolder, name), maxBytes);
    if (file !== null) write(name, file.bytes);
    return file;
  };
  mkdirSync(join(own, 'refs'));
  // As C has strings: what is between the quotes may be any path.
  const objects = join(gitFolder, 'objects').replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
  write('objects/info/alternates', `"${objects}"\n`);
  // Without it git says that this is no repository, and it is right.
  if (head !== undefined) write('HEAD', `${head ?? 'ref: refs/heads/unborn'}\n`);
  // By names of ours: theirs may be anything.
  const refs = [
    ...local.map((id, at) => `${id} refs/heads/${at}\n`),
    ...remote.map((id, at) => `${id} refs/remotes/all/${at}\n`),
  ];
  write('packed-refs', refs.join(''));
  for (const name of ['info/exclude', 'info/attributes', 'shallow']) copy(name, MAX_FILE);
  const parts = readdirSync(gitFolder).filter((name) => /^sharedindex\.[\da-f]+$/.test(name));
  for (const name of ['index', ...parts]) {
    const file = copy(name, MAX_INDEX);
    if (file === null) continue;
    // What was changed in the moment in which the index was written may look unchanged; git knows such files
    // by the index's date. A younger copy would hide them, one that is a little older costs nothing.
    const seconds = (Math.floor(file.stat.mtimeMs) - 1) / 1_000;
    utimesSync(join(own, name), seconds, seconds);
  }
}

/** `name=value`, the last of a name being the one that holds. Writes the config that git needs to start. */
async function settingsFor(
  own: string,
  gitFolder: string,
  signal: AbortSignal,
  run: (args: readonly string[], options: LookOptions) => Promise<string>,
): Promise<string[]> {
  const copy = join(own, 'settings-of-repository');
  const config = readGitFile(join(gitFolder, 'config'), MAX_FILE)?.bytes ?? '';
  writeFileAtomicSync(copy, config, PRIVATE);
  const format = (name: string) =>
    writeFileAtomicSync(
      join(own, 'config'),
      `[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectFormat = ${name}\n`,
      PRIVATE,
    );
  format('sha1');
  const query = (settings: Settings) => [
    '-z',
    '--get-regexp',
    `^(${Object.keys(settings).join('|').replaceAll('.', '\\.')})$`,
  ];
  // Read as a list of names and values, without what it includes, and of that only what is known.
  const [theirs, users] = await Promise.all([
    run(['config', '--file', copy, '--no-includes', ...query(OF_REPOSITORY)], { allowed: [0, 1] }),
    usersConfig(query(OF_USER), signal),
  ]);
  const known = readSettings(theirs, OF_REPOSITORY);
  const objectFormat = known.findLast(([name]) => name === 'extensions.objectformat')?.[1];
  if (objectFormat !== undefined) format(objectFormat.toLowerCase());
  return [
    ...readSettings(users, OF_USER),
    ...known.filter(([name]) => name.startsWith('core.')),
    ['core.ignorecase', String(ignoresCase(gitFolder))],
    ['core.precomposeunicode', String(process.platform === 'darwin')],
    // Files outside of a sparse checkout count if they are there.
    ['core.sparsecheckout', 'true'],
    // What these say of files was written by the mission.
    ['core.untrackedcache', 'false'],
    ['core.fsmonitor', 'false'],
    ['core.hookspath', '/dev/null'],
    ['protocol.allow', 'never'],
  ].map(([name, value]) => `${name}=${value}`);
}

/** Of the user's own config, from a folder that is in no repository. */
async function usersConfig(query: readonly string[], signal: AbortSignal): Promise<string> {
  const options = ['config', '--includes', ...query];
  return stdoutOf(await runGit(options, { cwd: '/', signal }), [0, 1]);
}

/** `name`, a line break, the value, NUL; without a value, `name` and NUL. */
function readSettings(text: string, known: Settings): (readonly [string, string])[] {
  return text
    .split('\0')
    .map((entry) => {
      const end = entry.indexOf('\n');
      return end === -1
        ? ([entry, 'true'] as const)
        : ([entry.slice(0, end), entry.slice(end + 1)] as const);
    })
    .filter(([name, value]) => known[name]?.test(value));
}

/** Asked of the file system: whoever says so in the config hides one of two files. */
function ignoresCase(gitFolder: string): boolean {
  const one = lstatSync(gitFolder);
  const other = lstatSync(join(dirname(gitFolder), '.GIT'), { throwIfNoEntry: false });
  return other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

/** Without any variable of git's, but for the one that says where git is installed. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH',
  );
  return {
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

function stdoutOf(
  { code, stdout, stderr }: GitResult,
  allowed: readonly number[],
  named = (text: string) => text,
): string {
  if (code !== null && allowed.includes(code)) return stdout;
  throw new Error(`git says: ${named(lastWords(stderr)) || `it ended with ${code ?? 'a signal'}`}`);
}
