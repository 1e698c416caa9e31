import type { MissionMessage } from '../../main/service/contract/engine.ts';
import type { IconName } from '../icons.tsx';
import type { Asked } from '../state/runs.ts';

export type ActionId =
  | 'launch'
  | 'resume'
  | 'headless'
  | 'stop'
  | 'restart'
  | 'restart-now'
  | 'page'
  | 'resync'
  | 'folder'
  | 'log'
  | 'copy'
  | 'remove'
  | 'detach';

/** Something that can be done with a mission. */
export interface Action {
  readonly id: ActionId;
  readonly icon: IconName;
  readonly label: string;
}

/** Actions that belong together. */
export interface ActionSection {
  readonly id: 'run' | 'look' | 'end';
  /** For who cannot see the lines between them. */
  readonly title: string;
  readonly actions: readonly Action[];
}

const ACTIONS: Readonly<Record<ActionId, Omit<Action, 'id'>>> = {
  launch: { icon: 'play', label: 'Launch' },
  resume: { icon: 'resume', label: 'Resume conversation' },
  headless: { icon: 'headless', label: 'Run headless…' },
  stop: { icon: 'stop', label: 'Stop' },
  restart: { icon: 'restart', label: 'Restart when idle' },
  'restart-now': { icon: 'restart', label: 'Restart now' },
  page: { icon: 'page', label: 'Show details' },
  resync: { icon: 'resync', label: 'Resync' },
  folder: { icon: 'folder', label: 'Open folder' },
  log: { icon: 'list', label: 'Show log' },
  copy: { icon: 'copy', label: 'Copy hash' },
  remove: { icon: 'trash', label: 'Remove…' },
  detach: { icon: 'detach', label: 'Detach…' },
};

/** What applies to a mission as it is; no empty sections. */
export function actionsOf(mission: MissionMessage, asked: Asked | null): readonly ActionSection[] {
  const { state, hash, kind } = mission;
  const end: ActionId = kind === 'attached' ? 'detach' : 'remove';
  const sections: readonly [ActionSection['id'], string, readonly ActionId[]][] = [
    ['run', 'Run', runActionsOf(mission, asked)],
    [
      'look',
      'Look',
      [
        'page',
        ...(state === 'stopped' ? [] : ['resync' as const]),
        'folder',
        'log',
        ...(hash === null ? [] : ['copy' as const]),
      ],
    ],
    ['end', 'End', asked === 'removing' ? [] : [end]],
  ];
  return sections
    .map(([id, title, ids]) => ({ id, title, actions: ids.map(actionOf) }))
    .filter(({ actions }) => actions.length > 0);
}

/**
 * What can be done about a mission's run. What another program's wrapper runs can be stopped, but only
 * our own starts its Claude anew; an attached directory's Claude is nobody's here.
 */
export function runActionsOf(
  { kind, state, run }: MissionMessage,
  asked: Asked | null,
): readonly ActionId[] {
  if (kind === 'attached' || asked !== null) return [];
  if (state === 'stopped') return run?.phase === 'starting' ? [] : ['launch', 'resume', 'headless'];
  if (run?.phase === 'stopping' || run?.phase === 'ended') return [];
  if (run === null || run.mode === 'headless') return ['stop'];
  if (run.phase === 'restart-pending') return ['stop', 'restart-now'];
  return run.phase === 'running' ? ['stop', 'restart', 'restart-now'] : ['stop'];
}

export function actionOf(id: ActionId): Action {
  return { id, ...ACTIONS[id] };
}
