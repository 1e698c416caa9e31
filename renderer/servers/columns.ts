import type {
  MissionMessage,
  ServerMessage,
  Snapshot,
} from '../../main/service/contract/engine.ts';

/** One MCP server, wherever it occurs. */
export interface ServerColumn {
  readonly key: string;
  readonly name: string;
  /** Tells servers of the same name apart: the start of what is special in their keys, else `null`. */
  readonly tag: string | null;
}

/** The servers that occur in some entries, by name. A key that goes by two names has the first. */
export function columnsOf(entries: readonly (readonly ServerMessage[])[]): ServerColumn[] {
  const names = new Map<string, string>();
  for (const servers of entries) {
    for (const { key, name } of servers) if (!names.has(key)) names.set(key, name);
  }
  const keysByName = Map.groupBy(names.keys(), (key) => names.get(key) ?? key);
  const tags = new Map([...keysByName.values()].flatMap((keys) => [...tagsOf(keys)]));
  return [...names]
    .map(([key, name]) => ({ key, name, tag: tags.get(key) ?? null }))
    .sort((one, other) => byText(one.name, other.name) || byText(one.key, other.key));
}

/** What vanished from the global entry: only its alert says so. */
export function heldGlobally({ alerts }: Snapshot): readonly string[] {
  return alerts.find(({ kind, missionId }) => kind === 'wipe' && missionId === null)?.servers ?? [];
}

/**
 * The keys of the servers that `held` names: by their own name, or by what their key says. A name that
 * several have means one that the others keep, which is one of the global entry's.
 */
export function heldKeys(
  held: readonly string[],
  columns: readonly ServerColumn[],
  kept: ReadonlySet<string>,
): ReadonlySet<string> {
  if (held.length === 0) return new Set();
  const byName = new Map<string, Set<string>>();
  for (const { key, name } of columns) {
    for (const called of [name, beforeBar(key)]) {
      const keys = byName.get(called);
      if (keys === undefined) byName.set(called, new Set([key]));
      else keys.add(key);
    }
  }
  return new Set(
    [...new Set(held)].flatMap((name) => {
      const keys = [...(byName.get(name) ?? [])];
      const likely = keys.filter((key) => kept.has(key));
      return likely.length > 0 ? likely : keys;
    }),
  );
}

/** Missions with a name of their own, and those that share one with their id. */
export function missionLabels(missions: readonly MissionMessage[]): ReadonlyMap<string, string> {
  const named = Map.groupBy(missions, ({ name }) => name);
  return new Map(
    missions.map(({ id, name }) => {
      const alone = (named.get(name)?.length ?? 0) < 2 || name === id;
      return [id, alone ? name : `${name} (${id.slice(0, 8)})`];
    }),
  );
}

/** As people sort: without regard to case, and 2 before 10. */
export function byText(one: string, other: string): number {
  return collator.compare(one, other);
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const SHORTEST_TAG = 4;

/** By key; none where the name alone tells it. Neighbours in order share the longest starts, so only they count. */
function tagsOf(keys: readonly string[]): ReadonlyMap<string, string> {
  if (keys.length < 2) return new Map();
  const marked = keys.map((key) => ({ key, mark: afterBar(key) })).sort(byMark);
  return new Map(
    marked.map(({ key, mark }, at) => {
      const beside = [marked[at - 1]?.mark, marked[at + 1]?.mark].filter(
        (one) => one !== undefined,
      );
      if (beside.includes(mark)) return [key, key];
      const shared = Math.max(...beside.map((other) => sharedStart(mark, other)));
      return [key, mark.slice(0, Math.max(SHORTEST_TAG, shared + 1))];
    }),
  );
}

// By code units: a locale's order may keep apart what starts alike.
function byMark(one: { readonly mark: string }, other: { readonly mark: string }): number {
  return one.mark < other.mark ? -1 : Number(one.mark > other.mark);
}

function sharedStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

// The client's keys are `<name>|<16 hex>`; any other key is its own mark.
function afterBar(key: string): string {
  return key.slice(key.lastIndexOf('|') + 1);
}

function beforeBar(key: string): string {
  return key.replace(/\|[0-9a-f]{16}$/, '');
}
