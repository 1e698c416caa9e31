import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createJournal, type Journal } from '../../main/journal/journal.ts';
import { createJournalKeys } from '../../main/journal/journalKey.ts';
import { callEngine } from '../../main/service/client.ts';
import { type AlertAnswer, causeOf } from '../../main/service/contract/answers.ts';
import type {
  CommandName,
  CommandParams,
  CommandResult,
  Snapshot,
} from '../../main/service/contract/engine.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { type AgencPaths, agencPaths } from '../../main/system/paths.ts';
import { endProcess, startSleeper } from './childProcess.ts';
import { entryFile, serverIn } from './clientWrites.ts';
import { CLI, type EngineProcess, spawnEngine } from './engineProcess.ts';
import { type FakeServer, MARK } from './fake.ts';
import { until } from './until.ts';

export interface MissionOptions {
  /** Its `pid` file names this test's process. Default: true. */
  readonly running?: boolean;
  /** The text of its entry. */
  readonly entry?: string;
}

export interface EngineOptions {
  /** Beside the world's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The user it runs as. */
  readonly uid?: number;
}

/** What a command of `agenc-bar` did. */
export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON. */
  readonly json: unknown;
}

/** A process that stands in for the wrapper of a mission. */
export interface Wrapper {
  readonly pid: number;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/** A temporary AGENC_DIRPATH and HOME, and what lives there. */
export interface World {
  readonly root: string;
  readonly paths: AgencPaths;
  readonly global: EntryRef;
  readonly env: Readonly<Record<string, string>> & { readonly HOME: string };
  ref(id: string): EntryRef;
  addMission(id: string, options?: MissionOptions): EntryRef;
  addMissions<const Ids extends readonly string[]>(...ids: Ids): { [K in keyof Ids]: EntryRef };
  /** Writes the mission's `pid` file. @param pid default: the process that runs this test's, which outlives it; its own may be the engine's */
  setRunning(id: string, pid?: number): void;
  setStopped(id: string): void;
  startWrapper(): Promise<Wrapper>;
  writeSettings(settings: object | string): void;
  /** Starts the engine and waits until it is ready. */
  startEngine(options?: EngineOptions): Promise<EngineProcess>;
  /** Starts the engine. */
  spawnEngine(options?: EngineOptions): EngineProcess;
  /** Ends all engines of this world, ready or not, with SIGKILL. */
  killAll(): Promise<void>;
  /** Asks the running engine over its control socket. */
  ask<C extends CommandName>(name: C, params: CommandParams<C>): Promise<CommandResult<C>>;
  status(): Promise<Snapshot>;
  mission(id: string): Promise<Snapshot['missions'][number]>;
  /** Waits until an alert is open. @param id a text: its cause, so that of a wipe's or a tampering's the digest may follow */
  untilAlert(id: string | RegExp): Promise<Snapshot['alerts'][number]>;
  untilNoAlert(cause?: string): Promise<void>;
  /** Answers the open alert of a cause. */
  answer(cause: string, answer: AlertAnswer): Promise<void>;
  /** Waits until entries hold just this value of a server. Default: the global one and all missions. */
  untilHeld(server: FakeServer, places?: readonly EntryRef[]): Promise<void>;
  /** Waits until entries do not hold a server any more. */
  untilGone(name: string, places?: readonly EntryRef[]): Promise<void>;
  /** Runs `agenc-bar` with arguments, from a process of its own. */
  run(
    args: readonly string[],
    env?: Record<string, string>,
    user?: { readonly uid?: number },
  ): Promise<CommandRun>;
  /** The journal, with the means to read its values. */
  journal(): Journal;
  /** Everything under the world that is a temporary file or lock of ours or of the client's. */
  leftovers(): string[];
  /**
   * Hands the world over to a user whom file modes bind, for an engine that runs as that user.
   * @returns that user's id; nothing where the tests themselves run as such a user
   */
  giveToNobody(): { readonly uid?: number };
  /** Ends every process, removes every folder, and looks for secrets where none may be. */
  cleanup(): Promise<void>;
}

const NOBODY = 65_534;

/** Why no engine can be run that file modes bind; `null` if it can. */
export function whyNoOtherUser(): string | null {
  if (process.getuid === undefined) return 'this system has no users as Unix has them';
  if (process.getuid() !== 0) return null;
  const options = { uid: NOBODY, gid: NOBODY, env: {}, stdio: 'ignore' } as const;
  const { status } = spawnSync(process.execPath, [CLI, '--help'], options);
  return status === 0 ? null : `root is bound by no mode, and "nobody" cannot run ${CLI}`;
}

/** Makes a world; `cleanup` must be called when the test is done. */
export function makeWorld(): World {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-engine-'));
  const paths = agencPaths(join(root, 'agenc'));
  const home = join(root, 'home');
  const global: EntryRef = { scope: 'global', configDir: join(home, '.claude') };
  mkdirSync(paths.missions, { recursive: true });
  mkdirSync(global.configDir, { recursive: true });
  mkdirSync(join(root, 'tmp'));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    USERPROFILE: home,
    // An AGENC_DIRPATH too long for a socket has it lie here.
    TMPDIR: join(root, 'tmp'),
    AGENC_DIRPATH: paths.root,
    AGENC_BAR_JOURNAL_KEY: 'file',
  };
  const ids = new Set<string>();
  const engines: EngineProcess[] = [];
  const ready: EngineProcess[] = [];
  const wrappers: ChildProcess[] = [];
  const outputs: string[] = [];

  const ref = (id: string): EntryRef => ({
    scope: 'mission',
    configDir: join(paths.missions, id, 'claude-config'),
  });
  const pidFile = (id: string): string => join(paths.missions, id, 'pid');
  const everywhere = (): EntryRef[] => [global, ...[...ids].map(ref)];
  const nameOf = (place: EntryRef): string =>
    place.scope === 'global' ? 'the global entry' : place.configDir.slice(paths.root.length + 1);
  const ask: World['ask'] = (name, params) => callEngine(paths.engineSocket, name, params);

  /** What a failure shows of the engine: its last words. */
  function lastWords(): string {
    const engine = engines.at(-1);
    if (engine === undefined) return 'No engine was started.';
    const events = engine.events.slice(-12).map((event) => JSON.stringify(event));
    const state = engine.alive() ? 'runs' : 'has ended';
    return `The engine ${state}; its last events:\n${events.join('\n')}\n${engine.stderr()}`;
  }

  function setRunning(id: string, pid = process.ppid): void {
    writeFileSync(pidFile(id), `${pid}\n`);
  }

  function addMission(id: string, { running = true, entry }: MissionOptions = {}): EntryRef {
    mkdirSync(join(paths.missions, id, 'agent'), { recursive: true });
    mkdirSync(ref(id).configDir, { recursive: true });
    if (entry !== undefined) writeFileSync(entryFile(ref(id)), entry, { mode: 0o600 });
    if (running) setRunning(id);
    ids.add(id);
    return ref(id);
  }

  function launch(options: EngineOptions = {}): EngineProcess {
    const engine = spawnEngine({
      env: { ...env, ...options.env },
      uid: options.uid,
      settled: () => ask('status', {}),
    });
    engines.push(engine);
    return engine;
  }

  async function killAll(): Promise<void> {
    for (const engine of engines) await engine.kill('SIGKILL');
  }

  async function untilHeld(server: FakeServer, places = everywhere()): Promise<void> {
    const lacks = (place: EntryRef): boolean =>
      !isDeepStrictEqual(serverIn(place, server.serverName), server);
    await until(
      () =>
        `"${server.serverName}" as signed in, in ${places.filter(lacks).map(nameOf).join(', ')}. ${lastWords()}`,
      () => !places.some(lacks),
    );
  }

  async function untilGone(name: string, places = everywhere()): Promise<void> {
    const holds = (place: EntryRef): boolean => serverIn(place, name) !== undefined;
    await until(
      () =>
        `"${name}" logged out, in ${places.filter(holds).map(nameOf).join(', ')}. ${lastWords()}`,
      () => !places.some(holds),
    );
  }

  function files(folder: string): string[] {
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    );
  }

  /** No secret is ever in logs, events, error messages, lineage, the broadcast file. */
  function secretsInTheOpen(): string[] {
    const found = files(paths.bar).filter((path) => {
      try {
        // A test may have put a pipe there, which would be waited for.
        return lstatSync(path).isFile() && readFileSync(path, 'latin1').includes(MARK);
      } catch {
        return false; // A folder, or a socket.
      }
    });
    if (existsSync(paths.broadcast) && readFileSync(paths.broadcast, 'latin1').includes(MARK))
      found.push(paths.broadcast);
    const printed = [...outputs, ...engines.map((engine) => engine.output())];
    return printed.some((text) => text.includes(MARK)) ? [...found, 'what was printed'] : found;
  }

  return {
    root,
    paths,
    global,
    env,
    ref,
    ask,

    addMission,
    addMissions<const Ids extends readonly string[]>(...names: Ids) {
      return names.map((id) => addMission(id)) as { [K in keyof Ids]: EntryRef };
    },
    setRunning,
    setStopped: (id) => rmSync(pidFile(id), { force: true }),

    async startWrapper() {
      const child = await startSleeper();
      wrappers.push(child);
      return { pid: child.pid, kill: () => endProcess(child) };
    },

    writeSettings(settings) {
      mkdirSync(paths.bar, { recursive: true, mode: 0o700 });
      const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
      writeFileSync(paths.settings, text);
    },

    spawnEngine: launch,
    async startEngine(options) {
      const engine = launch(options);
      await engine.waitFor('ready');
      ready.push(engine);
      return engine;
    },

    killAll,
    status: () => ask('status', {}),
    async mission(id) {
      const found = (await ask('status', {})).missions.find((mission) => mission.id === id);
      if (found === undefined) throw new Error(`the snapshot has no mission "${id}"`);
      return found;
    },

    async untilAlert(id) {
      let found: Snapshot['alerts'][number] | undefined;
      await until(
        () => `an open alert "${id}". ${lastWords()}`,
        async () => {
          const { alerts } = await ask('status', {});
          found = alerts.find((alert) =>
            typeof id === 'string' ? causeOf(alert.id) === id : id.test(alert.id),
          );
          return found !== undefined;
        },
      );
      if (found === undefined) throw new Error('unreachable');
      return found;
    },
    async untilNoAlert(cause) {
      let open: string[] = [];
      await until(
        () => `no open alert, but there are: ${open.join(', ')}. ${lastWords()}`,
        async () => {
          open = (await ask('status', {})).alerts.map((alert) => alert.id);
          return cause === undefined
            ? open.length === 0
            : open.every((id) => causeOf(id) !== cause);
        },
      );
    },
    async answer(cause, answer) {
      const { alerts } = await ask('status', {});
      const { id: alertId = cause } = alerts.find(({ id }) => causeOf(id) === cause) ?? {};
      await ask('resolve', { alertId, answer });
    },
    untilHeld,
    untilGone,

    async run(args, extra = {}, { uid } = {}) {
      const result = await new Promise<CommandRun>((resolve) => {
        const options = {
          env: { ...env, ...extra },
          encoding: 'utf8' as const,
          cwd: '/',
          ...(uid !== undefined && { uid, gid: uid }),
        };
        const child = execFile(process.execPath, [CLI, ...args], options, (_, stdout, stderr) => {
          const parse = (): unknown => JSON.parse(stdout);
          resolve({
            code: child.exitCode ?? -1,
            stdout,
            stderr,
            get json() {
              return parse();
            },
          });
        });
      });
      outputs.push(result.stdout, result.stderr);
      return result;
    },

    journal: () =>
      createJournal({
        dir: paths.journal,
        keys: createJournalKeys({ dir: paths.journal, mode: 'file' }),
        now: Date.now,
      }),

    leftovers: () =>
      files(root).filter(
        (path) =>
          /\.tmp\.[0-9a-f]{8}$|\.lock$|engine\.lock\.[0-9a-f]+$/.test(path) &&
          path !== paths.engineLock,
      ),

    giveToNobody() {
      if (process.getuid?.() !== 0) return {};
      for (const path of [root, ...files(root)]) chownSync(path, NOBODY, NOBODY);
      return { uid: NOBODY };
    },

    async cleanup() {
      await killAll();
      for (const child of wrappers) await endProcess(child);
      const secrets = secretsInTheOpen();
      const complaints = ready.map((engine) => engine.stderr()).join('');
      rmSync(root, { recursive: true, force: true, maxRetries: 3 });
      if (secrets.length > 0) throw new Error(`A secret lies open in ${secrets.join(', ')}`);
      if (complaints !== '') throw new Error(`The engine printed on stderr: ${complaints}`);
    },
  };
}
