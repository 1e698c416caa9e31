import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expandHome } from '../system/paths.ts';
import { ExitCode, UserError } from '../system/userError.ts';

/** Where a mission's work comes from. */
export interface Repository {
  readonly kind: 'local' | 'github' | 'url';
  /** What `git clone` is given: an absolute path or a URL; never an option in disguise. */
  readonly source: string;
  /** The same for people and for `mission.json`: without a user's name, which may be a token. */
  readonly label: string;
  /** A short name, such as `app`. */
  readonly name: string;
}

/** A repository's place on a host: what remains of an address once its host is known to be GitHub. */
interface GitHubPlace {
  readonly owner: string;
  readonly app: string;
}

const GITHUB_HOSTS = ['github.com', 'www.github.com', 'ssh.github.com'];
/** Letters, digits, `-`, and the `_` of managed users. */
const OWNER = /^[a-z\d][a-z\d_-]{0,60}$/i;
const APP = /^(?!\.{1,2}$)[\w.-]{1,100}$/;
/** `user@host:path`, git's short form of ssh. A slash before the colon makes it a path instead. */
const SCP_LIKE = /^(?:(?<user>[\w.~+-]+)@)?(?<host>\[[\da-f:.]+\]|[\w.-]+):(?!\/\/)(?<path>.+)$/i;
/** Plain http is for servers of one's own: what a user spells out is not turned down. */
const CLONED_FROM = ['https:', 'http:', 'ssh:'];
const EXAMPLES = 'a folder, owner/app on GitHub, or an https or ssh address';

/**
 * Understands what people type or paste for a repository: a folder (also relative, or with `~`), a GitHub
 * reference in any usual form (`owner/app`, `github.com/owner/app`, an https or ssh address, a page's
 * address from the browser; of a page only the repository counts, not its branch or file), or any other
 * https or ssh address. **A folder that exists wins**: `owner/app` is the local folder if there is one of
 * that name under `cwd`, else GitHub's; `./owner/app` is never GitHub's.
 *
 * Reads nothing but what `isFolder` says, and asks no network.
 * @param cwd where relative paths start; absolute
 * @throws UserError if it cannot be one, or would make git run a command; never repeats a password
 */
export function parseRepository(
  text: string,
  cwd: string,
  isFolder: (path: string) => boolean = isFolderOnDisk,
): Repository {
  const trimmed = text.trim();
  if (trimmed === '') throw refused('No repository is named', `name ${EXAMPLES}`);
  if (/\p{Cc}/u.test(trimmed))
    throw refused('The repository holds a line break or another control character', 'leave it out');
  if (trimmed.startsWith('-'))
    throw refused(
      `"${trimmed}" looks like an option, not like a repository`,
      `a folder of that name is ./${trimmed}`,
    );
  // `ext::sh -c …` runs a command; other helpers are just as little what somebody means who pastes an address.
  const helper = /^(\w[\w+.-]*)::/.exec(trimmed);
  if (helper !== null)
    throw refused(`Repositories are not cloned through "${helper[1]}::"`, `name ${EXAMPLES}`);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(trimmed)) return fromUrl(trimmed);

  const path = resolve(cwd, expandHome(trimmed));
  if (/^(~|\/|\.{1,2}(\/|$))/.test(trimmed) || isFolder(path)) return local(path);
  return fromHostPath(trimmed) ?? fromScpLike(trimmed) ?? local(path);
}

function local(path: string): Repository {
  return { kind: 'local', source: path, label: path, name: shortName(path) };
}

function fromUrl(text: string): Repository {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused('The address of the repository is not a valid one', `name ${EXAMPLES}`);
  }
  if (url.protocol === 'file:') return local(fromFileUrl(url));
  if (!CLONED_FROM.includes(url.protocol))
    throw refused(`Repositories are not cloned from ${url.protocol}// addresses`, 'use https');
  // It would stand in the process list, in the mission's .git/config and in git's messages.
  if (url.password !== '')
    throw refused('The address holds a password', "leave it out; git's credential helper gives it");
  const host = decode(url.hostname);
  const user = decode(url.username);
  const path = decode(url.pathname);
  if (host === null || user === null || path === null || /\p{Cc}/u.test(host + user + path))
    throw refused('The address of the repository is not a valid one', `name ${EXAMPLES}`);
  if (host.startsWith('-') || user.startsWith('-'))
    throw refused('The address of the repository holds what looks like an option', 'mend it');

  const onGitHub = GITHUB_HOSTS.includes(url.hostname.toLowerCase())
    ? gitHubPlace(url.pathname)
    : null;
  if (onGitHub !== null && url.protocol !== 'ssh:') {
    const at = url.username === '' ? '' : `${url.username}@`;
    return gitHub(`https://${at}github.com/${onGitHub.owner}/${onGitHub.app}.git`, onGitHub);
  }
  if (onGitHub !== null) return gitHub(url.href, onGitHub);
  if (url.hostname === '' || /^\/*$/.test(url.pathname))
    throw refused('The address names no repository', `name ${EXAMPLES}`);
  const shown = new URL(url.href);
  if (url.protocol !== 'ssh:') shown.username = '';
  return { kind: 'url', source: url.href, label: shown.href, name: shortName(url.pathname) };
}

/** `owner/app` and `github.com/owner/app/…`, or `null` for anything else. */
function fromHostPath(text: string): Repository | null {
  const [first = '', ...rest] = text.split('/');
  const hosted = GITHUB_HOSTS.includes(first.toLowerCase());
  const place = hosted ? gitHubPlace(rest.join('/')) : gitHubPlace(text);
  // Without the host, a third part makes it a path that does not exist.
  if (place === null || (!hosted && rest.filter((part) => part !== '').length !== 1)) return null;
  return gitHub(`https://github.com/${place.owner}/${place.app}.git`, place);
}

function fromScpLike(text: string): Repository | null {
  const { user, host = '', path = '' } = SCP_LIKE.exec(text)?.groups ?? {};
  if (host === '') return null;
  if (user?.startsWith('-') || host.startsWith('-') || path.startsWith('-'))
    throw refused('The address of the repository holds what looks like an option', 'mend it');
  const place = GITHUB_HOSTS.includes(host.toLowerCase()) ? gitHubPlace(path) : null;
  if (place !== null) return gitHub(text, place);
  return { kind: 'url', source: text, label: text, name: shortName(path) };
}

function gitHub(source: string, { owner, app }: GitHubPlace): Repository {
  return { kind: 'github', source, label: `https://github.com/${owner}/${app}`, name: app };
}

/** The first two parts of a path on GitHub; what follows them is a page of the repository. */
function gitHubPlace(path: string): GitHubPlace | null {
  const [owner = '', last = ''] = (path.split(/[?#]/)[0] ?? '').split('/').filter((part) => part);
  const app = last.replace(/\.git$/i, '');
  return OWNER.test(owner) && APP.test(app) ? { owner, app } : null;
}

function shortName(path: string): string {
  return basename(decode(path) ?? path).replace(/\.git$/i, '') || 'repository';
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray `%`: not an address that anything can be fetched from.
    return null;
  }
}

function fromFileUrl(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw refused('The file address names no folder of this machine', 'name the folder itself');
  }
}

function refused(what: string, whatToDo: string): UserError {
  return new UserError(`${what}; ${whatToDo}.`, ExitCode.usage);
}

function isFolderOnDisk(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Not there, or not to be seen: then it is none that could be cloned.
    return false;
  }
}
