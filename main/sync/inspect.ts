import type { Digester } from '../credentials/digest.ts';
import type { Mission } from '../missions/mission.ts';
import { viewOf } from './entryView.ts';
import { type InspectedMission, type Inspection, namesOf, refusedOf } from './outcome.ts';
import { contentOf, type Reader } from './reader.ts';
import { wipeDigest } from './wipe.ts';

/** What each entry is, and whether a reconcile would change anything. Writes nothing. */
export async function inspect(
  reader: Reader,
  missions: readonly Mission[],
  digester: Digester,
): Promise<Inspection> {
  const targets = missions.map((mission) => ({ mission }));
  const { global, missions: loaded } = await reader.read(targets);
  const alone = reader.plan({ global, missions: [] }, { targets: [] });
  return {
    global: {
      view: viewOf(global, digester),
      held: namesOf(alone?.globalHeld ?? []),
      heldDigest: wipeDigest(alone?.globalHeld ?? []),
      tampered: reader.tampered(contentOf(global).entry, null),
    },
    missions: new Map(
      loaded.map((mission): [string, InspectedMission] => {
        // Each by itself: what one mission has yet to push says nothing about the others.
        const plan = reader.plan({ global, missions: [mission] }, { targets });
        const [planned] = plan?.missions ?? [];
        const { id } = mission.target.mission;
        const tampered = reader.tampered(contentOf(mission.loaded).entry, id);
        const wouldChange =
          planned === undefined || planned.changed || plan?.globalChanged !== false;
        const view = viewOf(mission.loaded, digester);
        const held = namesOf(planned?.held ?? []);
        const heldDigest = wipeDigest(planned?.held ?? []);
        const oversized = namesOf(planned?.oversized ?? []);
        const refused = planned
          ? refusedOf(planned, contentOf(mission.loaded).entry, contentOf(global).entry)
          : null;
        const inSync = !wouldChange && tampered.length === 0;
        return [id, { view, inSync, held, heldDigest, tampered, oversized, refused }];
      }),
    ),
  };
}
