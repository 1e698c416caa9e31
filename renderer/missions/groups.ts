import type { MissionMessage } from '../../main/service/contract/engine.ts';

export interface MissionGroup {
  readonly id: MissionMessage['state'];
  readonly title: string;
  readonly missions: readonly MissionMessage[];
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
  return TITLES.map(([id, title]) => ({
    id,
    title,
    missions: found.filter(({ state }) => state === id),
  })).filter((group) => group.missions.length > 0);
}

function textOf({ name, id, repo, configDir, kind, servers }: MissionMessage): string {
  const names = servers.map((server) => server.name);
  // Every mission of AgenC has the same path around its id: a search for a part of it finds all.
  const folder = kind === 'attached' ? configDir : '';
  return [name, id, repo ?? '', folder, ...names].join('\n').toLowerCase();
}
