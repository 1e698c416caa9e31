import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'vite';
import { CONTENT_SECURITY_POLICY } from '../../../electron/contentSecurityPolicy.ts';

const ROOT = join(import.meta.dirname, '../../..');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** A page without anything, at the same origin. */
export const EMPTY_PATH = '/empty';

export interface BuiltPage {
  readonly url: string;
  /** URL path → content, as it is shipped. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  close(): Promise<void>;
}

/** The page as it is shipped, built anew and served on this machine with the app's own policy. */
export async function servePage(): Promise<BuiltPage> {
  const files = await buildPage();
  const server = createServer(({ url = '/' }, response) => {
    // A browser asks for it by itself; Electron does not.
    if (url === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    if (url === EMPTY_PATH) {
      response.writeHead(200, { 'content-type': TYPES['.html'] }).end();
      return;
    }
    const path = url === '/' ? '/index.html' : (url.split('?')[0] ?? url);
    const content = files.get(path);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': CONTENT_SECURITY_POLICY,
    });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, files, close: () => closed(server) };
}

async function buildPage(): Promise<Map<string, string | Uint8Array>> {
  const before = process.env.NODE_ENV;
  // Vitest's own value would build React as it is for developers.
  process.env.NODE_ENV = 'production';
  try {
    const built = await build({
      configFile: join(ROOT, 'vite.config.ts'),
      root: join(ROOT, 'renderer'),
      logLevel: 'error',
      environments: { client: { build: { write: false } } },
    });
    const files = new Map<string, string | Uint8Array>();
    for (const bundle of [built].flat()) {
      if (!('output' in bundle)) throw new Error('Vite watches instead of building.');
      for (const file of bundle.output) {
        files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
      }
    }
    return files;
  } finally {
    process.env.NODE_ENV = before;
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
