import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * `npm start`: the app where a window can be shown, else the engine in this terminal, with a line that
 * says why. It uses nothing but Node, and nothing of Electron is loaded into it.
 */
const project = dirname(import.meta.dirname);
const downloadLimitMs = 180_000;
/** An Electron that fails within this time could not start; one that fails later has failed at its work. */
const startLimitMs = 3_000;
/** npm passes on a Ctrl-C that the terminal has sent already; Electron dies of the second. */
const sameSignalMs = 1_000;

/** A reason, as part of a sentence, why the app cannot be shown. */
interface Hindrance {
  readonly why: string;
}

interface Ending {
  readonly code: number;
  /** Why it could not even be started. */
  readonly error?: string;
}

const stop = { isAsked: false, code: 0 };
/** What runs now, if anything does. */
let current: ChildProcess | undefined;

// Before anything is started: a signal in that very moment would end this process, and leave the child running.
let lastSignalAt = Number.NEGATIVE_INFINITY;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
process.on('exit', () => void current?.kill());

process.exitCode = await start(process.argv.slice(2).filter((word, at) => at > 0 || word !== '--'));

async function start(words: readonly string[]): Promise<number> {
  const hindrance = hindranceHere() ?? (await runApp(words));
  if (typeof hindrance === 'number') return hindrance;
  if (stop.isAsked) return stop.code;
  console.error(`AgenC Bar: ${hindrance.why}, so it runs in this terminal instead.`);
  const cli = join(project, 'out/cli.js');
  const engine = launch(
    process.execPath,
    ['--disable-sigusr1', cli, 'sync', ...words],
    ['ignore', 'inherit', 'inherit'],
  );
  return (await ending(engine)).code;
}

/** What the machine has against it, before anything is downloaded. */
function hindranceHere(): Hindrance | undefined {
  if (process.platform !== 'linux') return undefined;
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return { why: 'there is no display' };
  // There is a switch for that, --no-sandbox. Nobody should run a page that way without knowing it.
  if (process.getuid?.() === 0)
    return { why: "Electron's sandbox does not work for root; as another user it would" };
  return undefined;
}

/** @returns the app's exit code, or why it did not start */
async function runApp(words: readonly string[]): Promise<number | Hindrance> {
  const electron = await findElectron();
  if (typeof electron !== 'string') return electron;
  const app = launch(electron, [project, ...words], ['ignore', 'inherit', 'pipe']);
  const errors = holdErrors(app);
  let hasStarted = false;
  const timer = setTimeout(() => {
    hasStarted = true;
    errors.release();
  }, startLimitMs);
  const { code, error } = await ending(app);
  clearTimeout(timer);
  if (hasStarted || code === 0 || stop.isAsked) {
    errors.release();
    return code;
  }
  const reason = error ?? (lastWords(errors.text()) || `exit code ${code}`);
  return { why: `Electron does not start here (${reason})` };
}

/** The path of Electron's executable, downloaded if need be. */
async function findElectron(): Promise<string | Hindrance> {
  const executable =
    process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const path = join(override, executable);
    return existsSync(path) ? path : { why: 'ELECTRON_OVERRIDE_DIST_PATH holds no Electron' };
  }
  const home = electronPackage();
  if (home === undefined) return { why: 'the electron package is not installed' };
  const path = join(home, 'dist', executable);
  // Written last by the download: without it, what lies in dist/ may be a part only.
  const isComplete = (): boolean => existsSync(join(home, 'path.txt')) && existsSync(path);
  if (isComplete()) return path;

  console.log('Downloading Electron (once)…');
  const reason = await download(join(home, 'install.js'));
  return isComplete() ? path : { why: `Electron could not be downloaded (${reason})` };
}

/** Runs the electron package's own download. @returns why it failed, if it did */
async function download(script: string): Promise<string> {
  const child = launch(process.execPath, [script], ['ignore', 'ignore', 'pipe']);
  const errors = holdErrors(child);
  let isTooLate = false;
  const timer = setTimeout(() => {
    isTooLate = true;
    child.kill('SIGKILL');
  }, downloadLimitMs);
  const { code, error } = await ending(child);
  clearTimeout(timer);
  if (isTooLate) return `it took longer than ${downloadLimitMs / 60_000} minutes`;
  return error ?? (lastWords(errors.text()) || `exit code ${code}`);
}

function electronPackage(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return undefined;
  }
}

/** Of a program's complaints the one that says most: the first error's message, or the last line. */
function lastWords(errors: string): string {
  const lines = errors
    .split('\n')
    // Chromium: [4711:1124/113015.123456:ERROR:ui/ozone/x11.cc(240)] Missing X server or $DISPLAY
    .map((line) => line.replace(/^\[[^\]]*\] */, '').trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const error = lines.find((line) => /^\w*Error: |error while loading/.test(line));
  return (error ?? lines.at(-1) ?? '').replace(/^\w*Error: /, '').slice(0, 200);
}

/** Starts a program in a process group of its own, so that a Ctrl-C reaches it once, through us. */
function launch(program: string, words: readonly string[], stdio: StdioOptions): ChildProcess {
  // Terminals of other Electron apps have this set, and Electron would be a bare Node.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  current = spawn(program, words, { stdio, env, detached: true });
  return current;
}

/** Passes a signal on to what runs; with nothing to wait for it is the end. */
function pass(signal: NodeJS.Signals): void {
  const now = performance.now();
  if (now - lastSignalAt < sameSignalMs) return;
  lastSignalAt = now;
  stop.isAsked = true;
  stop.code = 128 + constants.signals[signal];
  if (current === undefined) process.exit(stop.code);
  current.kill(signal);
}

/** Waits for a child's end; signals reach it until then. */
async function ending(child: ChildProcess): Promise<Ending> {
  try {
    return await new Promise((resolve) => {
      child.on('error', (error) => resolve({ code: 1, error: error.message }));
      child.on('close', (code, signal) =>
        resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) }),
      );
    });
  } finally {
    current = undefined;
  }
}

/** Keeps what a child says on stderr until `release` lets it through, and all that follows. */
function holdErrors(child: ChildProcess): { readonly text: () => string; release: () => void } {
  let held: string[] | undefined = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (held === undefined) process.stderr.write(text);
    else held.push(text);
  });
  return {
    text: () => held?.join('') ?? '',
    release: () => {
      process.stderr.write(held?.join('') ?? '');
      held = undefined;
    },
  };
}
