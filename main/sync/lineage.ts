import { renameSync } from 'node:fs';
import { z } from 'zod';
import type { FieldId } from '../credentials/fields.ts';
import type { Lineage } from '../credentials/merge.ts';
import { errorText } from '../system/errors.ts';
import { readJsonFile, writeJsonFile } from '../system/jsonFile.ts';
import type { Shares } from './shares.ts';

/** What is remembered of one mission between two looks, and between two runs of the engine. Digests only. */
export interface MissionRecord {
  /** Where its entry lives; a record of another place says nothing about this one. */
  readonly place: string;
  readonly base: Lineage;
  /** Fields that vanished from its entry and wait for the user's answer. */
  readonly held: ReadonlySet<FieldId>;
  /** Cloned and not yet written back: it ran when the engine last saw it. */
  readonly open: boolean;
  /** ms since the epoch of the last reconcile that changed something. */
  readonly lastSyncAt: number | null;
}

export interface GlobalRecord {
  readonly place: string;
  /** The fields it held when it was last in step. */
  readonly known: ReadonlySet<FieldId>;
  readonly held: ReadonlySet<FieldId>;
  readonly shares: Shares;
}

export interface LineageStore {
  /** Why the file could not be used, if so. */
  damage(): string | null;
  /** The place of the global entry that it speaks of; `null` if of none. */
  globalPlace(): string | null;
  /** The record of a mission, or a blank one: first contact. */
  mission(id: string, place: string): MissionRecord;
  setMission(id: string, record: MissionRecord): void;
  forget(id: string): void;
  missionIds(): string[];
  /** Whether there is a record of a mission. */
  knows(id: string): boolean;
  global(place: string): GlobalRecord;
  setGlobal(record: GlobalRecord): void;
  /** Writes what changed since the last call. @throws the system's error */
  save(): Promise<void>;
}

const share = z.tuple([z.string().nullable(), z.string().nullable()]);
const lineageFile = z.object({
  version: z.literal(1),
  global: z
    .object({
      place: z.string(),
      known: z.array(z.string()),
      held: z.array(z.string()),
      shares: z.record(z.string(), share).default({}),
    })
    .nullable(),
  missions: z.record(
    z.string(),
    z.object({
      place: z.string(),
      base: z.record(z.string(), z.string()),
      held: z.array(z.string()),
      open: z.boolean(),
      lastSyncAt: z.number().nullable(),
    }),
  ),
});

const nothing: ReadonlySet<FieldId> = new Set();

/**
 * Reads `bar/lineage.json`. With a damaged file every mission meets the global entry afresh: a union,
 * which loses nothing. The next save puts the damaged file aside.
 */
export function openLineage(path: string): LineageStore {
  const missions = new Map<string, MissionRecord>();
  let global: GlobalRecord | null = null;
  let dirty = false;
  let damaged: string | null = null;

  const stored = read();
  if (stored !== null) {
    if (stored.global !== null) {
      const { place, known, held, shares } = stored.global;
      global = {
        place,
        known: new Set(known),
        held: new Set(held),
        shares: new Map(Object.entries(shares)),
      };
    }
    for (const [id, { base, held, ...rest }] of Object.entries(stored.missions)) {
      missions.set(id, { ...rest, base: new Map(Object.entries(base)), held: new Set(held) });
    }
  }

  function read(): z.infer<typeof lineageFile> | null {
    try {
      return readJsonFile(path, lineageFile);
    } catch (error) {
      damaged = errorText(error);
      return null;
    }
  }

  return {
    damage: () => damaged,
    mission(id, place) {
      const record = missions.get(id);
      if (record?.place === place) return record;
      return { place, base: new Map(), held: nothing, open: false, lastSyncAt: null };
    },
    setMission(id, record) {
      missions.set(id, record);
      dirty = true;
    },
    forget(id) {
      dirty = missions.delete(id) || dirty;
    },
    missionIds: () => [...missions.keys()],
    knows: (id) => missions.has(id),
    globalPlace: () => global?.place ?? null,
    global(place) {
      if (global?.place === place) return global;
      // Another global entry: what missions agreed on with the old one is no base for the new one.
      if (global !== null) missions.clear();
      return { place, known: nothing, held: nothing, shares: new Map() };
    },
    setGlobal(record) {
      global = record;
      dirty = true;
    },
    async save() {
      if (!dirty) return;
      dirty = false;
      try {
        if (damaged !== null) renameSync(path, `${path}.damaged-${Date.now()}`);
        damaged = null;
        await writeJsonFile(path, toFile(global, missions));
      } catch (error) {
        dirty = true;
        throw error;
      }
    },
  };
}

function toFile(
  global: GlobalRecord | null,
  missions: ReadonlyMap<string, MissionRecord>,
): z.input<typeof lineageFile> {
  return {
    version: 1,
    global: global && {
      place: global.place,
      known: [...global.known],
      held: [...global.held],
      shares: Object.fromEntries([...global.shares].map(([id, one]) => [id, [...one]])),
    },
    missions: Object.fromEntries(
      [...missions].map(([id, { base, held, ...rest }]) => [
        id,
        { ...rest, base: Object.fromEntries(base), held: [...held] },
      ]),
    ),
  };
}
