/** "1 mission", "7 missions". */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Nobody reads on beyond these. */
const MOST_LISTED = 20;

/** "a", "a and b", "a, b and c". Of very many, the first and how many more. */
export function listed(names: readonly string[]): string {
  if (names.length > MOST_LISTED) return someOf(names, MOST_LISTED);
  const last = names.at(-1);
  if (last === undefined) return '';
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** The first few names, and how many more: "a, b and 3 more". */
export function someOf(names: readonly string[], most: number): string {
  if (names.length <= most) return listed(names);
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/** The first 12 digits of a hash: enough to tell entries apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** "owner/app" of a repo, however its address is written. */
export function shortRepo(repo: string): string {
  const parts = repo
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .filter(Boolean);
  return parts.slice(-2).join('/');
}

/** The end of a path, which tells folders apart: "…/work/.claude-client". */
export function shortPath(path: string): string {
  const parts = path.split(/[/\\]/).filter(Boolean);
  return parts.length <= 2 ? path : `…/${parts.slice(-2).join('/')}`;
}
