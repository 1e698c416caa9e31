import { shell } from 'electron';
import type { links } from '../main/service/contract/app.ts';

/** Everything that is ever opened outside. The page names a key; it cannot name a URL. */
const URLS: Readonly<Record<(typeof links)[number], string>> = {
  'mcp-help': 'https://code.claude.com/docs/en/mcp',
  agenc: 'https://github.com/mieubrisse/agenc',
  'login-items': 'x-apple.systempreferences:com.apple.LoginItems-Settings.extension',
};

/** @param url an authorization page, as `findAuthorizationPage` lets it through */
export function openSignInPage(url: string): Promise<void> {
  return shell.openExternal(url);
}

export function openLink(link: keyof typeof URLS): Promise<void> {
  return shell.openExternal(URLS[link]);
}
