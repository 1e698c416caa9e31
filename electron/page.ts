import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix, sep } from 'node:path';
import { protocol, type Session } from 'electron';
import { CONTENT_SECURITY_POLICY } from './contentSecurityPolicy.ts';

const SCHEME = 'agenc-bar';
/** The only origin that may speak with the main process. */
export const PAGE_ORIGIN = `${SCHEME}://app`;
export const PAGE_URL = `${PAGE_ORIGIN}/index.html`;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** To be called before the app is ready: the page's scheme behaves like https, and is no `file://`. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    // Module scripts are fetched as across origins.
    { scheme: SCHEME, privileges: { standard: true, secure: true, corsEnabled: true } },
  ]);
}

/** Serves the built page, and nothing else: what is not in the folder at the start does not exist. */
export function servePage(session: Session, folder: string): void {
  const files = filesIn(folder);
  session.protocol.handle(SCHEME, ({ method, url }) => {
    const { host, pathname } = new URL(url);
    const file = host === 'app' ? files.get(pathname) : undefined;
    if (method !== 'GET' || file === undefined) return new Response(null, { status: 404 });
    return new Response(new Uint8Array(readFileSync(file)), {
      headers: {
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
      },
    });
  });
}

/** URL path → file. */
function filesIn(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const relative = path.slice(folder.length).split(sep).join(posix.sep);
        return [relative.startsWith('/') ? relative : `/${relative}`, path] as const;
      }),
  );
}
