import { basename, dirname } from 'node:path';
import { type BroadcastFile, createBroadcastFile } from '../broadcast/broadcastFile.ts';
import { type BroadcastListener, createBroadcastListener } from '../broadcast/broadcastListener.ts';
import { createDigester } from '../credentials/digest.ts';
import { SERVER_MAP } from '../credentials/entry.ts';
import { fieldId } from '../credentials/fields.ts';
import { createJournal, type Journal } from '../journal/journal.ts';
import { createJournalKeys, type KeyProvider } from '../journal/journalKey.ts';
import { type AttachedMissions, createAttachedMissions } from '../missions/attached.ts';
import { CONFIG_FOLDER } from '../missions/mission.ts';
import { openMissionNotes } from '../missions/missionNote.ts';
import { hasOauthToken } from '../missions/oauthToken.ts';
import { createMissionRegistry, type MissionRegistry } from '../missions/registry.ts';
import { createRefresher, type Refresher } from '../refresh/refresher.ts';
import { createRefreshFence } from '../refresh/refreshFence.ts';
import { createRefreshLocks, type RefreshLocks } from '../refresh/refreshLocks.ts';
import { createStore, storeKind } from '../stores/chooseStore.ts';
import { createMissionItems } from '../stores/security/missionItems.ts';
import type { CredentialStore, EntryRef } from '../stores/store.ts';
import { type Alerts, createAlerts } from '../sync/alerts.ts';
import { createEngine, type Engine } from '../sync/engine.ts';
import type { Emit, EngineEvent } from '../sync/events.ts';
import { type LineageStore, openLineage } from '../sync/lineage.ts';
import { createReconciler } from '../sync/reconciler.ts';
import { createReplacements } from '../sync/replacements.ts';
import { createFloodAlert } from '../sync/stormAlert.ts';
import { createWatchAlert } from '../sync/watchAlert.ts';
import { systemClock } from '../system/clock.ts';
import type { AgencPaths } from '../system/paths.ts';
import { createPathWatcher } from '../system/pathWatcher.ts';
import { tellEach } from '../system/tellEach.ts';
import { type DestinationBook, openDestinationBook } from '../trust/destinationBook.ts';
import { keptValue } from './keptValue.ts';
import { createLeftovers, type Leftovers } from './leftovers.ts';
import { createRuns, type Runs } from './runs.ts';
import { loadSettings, type Settings } from './settings.ts';

/** As people see them in the log. */
const FINGERPRINT_DIGITS = 8;

export interface ServiceOptions {
  readonly paths: AgencPaths;
  readonly env?: NodeJS.ProcessEnv;
}

/** The parts that work on one AGENC_DIRPATH, put together but not running. */
export interface Parts {
  readonly paths: AgencPaths;
  readonly settings: Settings;
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly registry: MissionRegistry;
  readonly attached: AttachedMissions;
  readonly alerts: Alerts;
  readonly journal: Journal;
  readonly journalKeys: KeyProvider;
  readonly engine: Engine;
  readonly lineage: LineageStore;
  readonly destinations: DestinationBook;
  readonly broadcast: BroadcastFile;
  readonly broadcastListener: BroadcastListener;
  readonly runs: Runs;
  readonly leftovers: Leftovers;
  readonly refreshLocks: RefreshLocks;
  readonly refresher: Refresher;
  /** What in the settings file could not be used. */
  readonly settingsProblems: readonly string[];
  /** Takes in the settings that may change while running; says which need a new start. */
  readonly reloadSettings: () => void;
}

/** Puts the parts together. Reads the settings and the lineage, touches nothing else. */
export function assemble(
  options: ServiceOptions,
  onEvent: (event: EngineEvent) => void,
  onProgress: () => void = () => undefined,
): Parts {
  const { paths } = options;
  const loaded = loadSettings(paths.settings, options.env);
  let { settings } = loaded;
  const clock = systemClock;
  const store = createStore(storeKind(settings.store), settings.globalConfigDir, paths.missions);
  const global: EntryRef = { scope: 'global', configDir: settings.globalConfigDir };
  const attached = createAttachedMissions(paths.attached, {
    global: settings.globalConfigDir,
    missions: paths.missions,
  });
  const lineage = openLineage(paths.lineage);
  const noteOf = openMissionNotes(paths.missionNotes);
  const registry = createMissionRegistry(
    paths,
    attached,
    (id) => lineage.knows(id) || noteOf(id) !== null,
  );
  const alerts = createAlerts(onEvent, clock);
  const mode = options.env?.AGENC_BAR_JOURNAL_KEY === 'file' ? 'file' : 'auto';
  const runs = createRuns(clock, onProgress, (id, why) => {
    const message = `What answers for the wrapper of mission "${id}" is none of ours (${why}); how that mission runs is not known. Look at what runs in it.`;
    const alert = { kind: 'hostile', missionId: id, message, servers: [] } as const;
    alerts.set(`wrapper-${id}`, why === null ? null : alert);
  });
  const journalKeys = createJournalKeys({ dir: paths.journal, mode });
  const journal = createJournal({ dir: paths.journal, keys: journalKeys, ...clock });
  const broadcast = createBroadcastFile(paths.broadcast, clock.now);
  const destinations = openDestinationBook(paths.destinations);
  const replacements = createReplacements(alerts);
  const watcher = createPathWatcher(
    createWatchAlert(alerts, () => settings.pollIntervalMs),
    { root: paths.missions, onFlood: createFloodAlert(alerts, registry) },
  );
  const broadcastListener = createBroadcastListener({
    file: broadcast,
    clock,
    debounceMs: () => settings.debounceMs,
    onBroadcast: () => engine.lookAtAll(),
    onBad: (message) => alerts.setOwn('broadcast', 'broadcast', message),
  });
  const refreshLocks = createRefreshLocks({
    listPath: paths.refreshLocks,
    clock,
    missionsFolder: paths.missions,
    isCredentialDir: (folder) =>
      folder === global.configDir ||
      (basename(folder) === CONFIG_FOLDER && dirname(dirname(folder)) === paths.missions) ||
      isAttached(folder),
  });
  const fence = createRefreshFence({
    locks: refreshLocks,
    clock,
    isEnabled: () => settings.refreshFence,
    view: () => engine.refreshView,
    tell(story) {
      const event = { event: 'refresh', at: clock.now(), ...story } as const;
      noteRefusal(event);
      onEvent(event);
    },
    onHostile(missionId, what) {
      const message = `Mission ${missionId} ${what}. No Claude does that: its lock keeps nobody waiting any more, but see what runs in it.`;
      alerts.set(
        `refresh-lock:${missionId}`,
        what === null ? null : { kind: 'hostile', missionId, message, servers: [] },
      );
    },
  });
  const emit: Emit = (event) => {
    const note = (): void => {
      if (event.event === 'mission') noteRun(event);
    };
    tellEach([fence.onEvent, note, refresher.onEvent, onEvent], event);
  };
  const reconciler = createReconciler({
    store,
    global,
    lineage,
    destinations,
    journal,
    clock,
    emit,
    missionsFolder: paths.missions,
    broadcast: {
      ...broadcast,
      async announce() {
        const timestamp = await broadcast.announce();
        broadcastListener.own(timestamp);
        return timestamp;
      },
    },
    carryLogin: () => ({
      always: settings.syncClaudeLogin,
      atClone: !hasOauthToken(paths.oauthToken),
    }),
    sharedConfigDirs: () =>
      registry.all().flatMap(({ shared, mission }) => (shared ? [mission.configDir] : [])),
  });
  const engine = createEngine({
    missionsFolder: paths.missions,
    store,
    global,
    reconciler,
    registry,
    lineage,
    destinations,
    replacements,
    keptValue: (field, digest) => keptValue(journal, field, digest),
    watcher,
    alerts,
    clock,
    emit,
    pollIntervalMs: () => settings.pollIntervalMs,
    fence,
    onProgress() {
      onProgress();
      refresher.look();
    },
    onPoll() {
      reloadSettings();
      broadcastListener.look();
    },
    onJump: () => refresher.onJump(),
  });
  const digester = createDigester();
  const refresher = createRefresher({
    store,
    global,
    locks: refreshLocks,
    disregards: fence.disregards,
    dir: paths.refresh,
    keys: journalKeys,
    clock,
    emit(event) {
      noteRefusal(event);
      onEvent(event);
    },
    destinations,
    view: () => engine.refreshView,
    isPaused: () => engine.lastKnown().paused,
    lookAtAll: () => engine.lookAtAll(),
    replace: (id, renew) => engine.replace(id, renew),
    settings: () => settings,
    fingerprint: (id, value) => digester.field(id, value).slice(0, FINGERPRINT_DIGITS),
    onProblem: (message) => alerts.setOwn('refresh', 'refresh', message),
    onProgress,
  });
  return {
    paths,
    settings,
    store,
    global,
    registry,
    attached,
    alerts,
    journal,
    journalKeys,
    engine,
    lineage,
    destinations,
    broadcast,
    broadcastListener,
    runs,
    leftovers: createLeftovers(
      { global, registry, missionsFolder: paths.missions },
      store.kind === 'security' ? createMissionItems() : null,
      clock.now,
    ),
    refreshLocks,
    refresher,
    settingsProblems: loaded.problems,
    reloadSettings,
  };

  /** Whoever was refused: if it had taken the place of a usable sign-in, there may be a way back. */
  function noteRefusal(event: EngineEvent): void {
    if (event.event !== 'refresh' || event.outcome !== 'rejected') return;
    const { refreshView } = engine;
    replacements.refused(fieldId(SERVER_MAP, event.key), refreshView.digestOf(null, event.key));
  }

  function noteRun({ change, missionId }: Extract<EngineEvent, { event: 'mission' }>): void {
    const mission = registry.get(missionId)?.mission;
    if (change === 'started' && mission !== undefined) runs.started(mission);
    if (change === 'removed') runs.forget(missionId);
  }

  function isAttached(folder: string): boolean {
    try {
      return attached.list().some(({ configDir }) => configDir === folder);
    } catch {
      // The list is damaged, which is told elsewhere: clients take over what nobody lets go of.
      return false;
    }
  }

  function reloadSettings(): void {
    const next = loadSettings(paths.settings, options.env);
    reportSettings(alerts, next.problems);
    if (next.problems.length > 0) return;
    const { store: kind, globalConfigDir } = settings;
    if (next.settings.store !== kind || next.settings.globalConfigDir !== globalConfigDir) {
      alerts.setOwn(
        'settings',
        'settings',
        `"store" or "globalConfigDir" changed in ${paths.settings}; start the engine anew to apply it.`,
      );
    }
    settings = { ...next.settings, store: kind, globalConfigDir };
    refresher.look();
  }
}

export function reportSettings(alerts: Alerts, problems: readonly string[]): void {
  alerts.setOwn('settings', 'settings', problems.length === 0 ? null : problems.join(' '));
}
