import type { Digest, Digester } from './digest.ts';
import { type Entry, type Json, SIGN_IN_MAPS } from './entry.ts';
import { type FieldId, fieldsOf, isServerField, splitField, withFields } from './fields.ts';
import { expiresAtOf, isUsable } from './serverState.ts';

/** Per field, the digest on which mission and global last agreed: the base of the three-way merge. */
export type Lineage = ReadonlyMap<FieldId, Digest>;

/** How far a field may travel. MCP fields go both ways; for Claude's own login the caller decides. */
export type Carry = 'both' | 'down' | 'none';

export interface MergeInput {
  /** `null`: there is no entry. */
  readonly mission: Entry | null;
  readonly global: Entry | null;
  readonly base: Lineage;
  /** Fields whose loss is not passed on until the user has answered: the wipe guard's. */
  readonly held: { readonly mission: ReadonlySet<FieldId>; readonly global: ReadonlySet<FieldId> };
  readonly carry: (id: FieldId) => Carry;
  /** Fields that neither go up nor are replaced: known secrets under other addresses than their own. */
  readonly frozen: ReadonlySet<FieldId>;
  /** Force resync: a usable value also replaces one that became unusable, whoever changed. */
  readonly heal: boolean;
  /** ms since the epoch: what has ended by then replaces nothing */
  readonly now: number;
  /** When a field's value was last written on each side, ms since the epoch, where known. */
  readonly writtenAt: {
    readonly mission: number | null;
    readonly global: (id: FieldId) => number | null;
  };
}

export interface MergeResult {
  /** The merged entries; the very same object where nothing changed. */
  readonly mission: Entry | null;
  readonly global: Entry | null;
  /** The lineage once both entries are written. */
  readonly base: Lineage;
  /** Fields that now hold the mission's value on both sides, and those that hold the global one's. */
  readonly up: readonly FieldId[];
  readonly down: readonly FieldId[];
  /** Fields that both sides had changed to different usable values, so that one lost. */
  readonly conflicts: readonly FieldId[];
}

interface Value {
  readonly value: Json;
  readonly digest: Digest;
  readonly usable: boolean;
}

/** Three-way merge of one mission's entry with the global one, field by field (docs/merge.md). Pure. */
export function mergeEntries(input: MergeInput, digester: Digester): MergeResult {
  const missionFields = fieldsOf(input.mission);
  const globalFields = fieldsOf(input.global);
  const base = new Map(input.base);
  const up = new Map<FieldId, Json | undefined>();
  const down = new Map<FieldId, Json | undefined>();
  const conflicts: FieldId[] = [];

  for (const id of new Set([...missionFields.keys(), ...globalFields.keys(), ...base.keys()])) {
    const carry = input.carry(id);
    if (carry === 'none' || input.frozen.has(id)) continue;
    const m = toValue(id, missionFields.get(id), input.now, digester);
    const g = toValue(id, globalFields.get(id), input.now, digester);
    const known = input.base.get(id);
    const verdict = decide(m, g, known, {
      heal: input.heal,
      held: input.held.mission.has(id) || input.held.global.has(id),
      missionIsNewer: () => isNewer(input.writtenAt.mission, input.writtenAt.global(id)),
    });
    if (verdict === 'keep') continue;
    const winner = verdict === 'down' ? g : m;
    // At a clone, a login comes down; it neither goes up nor away.
    if (carry === 'down' && (verdict === 'up' || winner === null)) continue;
    if (verdict === 'up') up.set(id, winner?.value);
    if (verdict === 'down') down.set(id, winner?.value);
    if (verdict !== 'agreed' && known !== undefined && m?.usable && g?.usable) {
      if (m.digest !== known && g.digest !== known) conflicts.push(id);
    }
    if (winner === null) base.delete(id);
    else base.set(id, winner.digest);
  }
  return {
    mission: down.size > 0 ? withFields(input.mission, down) : input.mission,
    global: up.size > 0 ? withFields(input.global, up) : input.global,
    base,
    up: [...up.keys()],
    down: [...down.keys()],
    conflicts,
  };
}

/** `up`: the mission's value (or its absence) holds from now on; `down`: the global one's; `keep`: nothing moves. */
type Verdict = 'up' | 'down' | 'agreed' | 'keep';

interface Circumstances {
  readonly heal: boolean;
  readonly held: boolean;
  /** `null`: cannot tell. */
  readonly missionIsNewer: () => boolean | null;
}

/** The merge table for one field: mission against global against the last agreement. */
function decide(
  m: Value | null,
  g: Value | null,
  base: Digest | undefined,
  c: Circumstances,
): Verdict {
  if (m?.digest === g?.digest) return 'agreed';
  if (m === null || g === null) {
    const [left, fill, remove]: [Value | null, Verdict, Verdict] =
      m === null ? [g, 'down', 'up'] : [m, 'up', 'down'];
    // First contact is a union of what is of use. A value without a token stays where it is: the client
    // marks some of them (`tokenlessRejectedAt`) so that it does not even ask the server, and a copy would
    // silence that server in a mission that never met it.
    if (base === undefined) return left?.usable ? fill : 'keep';
    // An edit beats a delete. Otherwise it is a logout, unless the wipe guard holds it.
    if (left?.usable && left.digest !== base) return fill;
    return c.held ? 'keep' : remove;
  }
  const missionChanged = m.digest !== base;
  const globalChanged = g.digest !== base;
  if (missionChanged && globalChanged) return better(m, g, c.missionIsNewer);
  const [changed, other, on, back]: [Value, Value, Verdict, Verdict] = missionChanged
    ? [m, g, 'up', 'down']
    : [g, m, 'down', 'up'];
  if (changed.usable) return on;
  // Became unusable: a rejected token is not pushed back into the side that rejected it, unless asked to.
  return c.heal && other.usable ? back : 'keep';
}

/** Both sides changed, or they meet for the first time. Decides alike whatever the order of events. */
function better(m: Value, g: Value, missionIsNewer: () => boolean | null): Verdict {
  if (m.usable !== g.usable) return m.usable ? 'up' : 'down';
  if (!m.usable) return 'keep';
  const [mission, global] = [expiresAtOf(m.value), expiresAtOf(g.value)];
  if (mission !== null && global !== null && mission !== global)
    return mission > global ? 'up' : 'down';
  return (missionIsNewer() ?? m.digest > g.digest) ? 'up' : 'down';
}

/**
 * The wipe guard: the fields that an entry lost in a way no logout does. The client's logout takes one
 * server, and leaves the map and all that is not MCP's; a missing entry, a missing map, several servers gone at once,
 * or one together with another change is a wipe (the client's own, an account switcher's, or somebody's `rm`), so
 * nothing is removed elsewhere until the user says so.
 *
 * @param known the fields the entry had when it was last in step
 * @param held what is held already, and stays so for as long as it is gone
 * @param isRestOther whether what is not MCP's was changed in the same moment
 */
export function wipedFields(
  entry: Entry | null,
  known: Iterable<FieldId>,
  held: ReadonlySet<FieldId>,
  isRestOther = false,
): Set<FieldId> {
  const fields = fieldsOf(entry);
  const vanished = [...known].filter((id) => !fields.has(id));
  const fresh = vanished.filter((id) => !held.has(id));
  const lostItsMap = (id: FieldId): boolean => {
    const { map } = splitField(id);
    return map !== null && SIGN_IN_MAPS.includes(map) && entry?.[map] === undefined;
  };
  const servers = fresh.filter(isServerField).length;
  const wiped =
    entry === null || servers > 1 || (servers > 0 && isRestOther) || fresh.some(lostItsMap);
  return new Set(wiped ? vanished : vanished.filter((id) => held.has(id)));
}

function toValue(
  id: FieldId,
  value: Json | undefined,
  now: number,
  digester: Digester,
): Value | null {
  if (value === undefined) return null;
  return { value, digest: digester.field(id, value), usable: isUsable(id, value, now) };
}

function isNewer(mission: number | null, global: number | null): boolean | null {
  return mission === null || global === null || mission === global ? null : mission > global;
}
