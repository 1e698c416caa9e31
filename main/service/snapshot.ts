import type { BroadcastFile } from '../broadcast/broadcastFile.ts';
import type { KnownMission } from '../missions/registry.ts';
import type { EngineStatus } from '../sync/status.ts';
import { isoTimeOrNull } from '../system/isoTime.ts';
import type { Parts } from './assemble.ts';
import type { MissionMessage, Snapshot } from './contract/engine.ts';
import { alertMessage, entryMessage } from './messages.ts';

/**
 * All that the engine shows, at one moment.
 * @param enginePid the engine's process, or `null` where none runs
 */
export function snapshotMessage(
  parts: Parts,
  status: EngineStatus,
  enginePid: number | null,
): Snapshot {
  const { store, paths, global, broadcast, registry, alerts, refresher } = parts;
  const { paused, busy } = status;
  return {
    engine: { running: enginePid !== null, pid: enginePid, store: store.kind },
    activity: { paused, busy },
    agencDir: paths.root,
    global: {
      configDir: global.configDir,
      lastBroadcastAt: isoTimeOrNull(lastBroadcastAt(broadcast)),
      ...entryMessage(status.global, refresher.factsOf),
    },
    missions: registry.all().map((known) => missionMessage(known, status, parts)),
    alerts: alerts.open().map(alertMessage),
  };
}

export function missionMessage(
  { mission, state, shared }: KnownMission,
  { global, missions }: Pick<EngineStatus, 'global' | 'missions'>,
  { runs, refresher }: Pick<Parts, 'runs' | 'refresher'>,
): MissionMessage {
  const { id, name, kind, configDir, repo } = mission;
  const status = missions.get(id);
  return {
    id,
    name,
    kind,
    state,
    configDir,
    repo,
    run: runs.get(id),
    shared,
    inSync: shared || (status?.inSync ?? false),
    held: shared ? [] : [...(status?.held ?? [])],
    lastSyncAt: isoTimeOrNull(status?.lastSyncAt ?? null),
    ...entryMessage(shared ? global : status, refresher.factsOf),
  };
}

/** ms since the epoch; `null` if nothing was ever broadcast. */
function lastBroadcastAt(file: BroadcastFile): number | null {
  const read = readOrNull(file);
  return read?.status === 'found' && read.timestamp > 0 ? read.timestamp / 1000 : null;
}

function readOrNull(file: BroadcastFile): ReturnType<BroadcastFile['read']> | null {
  try {
    return file.read();
  } catch {
    // A folder in its place, or no permission: the listener's alert says so.
    return null;
  }
}
