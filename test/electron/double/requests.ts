/** How a page's requests are answered: by the app's own handlers or not at all. There is no network. */
import type { Request as PageRequest, Route } from 'playwright-core';
import { record } from './calls.ts';
import { allowsFetch, isOwn, serve, toElectron } from './scheme.ts';
import { rawWebRequest } from './session.ts';

/** Whether a navigation that the page asks for is prevented by the app. */
export type NavigationGate = (url: string, isMainFrame: boolean) => boolean;

/**
 * Answers one request.
 * @param byMain whether the main process itself asked for this navigation
 */
export async function answerRequest(
  route: Route,
  byMain: (url: string) => boolean,
  prevented: NavigationGate,
): Promise<void> {
  const request = route.request();
  const url = toElectron(request.url());
  if (request.isNavigationRequest()) {
    const isMainFrame = request.frame().parentFrame() === null;
    if (!(isMainFrame && byMain(url)) && prevented(url, isMainFrame)) {
      record('navigation prevented', url);
      return route.abort('aborted');
    }
  }
  if (!(await rawWebRequest._allows({ url, method: request.method() }))) {
    record('request cancelled', url);
    return route.abort('blockedbyclient');
  }
  if (isOwn(url)) return answerOwn(route, request, url);
  if (url.startsWith('file:')) return route.continue();
  record('network', url);
  return route.abort('internetdisconnected');
}

async function answerOwn(route: Route, request: PageRequest, url: string): Promise<void> {
  if (request.resourceType() === 'fetch' && !allowsFetch(url)) {
    record('fetch refused', url);
    return route.abort('failed');
  }
  const served = await serve({
    url,
    method: request.method(),
    headers: request.headers(),
    body: request.postDataBuffer(),
  });
  if (served === undefined) return route.abort('failed');
  const given = Object.entries(served.headers).map(([name, value]) => [name, [value]]);
  const headers = await rawWebRequest._headers(url, served.status, Object.fromEntries(given));
  if (headers === null) return route.abort('blockedbyclient');
  const joined = Object.entries(headers).map(([name, values]) => [name, values.join(', ')]);
  return route.fulfill({ ...served, headers: Object.fromEntries(joined) });
}
