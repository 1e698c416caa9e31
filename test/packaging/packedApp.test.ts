import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { extractFile, getRawHeader, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { type PlistValue, parse } from 'plist';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trayImages } from '../../assets/iconSet.ts';
import { extractedApp, type PackedApp, packApp, project, runBuilder } from './support/packedApp.ts';

/** electron-builder itself, on fake Electrons: only Electron's own files are not what a user would get. */

describe.each([
  { platform: 'linux', prebuilds: ['linux-x64'] },
  { platform: 'mac', prebuilds: ['darwin-arm64', 'darwin-x64'] },
] as const)('the app packed for $platform', ({ platform, prebuilds }) => {
  let app: PackedApp;
  beforeAll(() => {
    app = packApp(platform);
  });
  afterAll(() => app?.[Symbol.dispose]());

  it('holds the bundles, the tray images and the native packages, and nothing else', () => {
    const files = listPackage(app.asar, { isPack: false }).map((path) => path.slice(1));
    const needed = [
      'out/cli.js',
      'out/cli-program.js',
      'out/electron/main.js',
      'out/electron/preload.cjs',
    ];
    const tray = trayImages().map(({ file }) => file);
    expect(files).toEqual(expect.arrayContaining([...needed, 'out/renderer/index.html', ...tray]));
    expect(files.filter((file) => /\.(map|ts|tsx)$/.test(file))).toEqual([]);
    expect([...new Set(files.map((file) => file.split('/')[0]))].sort()).toEqual([
      'assets',
      'node_modules',
      'out',
      'package.json',
    ]);
    expect(files.filter((file) => /^(node_modules|assets)\/[^/]+$/.test(file)).sort()).toEqual([
      'assets/tray',
      ...['bare-addon-resolve', 'bare-module-resolve', 'bare-semver'].map(inModules),
      ...['fs-native-extensions', 'keytar', 'require-addon', 'which-runtime'].map(inModules),
    ]);
  });

  it('holds its licence, and those of all that is in it, where everybody can read them', () => {
    for (const [packed, own] of [
      ['LICENSE', 'LICENSE'],
      ['LICENCES.txt', 'out/LICENCES.txt'],
    ] as const)
      expect(readFileSync(join(app.resources, packed), 'utf8')).toBe(
        readFileSync(join(project, own), 'utf8'),
      );
  });

  it('names its main file and its desktop entry, and no scripts or development packages', () => {
    const text = extractFile(app.asar, 'package.json').toString('utf8');
    expect(JSON.parse(text)).toMatchObject({
      main: 'out/electron/main.js',
      type: 'module',
      desktopName: 'io.github.agenc-bar.desktop',
    });
    expect(text).not.toMatch(/devDependencies|scripts/);
  });

  it("has keytar outside the archive, with this platform's binaries only", () => {
    const keytar = join(app.resources, 'app.asar.unpacked/node_modules/keytar');
    expect(readdirSync(keytar).sort()).toEqual(['LICENSE.md', 'lib', 'package.json', 'prebuilds']);
    expect(readdirSync(join(keytar, 'prebuilds')).sort()).toEqual(prebuilds);
    for (const name of prebuilds)
      expect(statSync(join(keytar, 'prebuilds', name, 'keytar.node')).size).toBeGreaterThan(10_000);
  });

  it("has the kernel's locks outside the archive, with this platform's binaries only", () => {
    const locks = join(app.resources, 'app.asar.unpacked/node_modules/fs-native-extensions');
    expect(readdirSync(locks).sort()).toEqual([
      'LICENSE',
      'binding.js',
      'index.js',
      'package.json',
      'prebuilds',
    ]);
    expect(readdirSync(join(locks, 'prebuilds')).sort()).toEqual(prebuilds);
    for (const name of prebuilds)
      expect(readdirSync(join(locks, 'prebuilds', name))).toEqual(['fs-native-extensions.node']);
  });

  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(app.fuses);
    const isOn = (option: FuseV1Options): boolean => wire[option] === FuseState.ENABLE;
    expect({
      runAsNode: isOn(FuseV1Options.RunAsNode),
      cookieEncryption: isOn(FuseV1Options.EnableCookieEncryption),
      nodeOptions: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: isOn(FuseV1Options.EnableNodeCliInspectArguments),
      integrity: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: isOn(FuseV1Options.OnlyLoadAppFromAsar),
      snapshot: isOn(FuseV1Options.LoadBrowserProcessSpecificV8Snapshot),
      filePrivileges: isOn(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({
      runAsNode: true,
      cookieEncryption: true,
      nodeOptions: false,
      inspect: false,
      integrity: true,
      onlyAsar: true,
      snapshot: false,
      filePrivileges: false,
    });
  });

  it('ships the command, which runs the app as Node', () => {
    const command = join(app.resources, 'bin/agenc-bar');
    // As a user has it: a link somewhere on the PATH.
    const link = join(dirname(app.root), 'linked');
    symlinkSync(command, link);
    // The script asks `uname` where the app's executable is.
    const uname = platform === 'mac' ? 'Darwin' : 'Linux';
    const shell = `uname() { echo ${uname}; }; . "$0"`;
    const direct = spawnSync('sh', ['-c', shell, link, 'status', '--json', 'a b'], {
      encoding: 'utf8',
    });
    const cli = join(app.resources, 'app.asar/out/cli.js');
    expect(direct.stdout.trimEnd().split('\n')).toEqual([
      'run-as-node=1',
      cli,
      'status',
      '--json',
      'a b',
    ]);
    expect(statSync(command).mode & 0o111).toBe(0o111);
  });

  it.runIf(platform === 'mac')('has an Info.plist of an app in the menu bar', () => {
    const info = plistAt(join(app.root, 'Info.plist'));
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(info).toMatchObject({
      CFBundleIdentifier: 'io.github.agenc-bar',
      CFBundleName: 'AgenC Bar',
      CFBundleExecutable: 'AgenC Bar',
      CFBundleShortVersionString: version,
      CFBundleIconFile: 'icon.icns',
      LSUIElement: true,
      LSMinimumSystemVersion: '13.0',
      LSApplicationCategoryType: 'public.app-category.developer-tools',
    });
    const keys = Object.keys(info ?? {});
    expect(keys.filter((key) => /UsageDescription$|^NSAppTransport/.test(key))).toEqual([
      'NSAppleEventsUsageDescription',
    ]);
  });

  it.runIf(platform === 'mac')('seals its archive, and is signed again after that', () => {
    const { headerString } = getRawHeader(app.asar);
    const hash = createHash('sha256').update(headerString).digest('hex');
    expect(plistAt(join(app.root, 'Info.plist'))).toMatchObject({
      ElectronAsarIntegrity: { 'Resources/app.asar': { algorithm: 'SHA256', hash } },
    });
    expect(app.signing.slice(0, 3)).toEqual(['--sign', '-', '--force']);
  });
});

describe('what packing goes by', () => {
  it('entitles to compiling at run time and, the app itself, to opening terminals; to no more', () => {
    const jit = { 'com.apple.security.cs.allow-jit': true };
    expect(plistAt(join(project, 'build', 'entitlements.mac.inherit.plist'))).toEqual(jit);
    expect(plistAt(join(project, 'build', 'entitlements.mac.plist'))).toEqual({
      ...jit,
      'com.apple.security.automation.apple-events': true,
    });
  });

  it('is checked: an option that does not exist is refused', () => {
    const done = runBuilder(['--linux', 'dir', '-c.noSuchOption=1']);
    expect(done.status).not.toBe(0);
    expect(`${done.stdout}${done.stderr}`).toContain('noSuchOption');
  });

  it('extracts to a folder in which the command runs and its natives load', () => {
    using app = extractedApp();
    const cli = spawnSync(process.execPath, [join(app.path, 'out/cli.js'), 'help'], {
      encoding: 'utf8',
    });
    expect(cli.stdout).toContain('agenc-bar');
    const keytar = spawnSync(
      process.execPath,
      ['-e', "console.log(typeof require('keytar').getPassword)"],
      { cwd: app.path, encoding: 'utf8' },
    );
    expect(keytar.stdout.trim()).toBe('function');
    const lock = join(app.path, 'lock');
    const locks = spawnSync(
      process.execPath,
      [
        '-e',
        "console.log(require('fs-native-extensions').tryLock(require('fs').openSync(process.argv[1], 'w+')))",
        lock,
      ],
      { cwd: app.path, encoding: 'utf8' },
    );
    expect(locks.stdout.trim()).toBe('true');
  });
});

function inModules(name: string): string {
  return `node_modules/${name}`;
}

function plistAt(path: string): PlistValue {
  return parse(readFileSync(path, 'utf8'));
}
