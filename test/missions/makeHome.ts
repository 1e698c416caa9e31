import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../main/missions/followUser.ts';

/** A user's home folder with a config of Claude's, an AGENC_DIRPATH, and room for repositories. */
export interface TestHome {
  readonly root: string;
  /** The user's `~/.claude`. */
  readonly claude: string;
  readonly claudeJson: string;
  readonly agenc: string;
  readonly missions: string;
  /** `bar/missions`. */
  readonly missionNotes: string;
  /** Writes a file below the root, and the folders on its way. @returns its path */
  put(path: string, content: string | object, mode?: number): string;
  dispose(): void;
}

export function makeHome(): TestHome {
  // The client goes by real paths, and so does what is compared here.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'agenc-bar-create-')));
  const agenc = join(root, 'agenc');
  return {
    root,
    claude: join(root, 'home', '.claude'),
    claudeJson: join(root, 'home', '.claude.json'),
    agenc,
    missions: join(agenc, 'missions'),
    missionNotes: join(agenc, 'bar', 'missions'),
    put(path, content, mode = 0o644) {
      const full = join(root, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content), {
        mode,
      });
      return full;
    },
    dispose: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Runs git in a folder, as somebody with a name and no configuration of their own. @returns its stdout */
export function git(folder: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.test'];
  return execFileSync('git', [...who, '-c', 'init.defaultBranch=main', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** A repository with two commits on `main` and one more on `topic`, which is checked out. */
export function makeRepository(folder: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init');
  for (const name of ['one', 'two']) {
    writeFileSync(join(folder, `${name}.txt`), `${name}\n`);
    git(folder, 'add', '.');
    git(folder, 'commit', '-m', name);
  }
  git(folder, 'checkout', '-b', 'topic');
  writeFileSync(join(folder, 'three.txt'), 'three\n');
  git(folder, 'add', '.');
  git(folder, 'commit', '-m', 'three');
  return folder;
}

/** Everything below a folder: names, modes, dates and contents. Two of the same are the same tree. */
export function treeOf(folder: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const { mode, size, mtimeMs } = lstatSync(path);
    const isFolder = lstatSync(path).isDirectory();
    const content = isFolder
      ? ''
      : lstatSync(path).isSymbolicLink()
        ? readlinkSync(path)
        : hash('sha256', readFileSync(path));
    found[prefix + name] = `${mode.toString(8)} ${isFolder ? '' : size} ${mtimeMs} ${content}`;
    if (isFolder) Object.assign(found, treeOf(path, `${prefix}${name}/`));
  }
  return found;
}

export function readJson(path: string): JsonObject {
  return JSON.parse(readFileSync(path, 'utf8')) as JsonObject;
}

/** Stands in for the wrapper's hooks: knows its own, and puts it in once. */
export function withTestHook(settings: JsonObject): JsonObject {
  const hooks = (settings.hooks ?? {}) as Record<string, readonly unknown[] | undefined>;
  const others = (hooks.Stop ?? []).filter((hook) => JSON.stringify(hook) !== '"ours"');
  return { ...settings, hooks: { ...hooks, Stop: [...others, 'ours'] } };
}
