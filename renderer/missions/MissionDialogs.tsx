import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { invoke } from '../api.ts';
import { useMission } from '../state/missions.ts';
import { useValue } from '../state/value.ts';
import { Confirm } from '../ui/Confirm.tsx';
import { openDialog } from './dialogs.ts';
import { displayName } from './groups.ts';
import { Remove } from './Remove.tsx';
import { RunHeadless } from './RunHeadless.tsx';

/** What is asked before something is done with a mission. */
export function MissionDialogs() {
  const dialog = useValue(openDialog);
  const mission = useMission(dialog?.missionId ?? '');
  if (dialog === null || mission === null) return null;
  const close = (): void => openDialog.set(null);
  switch (dialog.kind) {
    case 'headless':
      return <RunHeadless mission={mission} onClose={close} />;
    case 'remove':
      return <Remove mission={mission} onClose={close} />;
    case 'detach':
      return <Detach mission={mission} onClose={close} />;
  }
}

function Detach({ mission, onClose }: { mission: MissionMessage; onClose: () => void }) {
  return (
    <Confirm
      title={`Detach “${displayName(mission)}”?`}
      action="Detach"
      onConfirm={() => invoke('detach', { missionId: mission.id })}
      onClose={onClose}
    >
      <p>
        {mission.configDir} is no longer kept in step. Nothing in the folder is touched: it keeps
        the sign-ins that it has, and you can attach it again at any time.
      </p>
    </Confirm>
  );
}
