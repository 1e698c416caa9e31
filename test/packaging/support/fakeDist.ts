import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type PlistValue } from 'plist';

/**
 * Fake Electron distributions: as much of the real ones' layout as electron-builder touches. The
 * "binaries" are shell scripts with a fuse wire behind their end, so that fuses can really be flipped.
 */

const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const wireVersion = 1;
/**
 * All that the configuration sets, the other way round, so that every fuse has to be flipped; at the end
 * the one that electron-builder does not know (WebAssembly traps).
 */
const wire = '001100111';

/** Prints what it was started with, a line each. */
const program = `#!/bin/sh
echo "run-as-node=\${ELECTRON_RUN_AS_NODE-}"
for argument in "$@"; do echo "$argument"; done
exit 0
`;

/** What the real Electron's Info.plist holds and this app must not keep. */
const inherited = {
  CFBundleIconFile: 'electron.icns',
  LSMinimumSystemVersion: '12.0',
  NSAppTransportSecurity: { NSAllowsArbitraryLoads: true },
  NSAudioCaptureUsageDescription: 'This app needs access to audio capture',
  NSBluetoothAlwaysUsageDescription: 'This app needs access to Bluetooth',
  NSCameraUsageDescription: 'This app needs access to the camera',
  NSMicrophoneUsageDescription: 'This app needs access to the microphone',
  NSPrincipalClass: 'AtomApplication',
};

/** A folder as electron-v…-linux-x64.zip unpacks to. */
export function fakeLinuxDist(folder: string, version: string): string {
  write(join(folder, 'electron'), withFuses(), 0o755);
  for (const name of ['chrome-sandbox', 'chrome_crashpad_handler']) {
    write(join(folder, name), program, 0o755);
  }
  for (const name of ['locales/en-US.pak', 'locales/de.pak', 'resources.pak', 'icudtl.dat']) {
    write(join(folder, name), 'x');
  }
  licences(folder, version);
  return folder;
}

/** A folder as electron-v…-darwin-arm64.zip unpacks to. */
export function fakeMacDist(folder: string, version: string): string {
  const contents = join(folder, 'Electron.app', 'Contents');
  bundle(contents, 'Electron', inherited);
  write(join(contents, 'Resources/electron.icns'), 'x');
  for (const language of ['en', 'de'])
    mkdirSync(join(contents, `Resources/${language}.lproj`), { recursive: true });

  const framework = join(contents, 'Frameworks/Electron Framework.framework');
  write(join(framework, 'Versions/A/Electron Framework'), withFuses(), 0o755);
  for (const language of ['en', 'de'])
    write(join(framework, `Versions/A/Resources/${language}.lproj/locale.pak`), 'x');
  symlinkSync('A', join(framework, 'Versions/Current'));
  for (const name of ['Electron Framework', 'Resources'])
    symlinkSync(`Versions/Current/${name}`, join(framework, name));

  for (const kind of ['', ' (Renderer)', ' (GPU)', ' (Plugin)']) {
    const name = `Electron Helper${kind}`;
    bundle(join(contents, `Frameworks/${name}.app/Contents`), name, {});
  }
  licences(folder, version);
  return folder;
}

/** A `codesign` that only notes its arguments: a folder for the PATH. */
export function fakeCodesign(folder: string, notes: string): string {
  write(join(folder, 'codesign'), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${notes}'\n`, 0o755);
  return folder;
}

function bundle(contents: string, name: string, more: Record<string, PlistValue>): void {
  const info: PlistValue = {
    CFBundleExecutable: name,
    CFBundleIdentifier: `com.github.${name.replaceAll(/\W/g, '')}`,
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    ...more,
  };
  write(join(contents, 'Info.plist'), build(info));
  write(join(contents, 'MacOS', name), program, 0o755);
}

function withFuses(): Buffer {
  const head = Buffer.from([wireVersion, wire.length]);
  return Buffer.concat([Buffer.from(`${program}${sentinel}`), head, Buffer.from(`${wire}\n`)]);
}

function licences(folder: string, version: string): void {
  write(join(folder, 'version'), version);
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) write(join(folder, name), 'x');
}

function write(path: string, text: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}
