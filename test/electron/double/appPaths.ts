/** Where things are, by Electron's rules for each system. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What the app is, as its package says. */
export interface AppIdentity {
  readonly appPath: string;
  /** The file to run. */
  readonly entry: string;
  readonly name: string;
  readonly version: string;
}

/** As Electron: a folder with a package.json is an app, a file alone is nameless. */
export function identify(target: string, electronVersion: string): AppIdentity {
  const path = resolve(target);
  const manifest = join(path, 'package.json');
  if (!existsSync(manifest)) {
    return { appPath: dirname(path), entry: path, name: 'Electron', version: electronVersion };
  }
  const { name, productName, version, main } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<
    string,
    string | undefined
  >;
  return {
    appPath: path,
    entry: join(path, main ?? 'index.js'),
    name: productName ?? name ?? 'Electron',
    version: version ?? electronVersion,
  };
}

/** @throws Electron's error for a name that it does not know */
export function pathOf(name: string, appName: string, given: ReadonlyMap<string, string>): string {
  const known = given.get(name);
  if (known !== undefined) return known;
  const mac = process.platform === 'darwin';
  const home = process.env.HOME ?? homedir();
  const config = process.env.XDG_CONFIG_HOME ?? join(home, '.config');
  const appData = mac ? join(home, 'Library', 'Application Support') : config;
  const userData = given.get('userData') ?? join(appData, appName);
  const paths: Readonly<Record<string, string>> = {
    home,
    appData,
    userData,
    sessionData: userData,
    temp: tmpdir(),
    exe: process.execPath,
    module: process.execPath,
    desktop: join(home, 'Desktop'),
    documents: join(home, 'Documents'),
    downloads: join(home, 'Downloads'),
    logs: mac ? join(home, 'Library', 'Logs', appName) : join(userData, 'logs'),
    crashDumps: join(userData, 'Crashpad'),
  };
  const path = paths[name];
  if (path === undefined) throw new Error(`Failed to get '${name}' path`);
  // Electron makes these two.
  if (name === 'userData' || name === 'logs') mkdirSync(path, { recursive: true });
  return path;
}
