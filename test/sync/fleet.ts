import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mission } from '../../main/missions/mission.ts';
import type { EngineEvent } from '../../main/sync/events.ts';
import { type LineageStore, openLineage } from '../../main/sync/lineage.ts';
import type { MissionOutcome, Target } from '../../main/sync/outcome.ts';
import { createReconciler, type Reconciler } from '../../main/sync/reconciler.ts';
import { ALL_OF_IT, type WipeVerdict } from '../../main/sync/wipe.ts';
import { type Clock, systemClock } from '../../main/system/clock.ts';
import { openDestinationBook } from '../../main/trust/destinationBook.ts';
import { createMemoryStore, type MemoryStore } from '../support/memoryStore.ts';

export const GLOBAL = '/global';
const MISSIONS = '/missions';

export function aMission(id: string): Mission {
  return { id, name: id, kind: 'agenc', configDir: `/missions/${id}`, folder: null, repo: null };
}

/** Some missions on a store in memory, with a reconciler that can be killed and started again. */
export interface Fleet {
  readonly store: MemoryStore;
  readonly events: EngineEvent[];
  /** Digests of what the journal was given. */
  readonly journaled: Set<string>;
  reconciler(): Reconciler;
  lineage(): LineageStore;
  /** Reconciles as the engine does: the targets, then whatever moved, and all that run if the global entry changed. */
  settle(targets: readonly Target[], running: Iterable<Mission>): Promise<void>;
  /** Forgets what the lineage learnt since it was last saved. */
  crash(): void;
  dispose(): void;
}

export function createFleet(
  carryLogin = { always: false, atClone: true },
  clock: Clock = systemClock,
): Fleet {
  const folder = mkdtempSync(join(tmpdir(), 'agenc-bar-fleet-'));
  const path = join(folder, 'lineage.json');
  const store = createMemoryStore();
  const events: EngineEvent[] = [];
  const journaled = new Set<string>();
  let lineage = openLineage(path);
  let reconciler = start();
  let told = 0;
  let globalText: string | undefined;

  function start(): Reconciler {
    return createReconciler({
      missionsFolder: MISSIONS,
      store,
      global: { scope: 'global', configDir: GLOBAL },
      lineage,
      destinations: openDestinationBook(`${path}.destinations`),
      clock,
      emit: (event) => events.push(event),
      journal: {
        async append(values) {
          for (const { digest } of values) journaled.add(digest);
        },
      },
      broadcast: {
        async announce() {
          told += 1;
          return told;
        },
      },
      carryLogin: () => carryLogin,
      sharedConfigDirs: () => [],
    });
  }

  return {
    store,
    events,
    journaled,
    reconciler: () => reconciler,
    lineage: () => lineage,
    async settle(targets, running) {
      const everybody = [...running].map((mission): Target => ({ mission }));
      let next = targets;
      for (let round = 0; round < 20; round += 1) {
        const { missions } = await reconciler.reconcile({ targets: next });
        const now = store.texts.get(GLOBAL);
        next =
          now !== globalText
            ? everybody
            : next.filter(({ mission }) => missions.get(mission.id)?.status === 'moved');
        globalText = now;
        if (next.length === 0) {
          await lineage.save();
          return;
        }
      }
      throw new Error('The entries never came to rest.');
    },
    crash() {
      lineage = openLineage(path);
      reconciler = start();
    },
    dispose() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the user says to the wipe that a look has found. */
export function verdictOn(
  found: Pick<MissionOutcome, 'view' | 'heldDigest'> | undefined,
  say: WipeVerdict['say'],
): WipeVerdict {
  if (found === undefined) throw new Error('nothing was found');
  return { say, about: found.view.status === 'malformed' ? ALL_OF_IT : found.heldDigest };
}
