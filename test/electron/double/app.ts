import { EventEmitter } from 'node:events';
import type { LoginItemSettings, Settings } from 'electron';
import { identify, pathOf } from './appPaths.ts';
import { closeBrowser } from './browser.ts';
import { preventable } from './events.ts';
import { InstanceLock, type SecondInstance } from './instanceLock.ts';
import { LoginItems } from './loginItems.ts';
import { sessionsStarted } from './session.ts';
import { settings } from './settings.ts';
import { strict } from './strict.ts';
import { onLastWindowGone, windowList } from './windowList.ts';

/** What Electron takes from its own command line. */
const USER_DATA_SWITCH = '--user-data-dir=';

export const ELECTRON_VERSION = '45.4.1';

export const identity = identify(settings.app, ELECTRON_VERSION);

class Dock {
  #visible = true;
  #badge = '';
  hide(): void {
    this.#visible = false;
  }
  async show(): Promise<void> {
    this.#visible = true;
  }
  isVisible(): boolean {
    return this.#visible;
  }
  setBadge(text: string): void {
    this.#badge = text;
  }
  getBadge(): string {
    return this.#badge;
  }
  readonly setIcon = (_image: unknown): void => undefined;
  readonly setMenu = (_menu: unknown): void => undefined;
}

class CommandLine {
  readonly #switches = new Map<string, string>();
  appendSwitch(name: string, value = ''): void {
    this.#switches.set(name, value);
  }
  hasSwitch(name: string): boolean {
    return this.#switches.has(name);
  }
  getSwitchValue(name: string): string {
    return this.#switches.get(name) ?? '';
  }
}

class App extends EventEmitter {
  readonly isPackaged = settings.packaged;
  readonly commandLine = strict('app.commandLine', new CommandLine());
  readonly dock = process.platform === 'darwin' ? strict('app.dock', new Dock()) : undefined;
  readonly _loginItems = new LoginItems();
  readonly #ready = Promise.withResolvers<void>();
  readonly #paths = new Map<string, string>();
  readonly #lock = new InstanceLock((second) => this.#second(second));
  #name = identity.name;
  #isReady = false;
  /** `quitting`: before-quit has gone through; `gone`: so has will-quit. */
  #state: 'running' | 'quitting' | 'gone' = 'running';

  constructor() {
    super();
    const given = process.argv.find((arg) => arg.startsWith(USER_DATA_SWITCH));
    if (given !== undefined) this.#paths.set('userData', given.slice(USER_DATA_SWITCH.length));
    onLastWindowGone(() => this.#lastWindowGone());
  }

  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }
  /** Main's code has been run up to its end: Electron says `ready` now. */
  _start(): void {
    if (this.#state === 'gone') return;
    this.#isReady = true;
    sessionsStarted();
    this.emit('ready', {}, {});
    this.#ready.resolve();
  }

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }
  isReady(): boolean {
    return this.#isReady;
  }
  getName(): string {
    return this.#name;
  }
  setName(name: string): void {
    this.#name = name;
  }
  getVersion(): string {
    return identity.version;
  }
  getAppPath(): string {
    return identity.appPath;
  }
  getPath(name: string): string {
    return pathOf(name, this.#name, this.#paths);
  }
  setPath(name: string, path: string): void {
    this.#paths.set(name, path);
  }
  setAppLogsPath(path?: string): void {
    if (path !== undefined) this.#paths.set('logs', path);
  }
  getLocale(): string {
    return 'en-US';
  }
  getSystemLocale(): string {
    return 'en-US';
  }
  getPreferredSystemLanguages(): string[] {
    return ['en-US'];
  }
  requestSingleInstanceLock(data?: unknown): boolean {
    const second = { argv: process.argv, cwd: process.cwd(), data };
    return this.#lock.request(this.getPath('userData'), second);
  }
  hasSingleInstanceLock(): boolean {
    return this.#lock.held;
  }
  releaseSingleInstanceLock(): void {
    this.#lock.release();
  }
  setLoginItemSettings(item: Settings): void {
    this._loginItems.set(item);
  }
  getLoginItemSettings(_options?: object): LoginItemSettings {
    return this._loginItems.get();
  }
  readonly setActivationPolicy = (_policy: string): void => {
    if (process.platform !== 'darwin') throw new Error('setActivationPolicy is only for macOS');
  };
  readonly setAppUserModelId = (_id: string): void => undefined;
  readonly setDesktopName = (_name: string): void => undefined;
  readonly setAboutPanelOptions = (_options: object): void => undefined;
  readonly showAboutPanel = (): void => undefined;
  readonly enableSandbox = (): void => this.#beforeReady('enableSandbox');
  readonly disableHardwareAcceleration = (): void =>
    this.#beforeReady('disableHardwareAcceleration');
  readonly focus = (_options?: object): void => undefined;
  readonly hide = (): void => undefined;
  readonly show = (): void => undefined;
  readonly relaunch = (_options?: object): void => undefined;

  quit(): void {
    if (this.#state !== 'running') return;
    const event = preventable();
    this.emit('before-quit', event);
    if (event.defaultPrevented) return;
    this.#state = 'quitting';
    if (windowList.length === 0) this.#allClosed();
    else for (const window of [...windowList]) window.close();
  }
  exit(code = 0): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    for (const window of [...windowList]) window.destroy();
    this.#end(code);
  }
  /** A window refused to be closed: there will be no end. */
  _closeRefused(): void {
    if (this.#state === 'quitting') this.#state = 'running';
  }

  #lastWindowGone(): void {
    if (this.#state === 'quitting') this.#allClosed();
    else if (this.#state === 'running') {
      if (this.listenerCount('window-all-closed') > 0) this.emit('window-all-closed');
      else this.quit();
    }
  }
  #allClosed(): void {
    const event = preventable();
    this.emit('will-quit', event);
    this.#state = event.defaultPrevented ? 'running' : 'gone';
    if (!event.defaultPrevented) this.#end(0);
  }
  #end(code: number): void {
    this.emit('quit', {}, code);
    this.#lock.release();
    void closeBrowser().finally(() => process.exit(code));
  }
  #second({ argv, cwd, data }: SecondInstance): void {
    void this.#ready.promise.then(() => this.emit('second-instance', {}, argv, cwd, data));
  }
  #beforeReady(method: string): void {
    if (this.#isReady) throw new Error(`app.${method}() can only be called before app is ready`);
  }
}

export const rawApp = new App();
export const app = strict('app', rawApp);
