import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '../../support/until.ts';
import { project } from './packedApp.ts';

/**
 * A copy of the project as far as `npm start` looks at it: the start script, a command that only says
 * how it was called, and an electron package that is what a test makes of it.
 */
export interface StartLayout {
  readonly root: string;
  /** Puts an Electron there whose executable is this shell script. */
  installElectron(script: string): void;
  /** Puts an electron package there that has its executable still to download. */
  offerDownload(script: string): void;
  start(options?: StartOptions): Started;
  /** What was started and waits may end now: the file `end` is there. */
  letEnd(): void;
  [Symbol.dispose](): void;
}

interface StartOptions {
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** As root, where the test may. Else as somebody whom Electron's sandbox would serve. */
  readonly asRoot?: boolean;
}

export interface Started {
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
  /** Waits until stdout holds this. */
  says(text: string): Promise<void>;
  /** To the whole process group, as a terminal does. */
  interrupt(): void;
}

const nobody = 65_534;

export function startLayout(): StartLayout {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-start-'));
  const electron = join(root, 'node_modules/electron');
  // "Nobody" has to get in, and to write what he downloads.
  mkdirSync(join(electron, 'dist'), { recursive: true });
  for (const folder of [root, electron, join(electron, 'dist')]) chmodSync(folder, 0o777);
  put(root, 'package.json', '{"type":"module"}');
  put(root, 'out/cli.js', commandDouble);
  put(electron, 'package.json', '{"name":"electron","version":"45.0.0"}');
  mkdirSync(join(root, 'electron'));
  copyFileSync(join(project, 'electron/start.ts'), join(root, 'electron/start.ts'));
  return {
    root,
    installElectron: (script) => {
      put(electron, 'dist/electron', `#!/bin/sh\n${script}\n`);
      put(electron, 'path.txt', 'electron');
    },
    offerDownload: (script) => put(electron, 'install.js', script),
    start: (options = {}) => started(root, options),
    letEnd: () => put(root, 'end', ''),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** If it is told to wait, it ends with 7 once it may, and says how often it was interrupted. */
const commandDouble = `
import { existsSync } from 'node:fs';
console.log('command', process.argv.slice(2).join(' '));
if (process.argv.includes('wait')) {
  let interrupts = 0;
  process.on('SIGINT', () => {
    interrupts += 1;
  });
  const alive = setInterval(() => {
    if (interrupts === 0 || !existsSync(new URL('../end', import.meta.url))) return;
    console.log('interrupts', interrupts);
    clearInterval(alive);
    process.exitCode = 7;
  }, 20);
  console.log('waiting');
}
`;

function started(root: string, { words = [], env = {}, asRoot = false }: StartOptions): Started {
  const isRoot = process.getuid?.() === 0;
  const { DISPLAY, WAYLAND_DISPLAY, ELECTRON_OVERRIDE_DIST_PATH, ...rest } = process.env;
  const child = spawn(process.execPath, [join(root, 'electron/start.ts'), ...words], {
    env: { ...rest, HOME: root, AGENC_DIRPATH: join(root, 'agenc'), ...env },
    detached: true,
    ...(isRoot && !asRoot ? { uid: nobody, gid: nobody } : {}),
  });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  return {
    ended: new Promise((resolve) =>
      child.on('close', (code) => resolve({ code, out: out(), err: err() })),
    ),
    says: (text) =>
      until(
        () => `"${text}" in what it says: ${out()}${err()}`,
        () => out().includes(text),
      ),
    interrupt: () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    },
  };
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

function put(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}
