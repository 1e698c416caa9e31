import { join } from 'node:path';
import { app, shell } from 'electron';
import type { links } from '../main/service/contract/app.ts';

type Link = (typeof links)[number];

/** Everything that is ever opened outside. The page names a key; it cannot name a URL. */
const URLS: Readonly<Record<Exclude<Link, 'licences'>, string>> = {
  'mcp-help': 'https://code.claude.com/docs/en/mcp',
  agenc: 'https://github.com/mieubrisse/agenc',
  'login-items': 'x-apple.systempreferences:com.apple.LoginItems-Settings.extension',
};

/** @param url an authorization page, as `findAuthorizationPage` lets it through */
export function openSignInPage(url: string): Promise<void> {
  return shell.openExternal(url);
}

/** @throws Error if the system shows nothing; says why */
export async function openLink(link: Link): Promise<void> {
  if (link !== 'licences') return shell.openExternal(URLS[link]);
  // A text in the system's own viewer; it lies outside the archive, which no viewer can look into.
  const folder = app.isPackaged ? process.resourcesPath : join(import.meta.dirname, '..');
  const trouble = await shell.openPath(join(folder, 'LICENCES.txt'));
  if (trouble !== '') throw new Error(`The licences cannot be shown: ${trouble}`);
}
