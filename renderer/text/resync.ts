import type { ResyncMessage } from '../../main/service/contract/engine.ts';
import { listed, plural, someOf } from './words.ts';

/** What a force resync did to one mission. */
export interface ResyncLine {
  readonly missionId: string;
  readonly name: string;
  readonly text: string;
  readonly tone: 'changed' | 'same' | 'trouble';
}

const TROUBLES: Readonly<Partial<Record<ResyncMessage['status'], string>>> = {
  malformed: 'its entry is damaged and was left alone',
  unavailable: 'its entry cannot be read',
};

/** The whole in one line: "Nothing to change in 7 missions", "linear → fix login, api rewrite". */
export function resyncSentence(
  results: readonly ResyncMessage[],
  nameOf: (missionId: string) => string,
): string {
  const active = results.filter(({ status }) => status !== 'stopped');
  const troubled = active.filter(({ status }) => status in TROUBLES);
  if (troubled.length > 0) return `${plural(troubled.length, 'mission')} could not be read`;
  if (active.length === 0) return 'No mission is running';
  const reached = active.filter(({ down }) => down.length > 0);
  if (reached.length > 0) {
    const servers = unique(reached.flatMap(({ down }) => down));
    return `${some(servers)} → ${some(reached.map(({ missionId }) => nameOf(missionId)))}`;
  }
  const gave = active.filter(({ up }) => up.length > 0);
  if (gave.length > 0) {
    const servers = unique(gave.flatMap(({ up }) => up));
    return `${some(servers)} from ${some(gave.map(({ missionId }) => nameOf(missionId)))}`;
  }
  return `Nothing to change in ${plural(active.length, 'mission')}`;
}

/** Mission by mission: what went wrong and what changed first. */
export function resyncLines(
  results: readonly ResyncMessage[],
  nameOf: (missionId: string) => string,
): ResyncLine[] {
  const order = ['trouble', 'changed', 'same'] as const;
  return results
    .map((result) => ({
      missionId: result.missionId,
      name: nameOf(result.missionId),
      ...lineOf(result),
    }))
    .sort((one, other) => order.indexOf(one.tone) - order.indexOf(other.tone));
}

function lineOf({ status, up, down }: ResyncMessage): Pick<ResyncLine, 'text' | 'tone'> {
  const trouble = TROUBLES[status];
  if (trouble !== undefined) return { text: trouble, tone: 'trouble' };
  if (status === 'stopped') return { text: 'up to date at its next launch', tone: 'same' };
  const parts = [
    ...(up.length > 0 ? [`gave ${listed(up)} to all`] : []),
    ...(down.length > 0 ? [`got ${listed(down)}`] : []),
    // Its client wrote in the same moment: the engine has come back to it by now.
    ...(status === 'moved' ? ['changed meanwhile; looked at again'] : []),
  ];
  if (parts.length === 0) return { text: 'nothing to change', tone: 'same' };
  return { text: parts.join('; '), tone: 'changed' };
}

function some(names: readonly string[]): string {
  return names.length <= 2 ? names.join(', ') : someOf(names, 2);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
