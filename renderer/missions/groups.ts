import type { MissionMessage } from '../../main/service/contract/engine.ts';

export interface MissionGroup {
  readonly id: string;
  readonly title: string;
  /** How many there are, shown yet or not. */
  readonly count: number;
  readonly missions: readonly MissionRef[];
}

/**
 * What a list needs to know of a row. The row itself follows its mission: what changes in one mission
 * then concerns neither the list nor the other rows.
 */
export interface MissionRef {
  readonly id: string;
  readonly name: string;
}

const TITLES = [
  ['running', 'Running'],
  ['attached', 'Attached'],
  ['stopped', 'Stopped'],
] as const;

/** The missions in which all words of the search occur, running ones first; no empty groups. */
export function missionGroups(
  missions: readonly MissionMessage[],
  search: string,
): readonly MissionGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = missions.filter((mission) => {
    if (words.length === 0) return true;
    const text = textOf(mission);
    return words.every((word) => text.includes(word));
  });
  return TITLES.map(([group, title]) => {
    const missions = found
      .filter(({ state }) => state === group)
      .map((mission) => ({ id: mission.id, name: displayName(mission) }));
    // No mission can have this id: a folder's name has no slash. Two of one id would hang the list.
    return { id: `/${group}`, title, count: missions.length, missions };
  }).filter(({ count }) => count > 0);
}

/** The first so many missions of all groups. */
export function firstOf(groups: readonly MissionGroup[], most: number): readonly MissionGroup[] {
  let left = most;
  return groups
    .map((group) => {
      const missions = group.missions.slice(0, left);
      left -= missions.length;
      return { ...group, missions };
    })
    .filter(({ missions }) => missions.length > 0);
}

/** What a mission is called where its name says nothing. */
export function displayName({ id, name }: Pick<MissionMessage, 'id' | 'name'>): string {
  return name.trim() === '' ? id : name;
}

function textOf({ name, id, repo, configDir, kind, servers }: MissionMessage): string {
  const names = servers.map((server) => server.name);
  // Every mission of AgenC has the same path around its id: a search for a part of it finds all.
  const folder = kind === 'attached' ? configDir : '';
  return [name, id, repo ?? '', folder, ...names].join('\n').toLowerCase();
}
