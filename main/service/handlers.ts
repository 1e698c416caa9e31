import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../credentials/entry.ts';
import { calledMission, WORK_FOLDER } from '../missions/mission.ts';
import { removeMissionNote } from '../missions/missionNote.ts';
import { isActive, type KnownMission } from '../missions/registry.ts';
import { removeMissionFolder } from '../missions/removeFolder.ts';
import { liveWrapper, removeRunFile } from '../missions/runFile.ts';
import { UNREADABLE_FIELD } from '../sync/goingValues.ts';
import { createReporter, reportInspection } from '../sync/report.ts';
import { errorCode } from '../system/errors.ts';
import { isAccepting } from '../system/socketPath.ts';
import { UserError } from '../system/userError.ts';
import { wrapperSocket } from '../wrapper/files.ts';
import { findOrphan } from '../wrapper/orphan.ts';
import type { Parts } from './assemble.ts';
import type { CommandHandlers, MissionMessage } from './contract/engine.ts';
import { foundIn } from './keptValue.ts';
import { missionMessage, snapshotMessage } from './snapshot.ts';

/**
 * What each command does, with an engine or without one.
 * @param enginePid the engine's process, or `null` where none runs
 */
export function createHandlers(parts: Parts, enginePid: number | null): CommandHandlers {
  const { registry, engine, attached, journal } = parts;

  function find(id: string): KnownMission {
    engine.lookAtMissions();
    const known = registry.get(id);
    if (known !== undefined) return known;
    throw new UserError(`There is no mission "${id}"; "agenc-bar mission ls" lists them.`);
  }

  async function statusOf(known: KnownMission): Promise<MissionMessage> {
    return missionMessage(known, await engine.status(), parts);
  }

  return {
    async status() {
      const status = await engine.status();
      // Without an engine nobody keeps alerts: they are worked out from what was just read.
      if (enginePid === null) {
        const { global, missions } = status.inspection;
        const seen = registry.all().flatMap(({ mission, shared }) => {
          const inspected = missions.get(mission.id);
          return inspected === undefined || shared ? [] : [[mission, inspected] as const];
        });
        reportInspection(createReporter(parts.alerts, parts.store, parts.global, 0), global, seen);
        const running = registry.all().filter(({ state }) => state === 'running');
        await parts.runs.look(running.map(({ mission }) => mission));
      }
      return snapshotMessage(parts, status, enginePid);
    },

    async look() {
      await engine.lookAtStopped();
      return {};
    },

    async pause({ paused }) {
      engine.setPaused(paused);
      return {};
    },

    async resync({ missionId, heal }) {
      const results = await engine.resync(missionId, heal);
      return {
        missions: results.map((result) => ({
          ...result,
          up: [...result.up],
          down: [...result.down],
        })),
      };
    },

    async resolve({ alertId, answer }) {
      await engine.resolve(alertId, answer);
      return {};
    },

    async journal() {
      const { items, damaged } = await journal.list();
      return {
        items: [...items],
        damaged: damaged.map(({ path, detail }) => `${path}: ${detail}`),
      };
    },

    async restore({ id }) {
      const kept = foundIn(await journal.get(id), id);
      if (kept.field === UNREADABLE_FIELD) {
        throw new UserError(
          `"${id}" is the raw text of an unreadable entry, not a value that could be put back.`,
        );
      }
      await engine.put(new Map([[kept.field, kept.value as Json]]));
      const { status: _, value: __, ...item } = kept;
      return item;
    },

    async clone({ id }) {
      await engine.clone(find(id).mission);
      return {};
    },

    async writeBack({ id }) {
      const { mission } = find(id);
      await engine.writeBack(mission);
      // Its wrapper asks for that once Claude has ended: a run may be over before anybody could follow it.
      await parts.runs.look([mission]);
      return {};
    },

    async attach({ folder, name }) {
      const mission = await attached.attach(folder, name);
      engine.lookAtMissions();
      await engine.settled();
      return statusOf(find(mission.id));
    },

    async detach({ id }) {
      const { mission, state } = find(id);
      if (state !== 'attached')
        throw new UserError(`"${id}" is a mission of AgenC, not an attached directory.`);
      await engine.writeBack(mission);
      await attached.detach(id);
      engine.lookAtMissions();
      return {};
    },

    findLeftovers: () => {
      // Without an engine this only reads, beside whoever holds its lock; what is there was looked up just now.
      if (enginePid !== null) engine.lookAtMissions();
      return parts.leftovers.find();
    },

    async removeLeftovers({ ids }) {
      engine.lookAtMissions();
      await parts.leftovers.remove(ids);
      return {};
    },

    async remove({ id, deleteWork = false }) {
      const known = find(id);
      const { mission } = known;
      const { folder } = mission;
      if (folder === null)
        throw new UserError(`"${id}" is attached; "agenc-bar mission detach ${id}" lets it go.`);
      await refuseRunning(known, folder);
      await engine.removeEntry(mission);
      // That may have waited for a lock, and somebody may have started the mission meanwhile.
      await refuseRunning(find(id), folder);
      removeRunFile(folder);
      const work = join(folder, WORK_FOLDER);
      const kept = !deleteWork && holdsSomething(work) ? work : null;
      if (kept === null) {
        await removeMissionFolder(folder);
        removeMissionNote(parts.paths.missionNotes, mission.id);
      }
      engine.lookAtMissions();
      return { removed: mission.id, kept };
    },
  };
}

/** @throws UserError if a mission runs, or may */
async function refuseRunning(known: KnownMission, folder: string): Promise<void> {
  const called = calledMission(known.mission);
  // Its `pid` file is the mission's to take away; our own note is not.
  const pid = isActive(known) ? known.pid : liveWrapper(folder);
  if (pid !== null) throw new UserError(`Mission ${called} runs (process ${pid}); stop it first.`);
  const orphan = findOrphan(folder);
  if (orphan !== null)
    throw new UserError(
      `A Claude whose wrapper was killed still runs in mission ${called} (process ${orphan}); stop it first.`,
    );
  if (await isAccepting(wrapperSocket(folder)))
    throw new UserError(
      `Something answers for mission ${called} as its wrapper, perhaps in another container; end that first.`,
    );
}

/** Whether somebody's work may lie in a folder. */
function holdsSomething(folder: string): boolean {
  try {
    // A link is looked into as little as anything else that is not the mission's own.
    if (lstatSync(folder).isSymbolicLink()) return true;
    return readdirSync(folder).length > 0;
  } catch (error) {
    // What cannot be looked into is not deleted either.
    return errorCode(error) !== 'ENOENT';
  }
}
