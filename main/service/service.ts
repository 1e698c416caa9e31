import { basename } from 'node:path';
import type { Alerts } from '../sync/alerts.ts';
import { SECOND_SWEEP_MS } from '../sync/engine.ts';
import { acquireEngineLock, type EngineLock, type LockHolder } from '../sync/engineLock.ts';
import { watchSources } from '../sync/sourceWatch.ts';
import { makePrivateFolder } from '../system/atomicFile.ts';
import { surviveDefects } from '../system/defects.ts';
import { isoTime } from '../system/isoTime.ts';
import { removeLeftovers, TEMPORARY } from '../system/leftovers.ts';
import type { AgencPaths } from '../system/paths.ts';
import { ensurePrivateFolder } from '../system/socketPath.ts';
import { tellEach } from '../system/tellEach.ts';
import { tidyMemory } from '../system/tidyMemory.ts';
import { UserError } from '../system/userError.ts';
import { assemble, type Parts, reportSettings, type ServiceOptions } from './assemble.ts';
import type { CommandHandlers, EventMessage } from './contract/engine.ts';
import { createHandlers } from './handlers.ts';
import { createLiveSnapshots, type LiveSnapshots } from './live.ts';
import { eventMessage } from './messages.ts';
import { startControlServer } from './server.ts';
import { snapshotMessage } from './snapshot.ts';
import { whileStarting } from './starting.ts';
import { openSyncLog } from './syncLog.ts';

/** An engine that runs: it holds the lock, watches, answers on the control socket and keeps the sync log. */
export interface RunningService {
  readonly handlers: CommandHandlers;
  readonly ready: Extract<EventMessage, { event: 'ready' }>;
  readonly live: LiveSnapshots;
  /** Rejects when the engine may not go on: its lock was taken away. Then nothing is written any more. */
  readonly lost: Promise<never>;
  /** Whether a refresh is under way: then {@link dispose} waits for its answer, up to half a minute. */
  isRefreshing(): boolean;
  /** Writes every running mission back, then lets go of everything. */
  dispose(): Promise<void>;
  /** Lets go of everything and writes nothing: for an engine that lost its lock. */
  abandon(): Promise<void>;
}

/** Another process runs the engine on this AGENC_DIRPATH. */
export class EngineHeld extends UserError {
  /** `null`: its number means nothing here, or is not known. */
  readonly pid: number | null;
  /** In words, as part of a sentence. */
  readonly who: string;

  constructor(root: string, { pid, who }: LockHolder) {
    super(
      `An engine runs on ${root} already (${who}); "agenc-bar status" asks it. End that one first.`,
    );
    this.name = 'EngineHeld';
    this.pid = pid;
    this.who = who;
  }
}

/** How often we look whether the lock is still ours: for so long there may be two engines. */
const LOCK_CHECK_MS = 5_000;

/** What caused a defect is not known, so neither when it is over. */
const DEFECT_SHOWN_MS = 600_000;

type Listener = (event: EventMessage) => void;

/**
 * Starts the engine on an AGENC_DIRPATH.
 * @param listener is told every event from the very first one on
 * @throws EngineHeld if another engine runs there; UserError if the settings would lead it to another global entry
 */
export async function startService(
  options: ServiceOptions,
  listener: Listener,
): Promise<RunningService> {
  const { paths } = options;
  const lock = await acquireEngineLock(paths.engineLock, { socket: paths.engineSocket });
  if (lock.status === 'held') throw new EngineHeld(paths.root, lock);
  // Whatever was started is ended in the reverse order, also if something after it could not be started.
  const started = new AsyncDisposableStack();
  started.defer(() => lock.release());
  try {
    return await start(options, listener, lock, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function start(
  options: ServiceOptions,
  listener: Listener,
  { isOurs, afterCrash, weakness }: Extract<EngineLock, { status: 'acquired' }>,
  started: AsyncDisposableStack,
): Promise<RunningService> {
  const { paths } = options;
  ensurePrivateFolder(paths.bar);
  // Whatever the umask: what lies below is this user's alone.
  await makePrivateFolder(paths.missions);
  started.defer(tidyMemory());
  sweepOwn(paths);
  // What a killed engine left just now is too young to be told from something in use; soon it is not.
  const sweepAgain = setTimeout(() => sweepOwn(paths), SECOND_SWEEP_MS);
  sweepAgain.unref();
  started.defer(() => clearTimeout(sweepAgain));
  const log = openSyncLog(paths.syncLog, (error) => {
    const message =
      error &&
      `The sync log cannot be written: ${error.message}. Mend that, or free some space; what happens meanwhile is written then.`;
    parts.alerts.setOwn('log', 'log', message);
  });
  const listeners = new Set<Listener>([listener]);
  const publish = (message: EventMessage): void => {
    tellEach([log.append, ...listeners, live.changed], message);
  };
  started.defer(async () => {
    publish({ event: 'stopped', at: isoTime(Date.now()) });
    await log.close();
  });

  const live = createLiveSnapshots(() =>
    snapshotMessage(parts, parts.engine.lastKnown(), process.pid),
  );
  // What is found while the parts are put together is told already.
  const parts = assemble(options, (event) => publish(eventMessage(event)), live.changed);
  started.defer(() => live.dispose());
  const { alerts, engine, journal, broadcast, broadcastListener, refreshLocks } = parts;
  const { registry, runs, refresher } = parts;
  // Before whatever may have a defect, and so ended after all of that.
  started.defer(keepGoing(alerts));
  // Before anything that takes time: clients wait for locks that a killed engine left.
  refreshLocks.sweep();
  started.defer(() => refreshLocks.dispose());
  refuseOtherGlobal(parts);
  reportSettings(alerts, parts.settingsProblems);
  alerts.setOwn('lock', 'lock', weakness);
  tellDamage(parts);
  // Before the first look, which may take long while others write: clients are answered, and wait here.
  const looked = Promise.withResolvers<void>();
  // If it fails, perhaps nobody was waiting: no defect.
  looked.promise.catch(() => undefined);
  const handlers = whileStarting(createHandlers(parts, process.pid), looked.promise, parts);
  const server = await startControlServer(paths.engineSocket, handlers, {
    '/events': {
      slow: 'each',
      subscribe(tell) {
        listeners.add(tell);
        return () => listeners.delete(tell);
      },
    },
    '/snapshots': { slow: 'latest', subscribe: live.subscribe },
  });
  const closeServer = once(() => server.close());
  started.defer(closeServer);
  started.defer(() => looked.reject(new Error('it could not start')));
  started.defer(() => journal.dispose());
  // Begun before the first look: in a storm its many small steps would each wait behind a batch of writes.
  const sources = watchSources([
    { path: paths.attached, onChange: engine.lookAtMissions },
    { path: paths.broadcast, onChange: broadcastListener.look },
    { path: paths.settings, onChange: parts.reloadSettings },
  ]);
  started.defer(sources.dispose);
  await journal.ready();
  await broadcast.ensure();
  let isAbandoned = false;
  started.defer(() => engine.dispose(isAbandoned ? 'abandon' : 'write-back'));
  await engine.start(afterCrash);
  started.defer(() => runs.dispose());
  for (const { mission, state } of registry.all()) if (state === 'running') runs.started(mission);
  started.defer(() => refresher.dispose(isAbandoned ? 'abandon' : 'finish'));
  await refresher.start();

  started.defer(() => broadcastListener.dispose());
  await sources.ready;
  // Again: from here on it ends before what it tells.
  started.defer(sources.dispose);
  sources.begin();

  // From here on it ends first: what still came would be asked of an engine that has let go.
  started.defer(closeServer);
  const lost = Promise.withResolvers<never>();
  // Whoever does not wait for it need not handle it.
  lost.promise.catch(() => undefined);
  const guard = setInterval(() => {
    if (isOurs()) return;
    clearInterval(guard);
    const message = `${paths.engineLock} was taken away: this engine stops, once a refresh that is under way is answered. The answer is kept for the next engine.`;
    alerts.setOwn('lock', 'lock', message);
    lost.reject(new UserError(message));
  }, LOCK_CHECK_MS);
  guard.unref();
  started.defer(() => clearInterval(guard));

  const ready = readyMessage(parts);
  looked.resolve();
  publish(ready);
  return {
    handlers,
    ready,
    live,
    lost: lost.promise,
    isRefreshing: refresher.isRefreshing,
    dispose: () => started.disposeAsync(),
    async abandon() {
      isAbandoned = true;
      // The server answers until then: the next engine starts once nobody does, and takes our refresh locks for left behind.
      await refresher.dispose('abandon');
      await started.disposeAsync();
    },
  };
}

/** Files of ours that cannot be used: told for as long as this engine runs. */
function tellDamage({ alerts, lineage, destinations }: Parts): void {
  const tell = (id: string, damage: string | null, then: string): void =>
    alerts.setOwn(id, 'damaged', damage && `${damage} It is put aside, and ${then}.`);
  tell('lineage', lineage.damage(), 'missions meet the global entry afresh');
  tell(
    'destinations',
    destinations.damage(),
    'where each sign-in may be sent is taken from the global entry, then from the missions: look whether the addresses in there are right',
  );
}

function once<T>(work: () => T): () => T {
  let done: { readonly result: T } | null = null;
  return () => {
    done ??= { result: work() };
    return done.result;
  };
}

/** A defect that nobody caught is told for a while, and the engine goes on. @returns its own end */
function keepGoing(alerts: Alerts): () => void {
  let quiet: NodeJS.Timeout | undefined;
  const end = surviveDefects((what) => {
    const message = `Something went wrong inside (${what}). Everything goes on, and nothing was lost; please report this.`;
    alerts.setOwn('internal', 'defect', message);
    clearTimeout(quiet);
    quiet = setTimeout(() => alerts.setOwn('internal', 'defect', null), DEFECT_SHOWN_MS);
    quiet.unref();
  });
  return () => {
    clearTimeout(quiet);
    end();
  };
}

/**
 * Runs commands without an engine.
 * @param exclusively whether the work changes something, and so must be the only one on this AGENC_DIRPATH
 */
export async function withoutEngine<T>(
  options: ServiceOptions,
  exclusively: boolean,
  work: (handlers: CommandHandlers, parts: Parts) => Promise<T>,
): Promise<T> {
  const { root, engineLock, engineSocket } = options.paths;
  const lock = exclusively ? await acquireEngineLock(engineLock, { socket: engineSocket }) : null;
  if (lock?.status === 'held') throw new EngineHeld(root, lock);
  try {
    const parts = assemble(options, () => undefined);
    parts.registry.rescan();
    reportSettings(parts.alerts, parts.settingsProblems);
    try {
      return await work(createHandlers(parts, null), parts);
    } finally {
      await parts.engine.dispose();
      await parts.journal.dispose();
    }
  } finally {
    // What a killed engine left half done is the next engine's to mend: it has to hear of it.
    lock?.release(lock.afterCrash ? 'leave' : 'remove');
  }
}

/** Files that an engine killed in the middle of a write left behind. */
function sweepOwn(paths: AgencPaths): void {
  const broadcast = basename(paths.broadcast);
  removeLeftovers(paths.root, (name) => name.startsWith(broadcast) && TEMPORARY.test(name));
  removeLeftovers(paths.bar, (name) => TEMPORARY.test(name) || /\.lock\.[0-9a-f]{8}$/.test(name));
  for (const folder of [paths.journal, paths.refresh])
    removeLeftovers(folder, (name) => TEMPORARY.test(name));
}

/** With a damaged settings file we may not know which global entry is meant: better not to start than to mix two. */
function refuseOtherGlobal({ store, global, lineage, settingsProblems: [problem] }: Parts): void {
  const before = lineage.globalPlace();
  if (problem === undefined || before === null) return;
  if (before === `${store.kind}:${store.describe(global)}`) return;
  throw new UserError(
    `${problem} It was ${before} that was kept in step before; nothing is synced until the file is mended.`,
  );
}

function readyMessage({ paths, store, registry }: Parts): RunningService['ready'] {
  const missions = registry.all();
  return {
    event: 'ready',
    at: isoTime(Date.now()),
    pid: process.pid,
    store: store.kind,
    agencDir: paths.root,
    missions: missions.length,
    running: missions.filter(({ state }) => state !== 'stopped').length,
  };
}
