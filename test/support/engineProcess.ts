import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type EventMessage, eventSchema } from '../../main/service/contract/engine.ts';
import { PATIENCE_MS } from './until.ts';

/** The built command, as users run it (`npm test` builds it first). */
export const CLI = fileURLToPath(new URL('../../out/cli.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Runs as this user; only root can. */
  readonly uid?: number | undefined;
  /** Resolves once the engine has nothing left to do. */
  readonly settled: () => Promise<unknown>;
}

/** An engine that runs in a process of its own: `agenc-bar sync --json`. */
export interface EngineProcess {
  readonly pid: number;
  /** All events so far, checked against the contract. */
  readonly events: readonly EventMessage[];
  /** The first event of a kind that fits, among those after `after`, or the next one to come. */
  waitFor<K extends EventMessage['event']>(
    kind: K,
    fits?: (event: Extract<EventMessage, { event: K }>) => boolean,
    after?: number,
  ): Promise<Extract<EventMessage, { event: K }>>;
  /** All that it printed, on stdout and stderr. */
  output(): string;
  stderr(): string;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /**
   * Holds it still (SIGSTOP), so that several things happen "at the same moment" for it. Before, it has
   * answered: it is not in the middle of a write, where it would hold a lock of those who come now.
   */
  pause(): Promise<void>;
  goOn(): void;
  readonly exited: Promise<Exit>;
  readonly alive: () => boolean;
}

/** Starts the process; resolves at once. `waitFor('ready')` tells when it is in step. */
export function spawnEngine(options: SpawnOptions): EngineProcess {
  const child: ChildProcess = spawn(process.execPath, [CLI, 'sync', '--json'], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null)
    throw new Error('the engine could not be spawned');
  const events: EventMessage[] = [];
  const listeners = new Set<() => void>();
  let printed = '';
  let complaints = '';
  let ended: Exit | null = null;

  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  createInterface({ input: stdout }).on('line', (line) => {
    printed += `${line}\n`;
    events.push(eventSchema.parse(JSON.parse(line)));
    tell();
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = { code, signal };
      resolve(ended);
      tell();
    });
  });

  return {
    pid,
    events,
    exited,
    alive: () => ended === null,
    output: () => printed + complaints,
    stderr: () => complaints,

    waitFor(kind, fits = () => true, after = 0) {
      type Wanted = Extract<EventMessage, { event: typeof kind }>;
      const find = (): Wanted | undefined =>
        events.slice(after).find((one): one is Wanted => one.event === kind && fits(one as Wanted));
      return new Promise<Wanted>((resolve, reject) => {
        const fail = (why: string): void => {
          finish();
          const seen = events.map((event) => JSON.stringify(event)).join('\n');
          reject(
            new Error(`Expected a "${kind}" event, but ${why}. Seen:\n${seen}\n${complaints}`),
          );
        };
        const timer = setTimeout(() => fail(`none came in ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
        const look = (): void => {
          const found = find();
          if (found !== undefined) {
            finish();
            resolve(found);
          } else if (ended !== null) fail(`the engine ended (${ended.signal ?? ended.code})`);
        };
        const finish = (): void => {
          clearTimeout(timer);
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      });
    },

    async kill(signal) {
      if (ended === null) {
        process.kill(pid, signal);
        // A process that is held still takes no signal but this one.
        if (signal !== 'SIGKILL') process.kill(pid, 'SIGCONT');
      }
      const patience = AbortSignal.timeout(PATIENCE_MS);
      const tooLate = once(patience, 'abort').then(() => {
        throw new Error(`Expected the engine to end on ${signal}; it still runs. ${printed}`);
      });
      return Promise.race([exited, tooLate]);
    },
    async pause() {
      await options.settled();
      process.kill(pid, 'SIGSTOP');
    },
    goOn: () => void process.kill(pid, 'SIGCONT'),
  };
}
