import type { Digester } from '../credentials/digest.ts';
import { EMPTY_ENTRY, type Entry, type Json } from '../credentials/entry.ts';
import {
  type FieldId,
  fieldsOf,
  isLoginField,
  isMcpField,
  withFields,
} from '../credentials/fields.ts';
import { isTooLarge, oversizedFields } from '../credentials/limits.ts';
import {
  type Carry,
  type Lineage,
  type MergeInput,
  mergeEntries,
  wipedFields,
} from '../credentials/merge.ts';
import type { GlobalRecord, MissionRecord } from './lineage.ts';
import { divide, type LargeField, largestFields, type Shares } from './shares.ts';

/** The answer to a wipe: put the vanished fields back, or let them go everywhere. */
export type WipeAnswer = 'restore' | 'remove';

/** Fields that are left alone, and fields in whose place comes what the others have. */
export interface Distrusted {
  readonly frozen: ReadonlySet<FieldId>;
  readonly dropped: ReadonlySet<FieldId>;
}

/** How many of the largest fields are named. */
const LARGEST = 3;
/** Two rounds settle nearly everything; this is a guard against a loop, not a figure that is reached. */
const MAX_ROUNDS = 10;

/** One mission as the plan sees it: what was read, and what is remembered. */
export interface PlanMission {
  readonly id: string;
  readonly entry: Entry | null;
  readonly writtenAt: number | null;
  readonly record: MissionRecord;
  /** As {@link Lately} has both. */
  readonly isRestOther: boolean;
  readonly rewound: ReadonlySet<FieldId>;
  /** The reconcile at a spawn: an entry that is not there is a new one, not a wiped one. */
  readonly clone: boolean;
  /** Whether that also brings Claude's own login: a spawn does, attaching somebody's folder does not. */
  readonly cloneLogin: boolean;
  readonly answer?: WipeAnswer | undefined;
  readonly distrusted: Distrusted;
}

export interface PlanInput {
  readonly global: {
    readonly entry: Entry | null;
    readonly writtenAt: number | null;
    readonly record: GlobalRecord;
    readonly isRestOther: boolean;
    readonly answer?: WipeAnswer | undefined;
    /** Values put into the global entry first: a restore from the journal, a refresh. */
    readonly edits?: ReadonlyMap<FieldId, Json> | undefined;
    readonly distrusted: Distrusted;
  };
  readonly missions: readonly PlanMission[];
  readonly heal: boolean;
  /** ms since the epoch */
  readonly now: number;
  readonly carryLogin: { readonly always: boolean; readonly atClone: boolean };
}

export interface PlannedMission {
  readonly id: string;
  readonly entry: Entry | null;
  readonly changed: boolean;
  readonly base: Lineage;
  readonly held: ReadonlySet<FieldId>;
  /** Fields whose value went from this mission to the global entry. */
  readonly up: readonly FieldId[];
  readonly conflicts: readonly FieldId[];
  /** Fields of this mission that are too large to be carried. */
  readonly oversized: readonly FieldId[];
  readonly refusal: Refusal | null;
}

/** What could not be carried for want of room. */
export interface Refusal {
  /** Fields of the mission that the global entry has no room for. */
  readonly fields: readonly FieldId[];
  /** With all that comes down, the mission's own entry would be too large: nothing does. */
  readonly isOverfull: boolean;
  /** What takes the most room in the global entry. */
  readonly largest: readonly LargeField[];
}

export interface Plan {
  readonly global: Entry | null;
  readonly globalChanged: boolean;
  readonly globalHeld: ReadonlySet<FieldId>;
  /** Who brought what the global entry then holds. */
  readonly shares: Shares;
  readonly missions: readonly PlannedMission[];
}

/**
 * What a reconcile of some missions with the global entry comes to. The missions are merged one after
 * the other, again and again until nothing moves, so ten sign-ins at once are one plan. Pure.
 */
export function planReconcile(input: PlanInput, digester: Digester): Plan {
  const { record, distrusted } = input.global;
  const read = input.global.entry;
  const isCarried = (id: FieldId) => carryOf(id, false, input.carryLogin) !== 'none';
  const globalHeld = heldNow(
    read,
    [...record.known].filter(isCarried),
    record.held,
    input.global.answer,
    input.global.isRestOther,
  );
  const { edits } = input.global;
  let global = dropFields(read, distrusted.dropped);
  if (edits !== undefined && edits.size > 0) global = withFields(global, edits);
  const globalOversized = oversizedFields(read);
  let shares = record.shares;
  const wasThere = (id: FieldId) => record.known.has(id);
  const globalWrittenAt = new Map<FieldId, number | null>();
  const stays = (id: FieldId) => distrusted.frozen.has(id) || globalOversized.has(id);
  const working = input.missions.map((mission) =>
    start(mission, globalHeld, input.global, isCarried, stays),
  );

  // The first round moves values up, the second brings them down to the missions before; a third settles ties.
  for (let moved = true, round = 0; moved && round < MAX_ROUNDS; round += 1) {
    moved = false;
    for (const work of working) {
      const carry = (id: FieldId): Carry =>
        globalOversized.has(id) || work.oversized.has(id)
          ? 'none'
          : carryOf(id, work.mission.cloneLogin, input.carryLogin);
      const mergeInput: MergeInput = {
        mission: work.entry,
        global,
        base: work.base,
        held: { mission: work.held, global: globalHeld },
        carry,
        frozen: work.frozen,
        heal: input.heal,
        now: input.now,
        writtenAt: {
          mission: work.mission.writtenAt,
          global: (id) =>
            globalWrittenAt.has(id) ? (globalWrittenAt.get(id) ?? null) : input.global.writtenAt,
        },
      };
      let result = mergeEntries(mergeInput, digester);
      const divided = divide(work.mission.id, global, result.global, result.up, shares, wasThere);
      work.refused = divided.refused;
      if (work.refused.size > 0) {
        const fitting = (id: FieldId): Carry =>
          work.refused.has(id) && carry(id) === 'both' ? 'down' : carry(id);
        result = mergeEntries({ ...mergeInput, carry: fitting }, digester);
      }
      work.isOverfull = result.mission !== work.entry && isTooLarge(result.mission);
      // With all that comes down nobody could read it any more: it stays as it is.
      if (work.isOverfull) continue;
      shares = divided.shares;
      work.entry = result.mission;
      work.base = result.base;
      for (const id of result.up) {
        work.up.add(id);
        globalWrittenAt.set(id, work.mission.writtenAt);
      }
      for (const id of result.conflicts) work.conflicts.add(id);
      moved ||= result.global !== global;
      global = result.global;
    }
  }

  for (const work of working) if (work.mission.clone) takeHeld(work, working, globalHeld, digester);

  const globalFields = fieldsOf(global);
  return {
    global: global === read ? read : (global ?? EMPTY_ENTRY),
    globalChanged: global !== read,
    // What an answer could not bring back is let go: nobody has it any more.
    globalHeld: new Set(
      input.global.answer ? [] : [...globalHeld].filter((id) => !globalFields.has(id)),
    ),
    shares: new Map([...shares].filter(([id]) => globalFields.has(id) || globalHeld.has(id))),
    missions: working.map((work) => {
      const { mission, entry, base, held, up, conflicts, oversized, refused, isOverfull } = work;
      const largest = () => largestFields(global, shares, LARGEST);
      const fields = fieldsOf(entry);
      return {
        id: mission.id,
        entry,
        changed: entry !== mission.entry,
        base,
        held: new Set([...held].filter((id) => !fields.has(id) && base.has(id))),
        up: [...up],
        conflicts: [...conflicts],
        oversized: [...oversized],
        refusal:
          refused.size > 0 || isOverfull
            ? { fields: [...refused], isOverfull, largest: largest() }
            : null,
      };
    }),
  };
}

/**
 * What the global entry has lost and waits for the user's answer, a new mission gets from those that still have it. As
 * agreed on, so that it does not go up: that is what the user is asked.
 */
function takeHeld(
  work: Working,
  all: readonly Working[],
  held: ReadonlySet<FieldId>,
  digester: Digester,
): void {
  const others = all.filter((each) => each !== work && !each.mission.clone);
  const taken = new Map<FieldId, Json>();
  for (const id of held) {
    if (fieldsOf(work.entry).has(id)) continue;
    const owner = others.find(
      ({ entry, frozen, oversized }) =>
        fieldsOf(entry).has(id) && !frozen.has(id) && !oversized.has(id),
    );
    const value = owner && fieldsOf(owner.entry).get(id);
    if (value !== undefined) taken.set(id, value);
  }
  if (taken.size === 0) return;
  work.entry = withFields(work.entry, taken);
  const digests = [...taken].map(([id, value]) => [id, digester.field(id, value)] as const);
  work.base = new Map([...work.base, ...digests]);
}

interface Working {
  readonly mission: PlanMission;
  entry: Entry | null;
  base: Lineage;
  readonly held: ReadonlySet<FieldId>;
  readonly frozen: ReadonlySet<FieldId>;
  readonly up: Set<FieldId>;
  readonly conflicts: Set<FieldId>;
  readonly oversized: ReadonlySet<FieldId>;
  refused: ReadonlySet<FieldId>;
  isOverfull: boolean;
}

function start(
  mission: PlanMission,
  globalHeld: ReadonlySet<FieldId>,
  global: Pick<PlanInput['global'], 'answer' | 'distrusted'>,
  isCarried: (id: FieldId) => boolean,
  stays: (id: FieldId) => boolean,
): Working {
  const { record, entry, distrusted } = mission;
  let base = record.base;
  if (mission.clone && entry === null) base = new Map();
  // Without a base a field that only one side has is filled in on the other: just what "restore" asks for.
  const { rewound } = mission;
  if (mission.answer === 'restore' || rewound.size > 0) {
    const fields = fieldsOf(entry);
    const isMeant = (id: FieldId) => mission.answer === 'restore' || rewound.has(id);
    base = without(base, (id) => isMeant(id) && !fields.has(id));
  }
  if (global.answer === 'restore') base = without(base, (id) => globalHeld.has(id));
  const known = [...base.keys()].filter(isCarried);
  const held = heldNow(entry, known, record.held, mission.answer, mission.isRestOther);
  // What is not carried in the global entry could not come down in its place, and would just be gone.
  const replaced = [...distrusted.dropped].filter((id) => !stays(id));
  const dropped = new Set([...replaced, ...global.distrusted.dropped]);
  return {
    mission,
    entry: dropFields(entry, new Set(replaced)),
    // Nothing was agreed on: what the other side has is filled in.
    base: without(base, (id) => dropped.has(id)),
    held,
    frozen: new Set([...distrusted.frozen, ...global.distrusted.frozen]),
    up: new Set(),
    conflicts: new Set(),
    oversized: oversizedFields(entry),
    refused: new Set(),
    isOverfull: false,
  };
}

function heldNow(
  entry: Entry | null,
  known: Iterable<FieldId>,
  held: ReadonlySet<FieldId>,
  answer: WipeAnswer | undefined,
  isRestOther: boolean,
): Set<FieldId> {
  if (answer === 'remove') return new Set();
  return wipedFields(entry, known, held, isRestOther);
}

/** The very same entry where it has none of the fields. */
function dropFields(entry: Entry | null, dropped: ReadonlySet<FieldId>): Entry | null {
  const fields = fieldsOf(entry);
  const gone = [...dropped].filter((id) => fields.has(id));
  return gone.length === 0
    ? entry
    : withFields(entry, new Map(gone.map((id): [FieldId, undefined] => [id, undefined])));
}

function without(base: Lineage, drop: (id: FieldId) => boolean): Lineage {
  return new Map([...base].filter(([id]) => !drop(id)));
}

function carryOf(id: FieldId, cloneLogin: boolean, login: PlanInput['carryLogin']): Carry {
  if (isMcpField(id)) return 'both';
  if (!isLoginField(id)) return 'none';
  if (login.always) return 'both';
  return cloneLogin && login.atClone ? 'down' : 'none';
}
