import { invoke } from '../api.ts';
import type { Navigation } from '../shell/useNavigation.ts';
import { attempt } from '../state/notice.ts';
import { resync } from '../state/resync.ts';
import { launch, restart, stop } from '../state/runs.ts';
import type { ActionId } from './actions.ts';
import { openDialog } from './dialogs.ts';

/** Does what was chosen; what fails is told at the bottom, or in the dialog that asks first. */
export function perform(
  id: ActionId,
  missionId: string,
  { go, open }: Pick<Navigation, 'go' | 'open'>,
): void {
  const acts: Readonly<Record<ActionId, () => void>> = {
    launch: () => launch(missionId, false),
    resume: () => launch(missionId, true),
    headless: () => openDialog.set({ kind: 'headless', missionId }),
    stop: () => stop(missionId),
    restart: () => restart(missionId, 'graceful'),
    'restart-now': () => restart(missionId, 'hard'),
    page: () => open(missionId),
    resync: () => void resync(missionId),
    folder: () => void attempt(invoke('openMissionFolder', { missionId })),
    log: () => go('log', missionId),
    copy: () => void attempt(invoke('copyHash', { missionId })),
    remove: () => openDialog.set({ kind: 'remove', missionId }),
    detach: () => openDialog.set({ kind: 'detach', missionId }),
  };
  acts[id]();
}
