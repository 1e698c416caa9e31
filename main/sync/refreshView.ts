import { fieldsOfServer } from '../credentials/destination.ts';
import { SERVER_MAP } from '../credentials/entry.ts';
import { type FieldId, fieldId } from '../credentials/fields.ts';
import type { ServerSummary } from '../credentials/serverState.ts';
import type { Mission } from '../missions/mission.ts';
import type { MissionRegistry } from '../missions/registry.ts';
import type { RefreshView } from '../refresh/refreshPlace.ts';
import type { EntryRef } from '../stores/store.ts';
import type { MissionRecord } from './lineage.ts';
import type { Seen } from './seen.ts';
import type { WorkLoop } from './workLoop.ts';

export interface RefreshViewDeps {
  readonly global: EntryRef;
  readonly registry: MissionRegistry;
  readonly seen: Seen;
  readonly loop: WorkLoop;
  readonly recordOf: (mission: Mission) => MissionRecord;
}

/** What the refresh fence sees of the engine. Reads no entry. */
export function createRefreshView(deps: RefreshViewDeps): RefreshView {
  const { registry, seen, loop } = deps;

  /** The digest on which a place and the others last agreed. */
  function agreedOn(missionId: string | null, field: FieldId): string | null {
    // What the global entry agreed on is known from those it agreed with.
    const missions = missionId === null ? registry.synced() : [registry.get(missionId)?.mission];
    for (const mission of missions) {
      const digest = mission && deps.recordOf(mission).base.get(field);
      if (digest !== undefined) return digest;
    }
    return null;
  }

  function serversOf(missionId: string | null): readonly ServerSummary[] {
    const view = (missionId === null ? seen.global() : seen.mission(missionId))?.view;
    return view?.status === 'found' ? view.servers : [];
  }

  return {
    places: () => [
      { missionId: null, folder: deps.global.configDir },
      ...registry.synced().map(({ id, configDir }) => ({ missionId: id, folder: configDir })),
    ],

    isShared: () => registry.all().some(({ shared }) => shared),

    serversOf,

    digestOf: (missionId, serverKey) => agreedOn(missionId, fieldId(SERVER_MAP, serverKey)),

    versionOf: (serverKey) =>
      fieldsOfServer(serverKey)
        .map((field) => agreedOn(null, field))
        .join(),

    takeInAll: (serverKey) =>
      loop.lookNow(
        registry.synced().filter(({ id }) => serversOf(id).some(({ key }) => key === serverKey)),
      ),

    async takeIn(missionId) {
      const mission = missionId === null ? null : registry.get(missionId)?.mission;
      if (mission === null) await loop.noticeGlobal();
      else if (mission !== undefined) await loop.noticeEntry(mission);
      await loop.settled();
    },

    async heal(missionId) {
      const isMeant = ({ id }: Mission): boolean => missionId === null || id === missionId;
      await loop.command(() => ({
        heal: true,
        targets: registry.synced().filter(isMeant).map(loop.targetOf),
      }));
    },
  };
}
