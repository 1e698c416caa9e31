import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WrappedMission } from '../../main/wrapper/childCommand.ts';
import type { WrapperLimits, WrapperMode } from '../../main/wrapper/options.ts';
import { until } from '../support/until.ts';

const PROCESS = fileURLToPath(new URL('wrapperProcess.ts', import.meta.url));
const FAKE_CLAUDE = fileURLToPath(new URL('fakeClaude.mjs', import.meta.url));

/** What crosses to the wrapper's process. */
export interface WrapOptions {
  readonly mission: WrappedMission;
  readonly claude: string;
  readonly mode: WrapperMode;
  readonly resume: boolean;
  readonly tokenPath: string;
  readonly limits: Partial<WrapperLimits>;
  readonly approvedSecrets?: string;
  readonly cloneMs?: number;
  readonly fail?: 'clone' | 'writeBack';
}

export type StartOptions = Partial<WrapOptions> & {
  /** What the fake Claude does, see there. */
  readonly claudeDoes?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In a terminal. */
  readonly pty?: boolean;
};

/** A line of the trace that the fake Claude and the wrapper's credentials leave. */
export type Trace = Readonly<Record<string, unknown>> & { readonly what: string };

export interface Wrapper {
  /** Of the wrapper itself, also where `script` runs it. */
  pid(): number;
  /** All that was printed. */
  output(): string;
  type(keys: string): void;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
}

/** One mission in a folder of its own, with a fake Claude, and the wrappers that run it. */
export interface Scene {
  readonly root: string;
  readonly mission: WrappedMission;
  readonly tokenPath: string;
  /** A folder with a program `claude`; it may take others. */
  readonly bin: string;
  start(options?: StartOptions): Wrapper;
  trace(): Trace[];
  /** The traces of one kind, once there are so many. */
  traced(what: string, count?: number): Promise<Trace[]>;
  program(name: string, script: string): string;
  /** A file of the mission's folder, or `null`. */
  file(name: string): string | null;
  end(): Promise<void>;
}

export function createScene(name = 'a-mission'): Scene {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-wrapper-'));
  const folder = join(root, 'missions', name);
  const mission: WrappedMission = {
    id: name,
    name: 'fix login',
    folder,
    configDir: join(folder, 'claude-config'),
    workDir: join(folder, 'agent'),
  };
  const bin = join(root, 'bin');
  const tracePath = join(root, 'trace');
  const tokenPath = join(root, 'cache', 'oauth-token');
  for (const path of [mission.configDir, mission.workDir, bin, join(root, 'cache')])
    mkdirSync(path, { recursive: true });
  const wrappers: Wrapper[] = [];

  function program(name: string, script: string): string {
    const path = join(bin, name);
    writeFileSync(path, script, { mode: 0o755 });
    return path;
  }

  const claude = program('claude', `#!/bin/sh\nexec '${process.execPath}' '${FAKE_CLAUDE}' "$@"\n`);

  function trace(): Trace[] {
    if (!existsSync(tracePath)) return [];
    const lines = readFileSync(tracePath, 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Trace);
  }

  const file = (name: string) => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };

  return {
    root,
    mission,
    tokenPath,
    bin,
    trace,
    program,
    file,

    start({ claudeDoes = 'wait', env = {}, pty = false, ...rest } = {}) {
      const options: WrapOptions = {
        mission,
        claude,
        mode: { kind: 'interactive' },
        resume: false,
        tokenPath,
        limits: { graceMs: 10_000 },
        ...rest,
      };
      const [command, args] = pty
        ? ['script', ['-qec', `exec '${process.execPath}' '${PROCESS}'`, '/dev/null']]
        : [process.execPath, [PROCESS]];
      const child = spawn(command, args, {
        env: {
          PATH: process.env.PATH ?? '',
          HOME: process.env.HOME ?? '',
          TERM: 'xterm',
          WRAP: JSON.stringify(options),
          FAKE_CLAUDE: claudeDoes,
          FAKE_TRACE: tracePath,
          ...env,
        },
        stdio: 'pipe',
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          output += String(chunk);
        });
      child.stdin.on('error', () => undefined);
      const wrapper: Wrapper = {
        pid: () => Number(file('pid')),
        output: () => output,
        type: (keys) => child.stdin.write(keys),
        process: child,
        exited: once(child, 'close').then(([code]) => code as number | null),
      };
      wrappers.push(wrapper);
      return wrapper;
    },

    async traced(what, count = 1) {
      const found = () => trace().filter((one) => one.what === what);
      await until(
        () =>
          `${count} × ${what} (there is ${JSON.stringify(trace())}; ${wrappers.map((one) => one.output()).join()})`,
        () => found().length >= count,
      );
      return found();
    },

    async end() {
      for (const { process: child } of wrappers) if (child.exitCode === null) child.kill('SIGKILL');
      for (const { claudePid } of trace()) killIfThere(claudePid);
      await Promise.all(wrappers.map(({ exited }) => exited));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: unknown): void {
  try {
    if (typeof pid === 'number') process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, as it should be.
  }
}
