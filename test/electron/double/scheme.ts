/**
 * Schemes of the app's own. Chromium knows none of them, so a page at `agenc-bar://app/index.html` is
 * at `http://app.agenc-bar.localhost/index.html` there: an origin that is as secure and leads nowhere.
 * The main process sees only the former.
 */
import type { CustomScheme, Privileges } from 'electron';

type Handler = (request: Request) => Response | Promise<Response>;

/** A response as Playwright takes it. */
export interface Served {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What Chromium asked. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | null;
}

const privileges = new Map<string, Privileges>();
const handlers = new Map<string, Handler>();

export function registerSchemes(schemes: readonly CustomScheme[]): void {
  for (const { scheme, privileges: given } of schemes) privileges.set(scheme, given ?? {});
}

export function handleScheme(scheme: string, handler: Handler): void {
  if (handlers.has(scheme)) throw new Error(`The scheme has been registered: ${scheme}`);
  // In Electron such a scheme has no host, so no origin; the double has no use for that.
  if (privileges.get(scheme)?.standard !== true) {
    throw new Error(`Electron stand-in: ${scheme} must be registered as a standard scheme`);
  }
  handlers.set(scheme, handler);
}

export function unhandleScheme(scheme: string): void {
  if (!handlers.delete(scheme)) throw new Error(`The scheme has not been registered: ${scheme}`);
}

export const isHandled = (scheme: string): boolean => handlers.has(scheme);

/** Whether the page's `fetch` may ask for this URL of ours. */
export function allowsFetch(url: string): boolean {
  return privileges.get(new URL(url).protocol.slice(0, -1))?.supportFetchAPI === true;
}

/** Whether this URL, as main sees it, is of a scheme of the app's own. */
export function isOwn(url: string): boolean {
  return URL.canParse(url) && privileges.has(new URL(url).protocol.slice(0, -1));
}

/** The URL under which Chromium has it. */
export function toChromium(url: string): string {
  if (!isOwn(url)) return url;
  const { protocol, host, pathname, search, hash } = new URL(url);
  return `http://${host}.${protocol.slice(0, -1)}.localhost${pathname}${search}${hash}`;
}

/** The URL as main sees it. */
export function toElectron(url: string): string {
  return url.replace(
    /^http:\/\/([^/?#]+)\.([a-z][a-z0-9+-]*)\.localhost(?=[/?#]|$)/,
    (whole, host: string, scheme: string) =>
      privileges.has(scheme) ? `${scheme}://${host}` : whole,
  );
}

/** The origin of a URL as main sees it. */
export function originOf(url: string): string {
  if (!URL.canParse(url)) return 'null';
  const { protocol, host, origin } = new URL(url);
  return isOwn(url) ? `${protocol}//${host}` : origin;
}

/** Asks the app's handler. `undefined`: there is none, or it failed. */
export async function serve(asked: Asked): Promise<Served | undefined> {
  const handler = handlers.get(new URL(asked.url).protocol.slice(0, -1));
  if (handler === undefined) return undefined;
  const headers = Object.entries(asked.headers).map(([name, value]): [string, string] => [
    name,
    toElectron(value),
  ]);
  const bodyless = asked.method === 'GET' || asked.method === 'HEAD' || asked.body === null;
  try {
    const response = await handler(
      new Request(asked.url, {
        method: asked.method,
        headers,
        body: bodyless ? null : new Uint8Array(asked.body),
      }),
    );
    if (response.type === 'error') return undefined;
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    };
  } catch (error) {
    console.error('Electron stand-in: the handler of a scheme failed:', error);
    return undefined;
  }
}
