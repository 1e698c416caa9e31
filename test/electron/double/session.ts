import { EventEmitter } from 'node:events';
import type {
  CustomScheme,
  OnBeforeRequestListenerDetails,
  OnHeadersReceivedListenerDetails,
  Session,
  WebRequestFilter,
} from 'electron';
import { handleScheme, isHandled, registerSchemes, unhandleScheme } from './scheme.ts';
import { strict } from './strict.ts';

type RequestHandler = NonNullable<Parameters<Session['setPermissionRequestHandler']>[0]>;
type CheckHandler = NonNullable<Parameters<Session['setPermissionCheckHandler']>[0]>;
type DeviceHandler = NonNullable<Parameters<Session['setDevicePermissionHandler']>[0]>;
type BeforeRequest = (
  details: OnBeforeRequestListenerDetails,
  answer: (response: { cancel?: boolean; redirectURL?: string }) => void,
) => void;
type Headers = Record<string, string[]>;
type HeadersReceived = (
  details: OnHeadersReceivedListenerDetails,
  answer: (response: {
    cancel?: boolean;
    responseHeaders?: Record<string, string | string[]>;
  }) => void,
) => void;

let started = false;

/** From now on the app is ready, and privileges of schemes can no more be told. */
export function sessionsStarted(): void {
  started = true;
}

class Protocol {
  registerSchemesAsPrivileged(schemes: CustomScheme[]): void {
    if (started) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    }
    registerSchemes(schemes);
  }
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
    if (!started)
      throw new Error('protocol.handle: Session can only be received when app is ready');
    handleScheme(scheme, handler);
  }
  unhandle(scheme: string): void {
    unhandleScheme(scheme);
  }
  isProtocolHandled(scheme: string): boolean {
    return isHandled(scheme);
  }
}

/** Asked for every request of a page, before it is answered. */
class WebRequest {
  #before: BeforeRequest | null = null;
  #received: HeadersReceived | null = null;

  onBeforeRequest(
    first: WebRequestFilter | BeforeRequest | null,
    second?: BeforeRequest | null,
  ): void {
    this.#before = listenerOf('onBeforeRequest', first, second);
  }
  onHeadersReceived(
    first: WebRequestFilter | HeadersReceived | null,
    second?: HeadersReceived | null,
  ): void {
    this.#received = listenerOf('onHeadersReceived', first, second);
  }

  /** Whether the app lets this request go. */
  async _allows(details: Pick<OnBeforeRequestListenerDetails, 'url' | 'method'>): Promise<boolean> {
    const listener = this.#before;
    if (listener === null) return true;
    const given = await new Promise<{ cancel?: boolean; redirectURL?: string }>((resolve) =>
      listener(details as OnBeforeRequestListenerDetails, resolve),
    );
    if (given.redirectURL !== undefined) {
      throw new Error('Electron stand-in: onBeforeRequest cannot redirect here');
    }
    return given.cancel !== true;
  }
  /** The headers that the app leaves of these. `null`: it refuses the response. */
  async _headers(url: string, status: number, given: Headers): Promise<Headers | null> {
    const listener = this.#received;
    if (listener === null) return given;
    const details = { url, statusCode: status, responseHeaders: given };
    const { cancel, responseHeaders } = await new Promise<
      Parameters<Parameters<HeadersReceived>[1]>[0]
    >((resolve) => listener(details as unknown as OnHeadersReceivedListenerDetails, resolve));
    if (cancel === true) return null;
    const left = Object.entries(responseHeaders ?? given);
    return Object.fromEntries(left.map(([name, value]) => [name, [value].flat()]));
  }
}

function listenerOf<L>(
  name: string,
  first: WebRequestFilter | L | null,
  second?: L | null,
): L | null {
  if (second === undefined) return first as L | null;
  const { urls } = first as WebRequestFilter;
  if (urls.join() !== '<all_urls>')
    throw new Error(`Electron stand-in: ${name} takes no filter here`);
  return second;
}

export const rawProtocol = new Protocol();
export const rawWebRequest = new WebRequest();

/** There is one session, the default one. */
class DefaultSession extends EventEmitter {
  readonly protocol = strict('protocol', rawProtocol);
  readonly webRequest = strict('webRequest', rawWebRequest);
  _permissionRequest: RequestHandler | null = null;
  _permissionCheck: CheckHandler | null = null;
  _devicePermission: DeviceHandler | null = null;

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this._permissionRequest = handler;
  }
  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this._permissionCheck = handler;
  }
  setDevicePermissionHandler(handler: DeviceHandler | null): void {
    this._devicePermission = handler;
  }
  isPersistent(): boolean {
    return true;
  }
  async clearCache(): Promise<void> {
    await Promise.resolve();
  }
  async clearStorageData(): Promise<void> {
    await Promise.resolve();
  }
  setSpellCheckerEnabled(_enable: boolean): void {
    this.#spellChecker = _enable;
  }
  isSpellCheckerEnabled(): boolean {
    return this.#spellChecker;
  }
  #spellChecker = true;
}

export const rawSession = new DefaultSession();

/** The module's `session`: as in Electron, not to be had before the app is ready. */
class Sessions {
  get defaultSession(): DefaultSession {
    if (!started) throw new Error('Session can only be received when app is ready');
    return strict('session', rawSession);
  }
}

export const session = strict('electron.session', new Sessions());
export const protocol = strict('protocol', rawProtocol);
