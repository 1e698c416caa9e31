import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { extractAll } from '@electron/asar';
import { fakeCodesign, fakeLinuxDist, fakeMacDist } from './fakeDist.ts';

export const project = dirname(dirname(dirname(import.meta.dirname)));

/** An app that electron-builder has packed on a fake Electron. */
export interface PackedApp {
  /** What lies in the output folder: `linux-unpacked`, or `AgenC Bar.app/Contents`. */
  readonly root: string;
  readonly resources: string;
  readonly asar: string;
  /** The file that `@electron/fuses` is asked about. */
  readonly fuses: string;
  /** What `codesign` was called with. */
  readonly signing: readonly string[];
  [Symbol.dispose](): void;
}

/** Packs out/ for real, as `npm run dist` does, but for Electron's own files. Takes some seconds. */
export function packApp(platform: 'linux' | 'mac'): PackedApp {
  const folder = mkdtempSync(join(tmpdir(), 'agenc-bar-packed-'));
  const notes = join(folder, 'codesign.txt');
  const version = electronVersion();
  const dist =
    platform === 'linux'
      ? fakeLinuxDist(join(folder, 'electron'), version)
      : fakeMacDist(join(folder, 'electron'), version);
  const done = runBuilder(
    [
      ...(platform === 'linux' ? ['--linux', 'dir', '--x64'] : ['--mac', 'dir', '--arm64']),
      `-c.electronDist=${dist}`,
      `-c.directories.output=${join(folder, 'dist')}`,
    ],
    { PATH: `${fakeCodesign(join(folder, 'bin'), notes)}:${process.env.PATH}` },
  );
  if (done.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`electron-builder failed:\n${done.stdout}${done.stderr}`);
  }
  const linux = join(folder, 'dist', 'linux-unpacked');
  const mac = join(folder, 'dist', 'mac-arm64', 'AgenC Bar.app');
  const root = platform === 'linux' ? linux : join(mac, 'Contents');
  const resources = join(root, platform === 'linux' ? 'resources' : 'Resources');
  return {
    root,
    resources,
    asar: join(resources, 'app.asar'),
    fuses: platform === 'linux' ? join(linux, 'agenc-bar-app') : mac,
    signing: existsSync(notes) ? readFileSync(notes, 'utf8').trimEnd().split('\n') : [],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * The packed app's own files as a folder, natives included: what a user gets, to be run by a stand-in
 * for Electron. Needs a build in out/; whoever asks disposes of it.
 */
export function extractedApp(): { readonly path: string; [Symbol.dispose](): void } {
  const packed = packApp('linux');
  const path = join(dirname(dirname(packed.root)), 'extracted');
  extractAll(packed.asar, path);
  return { path, [Symbol.dispose]: () => packed[Symbol.dispose]() };
}

/** electron-builder by our configuration, with no way to publish, sign or notarise. */
export function runBuilder(
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  const builder = join(project, 'node_modules/electron-builder/cli.js');
  const config = ['--config', 'electron-builder.config.ts', '--publish', 'never'];
  return spawnSync(process.execPath, [builder, ...config, ...parameters], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false', ...env },
  });
}

function electronVersion(): string {
  const text = readFileSync(join(project, 'node_modules/electron/package.json'), 'utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed)
    return String(parsed.version);
  throw new Error('The electron package names no version.');
}
