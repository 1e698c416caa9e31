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
  return [...names]
    .map(([key, name]) => ({ key, name, tag: tagOf(key, keysByName.get(name) ?? []) }))
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
  return new Set(
    held.flatMap((name) => {
      const keys = columns
        .filter((column) => column.name === name || beforeBar(column.key) === name)
        .map(({ key }) => key);
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

function tagOf(key: string, sameName: readonly string[]): string | null {
  if (sameName.length < 2) return null;
  const mark = afterBar(key);
  const others = sameName.filter((other) => other !== key).map(afterBar);
  for (let length = SHORTEST_TAG; length < mark.length; length += 1) {
    const start = mark.slice(0, length);
    if (!others.some((other) => other.startsWith(start))) return start;
  }
  return others.includes(mark) ? key : mark;
}

// The client's keys are `<name>|<16 hex>`; any other key is its own mark.
function afterBar(key: string): string {
  return key.slice(key.lastIndexOf('|') + 1);
}

function beforeBar(key: string): string {
  return key.replace(/\|[0-9a-f]{16}$/, '');
}
